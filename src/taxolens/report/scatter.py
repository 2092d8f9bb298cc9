"""A map of photos: each a point where its looks put it, with the photo itself under the pointer."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from taxolens.report.drawing import Drawing
from taxolens.report.hues import hue, shape, swatch
from taxolens.report.wording import Wording

_SIDE = 640.0
_EDGE = 14.0


@dataclass(frozen=True, slots=True)
class Sprite:
    """Small pictures of equal size in one JPEG, row by row.

    Attributes:
        jpeg: the picture of pictures.
        side: width and height of each, in pixels.
        columns: how many stand in a row.
    """

    jpeg: bytes
    side: int
    columns: int


@dataclass(frozen=True, slots=True)
class Point:
    """One photo on the map.

    Attributes:
        x: -1..1, left to right.
        y: -1..1, bottom to top.
        kind: number of its class.
        doubtful: its label is in doubt; it is ringed.
    """

    name: str
    x: float
    y: float
    kind: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """A class on the map: its number, its mark, its name, how many points it has."""

    kind: int
    mark: Markup
    name: str
    count: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """A map of photos that can be asked by pointer and by keyboard.

    Attributes:
        names: JSON, names of the photos in the order of the points.
        kinds: JSON, names of the classes by number.
        sprite: picture of pictures; None where there is none.
    """

    title: str
    reading: str
    svg: Markup
    legend: tuple[Legend, ...]
    names: str
    kinds: str
    sprite: Sprite | None
    all_text: str
    hint: str

    template: ClassVar[str] = "scatter"

    @property
    def source(self) -> Markup:
        """The sprite as a data address."""
        jpeg = self.sprite.jpeg if self.sprite else b""
        return Markup("data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii"))


def scatter_map(
    points: Sequence[Point],
    labels: Sequence[str],
    wording: Wording,
    *,
    title: str,
    reading: str,
    sprite: Sprite | None = None,
    hues: Sequence[int] = (),
    spoken: str = "",
) -> Scatter:
    """A map of points.

    Args:
        labels: names of the classes by their number.
        sprite: a small picture for each point, in the order of `points`.
        hues: number of the mark of each class; empty: its own number.
        spoken: the map in a few words, for those who do not see it; empty: how many photos and classes.
    """
    marks = list(hues) or list(range(len(labels)))
    counts = [0] * len(labels)
    for point in points:
        counts[point.kind] += 1
    counted = wording.say("{n} photos of {classes} classes").format(
        n=wording.count(len(points)), classes=wording.count(sum(1 for count in counts if count))
    )
    drawing = Drawing(_SIDE, _SIDE, title=title, description=spoken or counted, kind="plot cloud")
    drawing.add("rect", kind="field", x=0, y=0, width=_SIDE, height=_SIDE, rx=8)
    for point in points:
        mark = marks[point.kind]
        kind = f"{hue(mark)} odd" if point.doubtful else hue(mark)
        d, x, y = shape(mark), _along(point.x), _along(-point.y)
        drawing.add("path", kind=kind, d=d, transform=f"translate({x:.1f} {y:.1f})")
    legend = tuple(
        Legend(number, swatch(marks[number]), label, wording.count(counts[number]))
        for number, label in enumerate(labels)
        if counts[number]
    )
    return Scatter(
        title=title,
        reading=reading,
        svg=_with_numbers(drawing, points),
        legend=legend,
        names=_json([point.name for point in points]),
        kinds=_json(list(labels)),
        sprite=sprite,
        all_text=wording.say("Show all"),
        hint=wording.say("Map of photos. Arrow keys go from photo to photo."),
    )


def _along(value: float) -> float:
    return _EDGE + (min(max(value, -1.0), 1.0) + 1) / 2 * (_SIDE - 2 * _EDGE)


def _with_numbers(drawing: Drawing, points: Sequence[Point]) -> Markup:
    """Gives each mark the number of its class for the page's script, its place being its own number."""
    drawn = [element for element in drawing.root if element.tag == "path"]
    for mark, point in zip(drawn, points, strict=True):
        mark.set("data-k", str(point.kind))
    return drawing.markup()


def _json(names: list[str]) -> str:
    return json.dumps(names, ensure_ascii=False, separators=(",", ":"))
