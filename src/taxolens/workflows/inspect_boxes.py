"""Sources with boxes: which class a whole photo shows, and how large boxes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError
from taxolens.core.records import Annotation, Image
from taxolens.core.texts import noted
from taxolens.data.dataset import Dataset
from taxolens.data.statistics import QUANTILES, Distribution, box_distributions
from taxolens.imaging.closeup import Outline, Outlined, closeup
from taxolens.report.gallery import Budget, Gallery, Picture
from taxolens.report.histogram import Range
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Section
from taxolens.report.small import Small, Smalls, small_histogram
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings

_PER_CLASS = 6
_MOST_CLASSES = 40
_MOST_OPEN = 12
_BYTES = 600_000
_SIDE = 200
_MIDDLE = QUANTILES.index(0.5)
_INPUTS = (320, 416, 640, 960, 1280)
_LEAST_PIXELS = 10
"""Of a smaller animal little is to be seen."""

_NAMES: Mapping[str, tuple[str, str]] = {
    "box_width": (noted("Width of boxes"), noted("As a share of the photo's width.")),
    "box_height": (noted("Height of boxes"), noted("As a share of the photo's height.")),
    "box_area": (
        noted("Area of boxes"),
        noted("As a share of the photo. Very small things need large inputs."),
    ),
    "boxes_per_photo": (noted("Boxes per photo"), noted("Photos without a box count as 0.")),
}


def with_box_classes(dataset: Dataset) -> Dataset:
    """Photos without a class of their own take the one of their boxes, where all boxes have the same."""
    if not dataset.boxed or any(image.label is not None for image in dataset.images):
        return dataset
    return replace(dataset, images=tuple(_classed(image) for image in dataset.images))


def _classed(image: Image) -> Image:
    labels = {one.label for one in image.annotations or ()}
    return replace(image, label=labels.pop()) if len(labels) == 1 else image


def box_sizes(found: Findings, wording: Wording) -> Smalls:
    """How large boxes are, and how many a photo has."""
    spread = box_distributions(found.images)
    return Smalls(wording.say("Sizes of boxes"), tuple(_small(one, wording) for one in spread))


def pixels_left(found: Findings, wording: Wording) -> tuple[Table, ...]:
    """How large boxes are in the inputs of usual sizes, by which an input is chosen; nothing without boxes."""
    say = wording.say
    sides = longer_sides(found)
    if not len(sides):
        return ()
    columns = (
        Column(say("Side of the input in pixels"), numeric=True),
        Column(say("Median box in pixels"), numeric=True, explanation=say("Its longer side.")),
        Column(
            say("Boxes below {n} pixels").format(n=_LEAST_PIXELS),
            numeric=True,
            explanation=say(
                "Of so few pixels a detector learns little: take a larger input (--size) or cut tiles."
            ),
        ),
    )
    rows = []
    for side in _INPUTS:
        left = sides * side
        lost = float((left < _LEAST_PIXELS).mean())
        middle = float(np.median(left))
        cells = (
            Cell(wording.count(side), side),
            Cell(wording.decimal(middle, 0), middle),
            Cell(wording.percent(lost), lost, bar=ShareBar(lost)),
        )
        rows.append(Row(cells))
    return (Table(say("What is left of the boxes in an input"), columns, tuple(rows)),)


def longer_sides(found: Findings) -> NDArray[np.float64]:
    """float64 [b], the longer side of each box as a share of the longer side of its photo."""
    looks = found.looks
    sides = [
        max(one.box.width * width, one.box.height * height) / max(width, height)
        for image, width, height in zip(
            found.images, looks.widths.tolist(), looks.heights.tolist(), strict=True
        )
        for one in image.annotations or ()
    ]
    return np.asarray(sides, dtype=np.float64)


def _small(one: Distribution, wording: Wording) -> Small:
    name, reading = (wording.say(text) for text in _NAMES.get(one.name, (one.name, "")))

    def write(value: float) -> str:
        return wording.decimal(value, 0) if one.name == "boxes_per_photo" else wording.percent(value, 1)

    ranges = [
        Range(low, high, count)
        for low, high, count in zip(
            one.edges[:-1].tolist(), one.edges[1:].tolist(), np.asarray(one.counts).tolist(), strict=True
        )
    ]
    middle = float(one.quantiles[_MIDDLE])
    ends = write(float(one.quantiles[0])), write(float(one.quantiles[-1]))
    return small_histogram(
        ranges, wording, title=name, value=write(middle), reading=reading, ends=ends, middle=middle
    )


def drawn_section(found: Findings, wording: Wording) -> Section | None:
    """Some boxes of each class on their photos, drawn by lot."""
    say, counts = wording.say, found.counts_of_boxes
    if counts is None:
        return None
    random = np.random.default_rng(found.recipe.seed)
    boxes: dict[str, list[tuple[int, Annotation]]] = {}
    for row, image in enumerate(found.images):
        for one in image.annotations or ():
            boxes.setdefault(one.label, []).append((row, one))
    order = sorted(boxes, key=lambda label: (-len(boxes[label]), label))[:_MOST_CLASSES]
    budget, blocks = Budget(_BYTES), list[Block]()
    for place, label in enumerate(order):
        mine = boxes[label]
        chosen = sorted(random.choice(len(mine), min(_PER_CLASS, len(mine)), replace=False).tolist())
        pictures = tuple(_picture(found, mine[number][0], mine[number][1], budget) for number in chosen)
        gallery = Gallery(label, pictures, small=True)
        count = wording.count(len(mine))
        blocks.append(Titled(label, (gallery,), count=count, folded=place >= _MOST_OPEN))
    text = say("Boxes drawn by lot from each class. Do they hold what the class is called, and all of it?")
    return Section("boxes", say("Boxes of each class"), text, tuple(blocks)) if blocks else None


def _picture(found: Findings, row: int, one: Annotation, budget: Budget) -> Picture:
    image, most = found.images[row], found.recipe.source.max_megapixels

    def around(name: str) -> bytes | None:
        try:
            return closeup(image.path, (Outlined(one.box, Outline.TRUE),), _SIDE, max_megapixels=most)
        except ImageError:
            return None

    return Picture(image.name, budget.take(image.name, around), ())
