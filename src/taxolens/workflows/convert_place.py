"""Where the photos of a converted set go: names that are kept, and never meet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from taxolens.core.errors import OutputError
from taxolens.core.records import Image
from taxolens.core.taxonomy import Role, usual_role
from taxolens.formats.beside import LAYOUT_FOLDERS
from taxolens.formats.parts import part_named
from taxolens.formats.sets import SetFormat
from taxolens.formats.source import Layout
from taxolens.recipes.convert import SetFiles
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.prepare_names import FreeNames, class_folders

BLANK = "blank"
"""The folder of photos in which nothing is, where a set has no class of that role."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A photo of the source and where it goes.

    Attributes:
        source: as it was read.
        name: its path in the new set, with forward slashes.
    """

    source: Image
    name: str


def placed(images: Sequence[Image], format: SetFormat, *, by_part: bool) -> Iterator[Placed]:
    """Gives each photo a place, in the order of the source.

    Args:
        by_part: each part has its folder, where the format tells parts by folders.
    """
    names, above = FreeNames(), _above(images)
    classes = class_folders({image.label for image in images if image.label is not None})
    for image in images:
        folder = format.folder(image.part if by_part else None)
        below = PurePosixPath(bare_name(replace(image, name=image.name.removeprefix(above))))
        if format.layout is Layout.FOLDERS:
            own = (*image.groups, classes[image.label or ""])
            below = PurePosixPath(*own, below.name)
        place = "/".join(filter(None, (folder, *below.parts[:-1])))
        yield Placed(image, names.take(place, below.stem, below.suffix))


def _above(images: Sequence[Image]) -> str:
    """The folder of all photos that are named by their full path, which tells nothing of them."""
    folders = {image.name.rpartition("/")[0] for image in images if Path(image.name).is_absolute()}
    try:
        return f"{os.path.commonpath(folders)}/".replace(os.sep, "/") if folders else "/"
    except ValueError:  # several drives
        return "/"


def bare_name(image: Image) -> str:
    """The name of a photo without the folders that only belong to a layout: `images/train/a/1.jpg` is `a/1.jpg`."""
    parts = [part for part in PurePosixPath(image.name).parts if part not in ("/", "..", ".")]
    folders, name = parts[:-1], parts[-1]
    while folders and _is_layout(folders[0], image):
        folders.pop(0)
    return "/".join([*folders, name])


def _is_layout(folder: str, image: Image) -> bool:
    return folder.lower() in LAYOUT_FOLDERS or (image.part is not None and part_named(folder) is image.part)


def whole_class(image: Image, labels: Sequence[str]) -> str | None:
    """The class of a photo as a whole, of one with boxes the one that all of them have; None where several fit, or
    nobody has looked."""
    if image.label is not None or image.annotations is None:
        return image.label
    found = {one.label for one in image.annotations}
    if not found:
        return next((label for label in labels if usual_role(label) is Role.BLANK), BLANK)
    return found.pop() if len(found) == 1 else None


def put(photo: Placed, folder: Path, files: SetFiles) -> Image:
    """Copies or links a photo into a folder; the image as it is there.

    Raises:
        OutputError: it cannot be written.
    """
    if files is SetFiles.NONE:
        return replace(photo.source, path=Path(os.path.abspath(photo.source.path)))  # noqa: PTH100 - links stay
    target = folder / photo.name
    with told_as_output(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if files is SetFiles.LINK:
            _link(photo.source.path, target)
        else:
            shutil.copy2(photo.source.path, target)
    return replace(photo.source, path=target, name=photo.name)


def _link(photo: Path, target: Path) -> None:
    try:
        target.symlink_to(photo.resolve())
    except (OSError, NotImplementedError) as error:
        raise OutputError(
            "{path} cannot be a link here: {why}. Use --files copy.", path=target.name, why=error
        ) from error
