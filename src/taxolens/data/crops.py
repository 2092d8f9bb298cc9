"""Boxes as examples: each is a part of its photo, with a class of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Failure, Image
from taxolens.data.columns import columns_of
from taxolens.data.units import units_of
from taxolens.execution.local import default_workers, ordered_map
from taxolens.formats.upright import read_header
from taxolens.imaging.cutting import cut_out, was_cut_scaled
from taxolens.imaging.decode import decode, was_scaled
from taxolens.imaging.preprocess import Preprocess
from taxolens.imaging.region import CropRule
from taxolens.recipes.split import SplitBy

LEAST_PIXELS = 4
"""Boxes with a shorter side show nothing that could be learnt."""
_AHEAD = 16
_DECIMALS = 6
_WAY = 1
"""To be raised when the same box of the same photo would be cut out otherwise than before."""

Pixels = NDArray[np.uint8]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop(Image):
    """A box of a photo as an example: what is known of the photo, with the class of the box.

    `name` is that of the photo with the box's number, `sha256` stands for the photo's bytes, the box and the rule, and
    `copy_of` is one name for all boxes of a photo, of its copies and of identical files: they stay together.

    Attributes:
        photo: which it is a part of.
        box: as it was drawn.
        number: among the boxes of the photo, from 1.
        rule: what is cut out for a box.
    """

    photo: Image
    box: Box
    number: int
    rule: CropRule


@dataclass(frozen=True, slots=True)
class Crops:
    """The boxes of photos.

    Attributes:
        crops: those that can be learnt from, in the order of the photos.
        small: how many are too small.
        blank: photos of which it is known that they have no box.
        undrawn: photos that nobody has drawn boxes in.
    """

    crops: tuple[Crop, ...]
    small: int
    blank: int
    undrawn: int


def crops_of(images: Sequence[Image], rule: CropRule, *, workers: int = 0) -> Crops:
    """The boxes of photos as examples.

    Args:
        images: with the hash of their bytes, as `load_dataset` gives them.
        workers: threads; 0: one per processor.
    """
    boxed = [image for image in images if image.annotations]
    undrawn = sum(image.annotations is None for image in images)
    columns = columns_of(boxed)
    firsts: dict[int, str] = {}
    made: list[Crop] = []
    small = 0
    sizes = _sizes(boxed, workers or default_workers())
    for image, unit, size in zip(boxed, units_of(columns, SplitBy.NONE).tolist(), sizes, strict=True):
        origin = firsts.setdefault(unit, image.name)
        for number, one in enumerate(image.annotations or (), start=1):
            if size and not _is_large_enough(one.box, size):
                small += 1
            else:
                made.append(_crop(image, one, number, rule, origin))
    return Crops(tuple(made), small, len(images) - len(boxed) - undrawn, undrawn)


def photo_of(image: Image) -> Image:
    """The photo that an example is, or is a part of."""
    return image.photo if isinstance(image, Crop) else image


def failure_of(image: Image, error: ImageError) -> Failure:
    """What is told of an example that could not be read: its photo."""
    photo = photo_of(image)
    return Failure(photo.path, photo.name, error.code, error.told())


def photos_of(images: Iterable[Image]) -> tuple[Image, ...]:
    """The photos of examples, each once, with the boxes that are examples and the part of the first of them."""
    photos: dict[str, Image] = {}
    boxes: dict[str, list[Annotation]] = {}
    for one in images:
        whole = photo_of(one)
        photos.setdefault(whole.name, replace(whole, part=one.part))
        if isinstance(one, Crop):
            boxes.setdefault(whole.name, []).append(Annotation(one.label or "", one.box))
    return tuple(
        replace(photo, annotations=tuple(boxes[name])) if name in boxes else photo
        for name, photo in photos.items()
    )


def looked_at(
    images: Iterable[Image],
    see: Callable[[Pixels], Result],
    rule: Preprocess,
    *,
    workers: int,
    max_megapixels: float,
) -> Iterator[Result | ImageError]:
    """What is seen in examples, in their order; boxes of one photo that follow one another share its decoding.

    Args:
        see: asked in threads, with uint8 [rule.height, rule.width, 3].
        workers: threads; 0: one per processor.
    """

    def look(group: tuple[Image, ...]) -> list[Result | ImageError]:
        try:
            seen = {number: see(pixels) for number, pixels in _pixels(group, rule, max_megapixels)}
        except ImageError as error:
            return [error] * len(group)
        return [seen[number] for number in range(len(group))]

    threads = workers or default_workers()
    for found in ordered_map(look, _by_photo(images), workers=threads, window=threads * _AHEAD):
        yield from found


def was_seen_scaled(image: Image, rule: Preprocess, *, max_megapixels: float) -> bool:
    """Whether scaled decoding changes anything for an example.

    Raises:
        ImageError: the header cannot be read.
    """
    if isinstance(image, Crop):
        return was_cut_scaled(image.path, image.box, image.rule, rule, max_megapixels=max_megapixels)
    return was_scaled(image.path, rule, max_megapixels=max_megapixels)


def _by_photo(images: Iterable[Image]) -> Iterator[tuple[Image, ...]]:
    for _, group in groupby(images, lambda one: (one.path, one.rule if isinstance(one, Crop) else None)):
        yield tuple(group)


def _pixels(group: Sequence[Image], rule: Preprocess, max_megapixels: float) -> Iterator[tuple[int, Pixels]]:
    """The examples of one photo as a model is to see them, with their numbers in the group."""
    first, crops = group[0], [one for one in group if isinstance(one, Crop)]
    if isinstance(first, Crop):
        boxes = [one.box for one in crops]
        yield from cut_out(first.path, boxes, first.rule, rule, max_megapixels=max_megapixels)
        return
    for number, one in enumerate(group):
        yield number, decode(one.path, rule, max_megapixels=max_megapixels)


def _sizes(images: Sequence[Image], workers: int) -> Iterator[tuple[int, int] | None]:
    """Width and height of photos, upright; None where the header cannot be read."""
    headers = ordered_map(read_header, (one.path for one in images), workers=workers, window=workers * _AHEAD)
    return (header.upright if header else None for header in headers)


def _is_large_enough(box: Box, size: tuple[int, int]) -> bool:
    return min(box.width * size[0], box.height * size[1]) >= LEAST_PIXELS


def _crop(photo: Image, said: Annotation, number: int, rule: CropRule, origin: str) -> Crop:
    known = {one.name: getattr(photo, one.name) for one in fields(Image)}
    known |= {
        "name": f"{photo.name}#{number}",
        "label": said.label,
        "sha256": _hash(photo, said.box, rule),
        "annotations": None,
        "copy_of": origin,
    }
    return Crop(**known, photo=photo, box=said.box, number=number, rule=rule)


def _hash(photo: Image, box: Box, rule: CropRule) -> str:
    """Of everything that decides what is seen of a box."""
    if photo.sha256 is None:
        raise ValueError(f"nobody has looked at {photo.name}")
    # A box that went through another format and back is the same box.
    place = [round(side, _DECIMALS) for side in (box.x, box.y, box.width, box.height)]
    decided = json.dumps([_WAY, photo.sha256, place, rule.margin, rule.pixels, rule.square])
    return hashlib.sha256(decided.encode()).hexdigest()
