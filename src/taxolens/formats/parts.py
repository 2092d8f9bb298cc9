"""Folders that are parts of a split: `train/`, `val/`, `test/` above the class folders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from taxolens.core.records import Image, Part
from taxolens.formats.source import Labelled

_PARTS: Mapping[str, Part] = MappingProxyType(
    {
        **dict.fromkeys(("train", "training"), Part.TRAIN),
        **dict.fromkeys(("val", "valid", "validation", "dev"), Part.VAL),
        **dict.fromkeys(("test", "testing"), Part.TEST),
    }
)


def part_named(text: str) -> Part | None:
    """The part that a word means, in any case; None for all other words."""
    return _PARTS.get(text.strip().lower())


def with_parts(found: Labelled) -> Labelled:
    """Takes the outermost folders for parts of a split where all of them are called so.

    They are then no groups. Photos that lie directly in such a folder have no class, unless a table gives
    them one. A source that names parts itself (a column `split`) is left as it is, and so is one where these
    folders hold photos and no folders: they may be classes.
    """
    outermost = {image.name.partition("/")[0] for image in found.images if "/" in image.name}
    parts = {folder: part_named(folder) for folder in outermost}
    if not parts or not all(parts.values()) or any(_contradicts(image) for image in found.images):
        return found
    inside = [image for image in found.images if image.groups]
    if not inside:
        return found
    images = tuple(
        replace(image, groups=image.groups[1:], part=parts[image.name.partition("/")[0]]) for image in inside
    )
    return replace(found, images=images, ignored=found.ignored + len(found.images) - len(images))


def _contradicts(image: Image) -> bool:
    return image.part is not None or "/" not in image.name


def with_folder_parts(images: tuple[Image, ...], layout: Collection[str]) -> tuple[Image, ...]:
    """Parts from `images/train/` or `train/images/`, where every photo lies in such a folder.

    Args:
        layout: folders that only belong to the layout, in small letters.
    """
    parts = [_folder_part(image.name, layout) for image in images]
    if not parts or not all(parts):
        return images
    return tuple(replace(image, part=part) for image, part in zip(images, parts, strict=True))


def _folder_part(name: str, layout: Collection[str]) -> Part | None:
    folders = [folder for folder in name.split("/")[:-1] if folder.lower() not in layout]
    return part_named(folders[0]) if folders else None
