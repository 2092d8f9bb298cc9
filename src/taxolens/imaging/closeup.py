"""A part of a photo with the boxes that are about it, for people who look at errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from itertools import pairwise

from PIL import Image as Pillow
from PIL import ImageDraw

from taxolens.core.geometry import Box
from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.decode import upright_rgb

_AROUND = 0.75
"""What is shown around the boxes on each side, as a share of their own."""

_LEAST = 32.0  # pixels that boxes count as at least, lest nobody sees where a tiny one is
_ASPECT = 4 / 3
_GROUND = (34, 38, 40)
_EDGE = 2  # boxes at the edge of a photo are drawn this far inside it
_MOST_ENLARGED = 4.0
_QUALITY = 80
_DASH, _GAP = 7, 5
_DARK = (0, 0, 0)
_Point = tuple[float, float]


class Outline(StrEnum):
    """Whose box it is: told apart by colour and by the kind of line (Okabe and Ito 2008)."""

    TRUE = "true"
    FOUND = "found"


_COLOURS = {Outline.TRUE: (86, 180, 233), Outline.FOUND: (255, 176, 0)}


@dataclass(frozen=True, slots=True)
class Outlined:
    """A box to draw."""

    box: Box
    outline: Outline


def closeup(
    source: Source,
    boxes: Sequence[Outlined],
    side: int,
    *,
    whole: bool = False,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
) -> bytes:
    """A JPEG of what lies in and around some boxes, upright, with the boxes on it: a plain line for a true box, a
    broken one for a found box. All have the same shape, so that they stand well beside each other.

    Args:
        boxes: at least one, unless the whole photo is shown.
        side: width in pixels; the height is three quarters of it.
        whole: show the whole photo.

    Raises:
        ImageError: the photo cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        picture = upright_rgb(image)
    everything = (0, 0, *picture.size)
    left, top, right, bottom = everything if whole else _part([one.box for one in boxes], picture.size)
    part = picture.crop((left, top, right, bottom))
    canvas = Pillow.new("RGB", (side, round(side / _ASPECT)), _GROUND)
    scale = min(canvas.width / part.width, canvas.height / part.height, _MOST_ENLARGED)
    width, height = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    part = part.resize((width, height), Pillow.Resampling.BICUBIC)
    pen = ImageDraw.Draw(part)
    for one in boxes:
        edges = _edges(one.box, picture.size)
        shifted = (edges[0] - left, edges[1] - top, edges[2] - left, edges[3] - top)
        most = (width, height, width, height)
        inside = [
            min(max(round(edge * scale), _EDGE), end - 1 - _EDGE)
            for edge, end in zip(shifted, most, strict=True)
        ]
        _draw(pen, inside, one.outline)
    canvas.paste(part, ((canvas.width - width) // 2, (canvas.height - height) // 2))
    file = BytesIO()
    canvas.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _edges(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    return box.x * width, box.y * height, (box.x + box.width) * width, (box.y + box.height) * height


def _part(boxes: Sequence[Box], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is shown, as near to the shape of the picture as the photo allows."""
    edges = [_edges(box, size) for box in boxes]
    low_x, high_x = min(edge[0] for edge in edges), max(edge[2] for edge in edges)
    low_y, high_y = min(edge[1] for edge in edges), max(edge[3] for edge in edges)
    width, height = (
        max(high - low, _LEAST) * (1 + 2 * _AROUND) for low, high in ((low_x, high_x), (low_y, high_y))
    )
    width, height = max(width, height * _ASPECT), max(height, width / _ASPECT)
    left, right = _span((low_x + high_x) / 2, width, size[0])
    top, bottom = _span((low_y + high_y) / 2, height, size[1])
    return left, top, right, bottom


def _span(middle: float, wanted: float, most: int) -> tuple[int, int]:
    """Begin and end of so many pixels of a side, moved into the photo."""
    length = max(1, min(round(wanted), most))
    begin = max(0, min(round(middle - wanted / 2), most - length))
    return begin, begin + length


def _draw(pen: ImageDraw.ImageDraw, edges: Sequence[int], outline: Outline) -> None:
    """A bright line on a dark one: seen on snow and at night."""
    left, top, right, bottom = edges
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    pen.line(corners, fill=_DARK, width=5, joint="curve")
    if outline is Outline.TRUE:
        pen.line(corners, fill=_COLOURS[outline], width=3, joint="curve")
        return
    for begin, end in pairwise(corners):
        for dash in _dashes(begin, end):
            pen.line(dash, fill=_COLOURS[outline], width=3)


def _dashes(begin: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[_Point, _Point]]:
    """Pieces of a line that runs across or down."""
    length = abs(end[0] - begin[0]) + abs(end[1] - begin[1])
    for start in range(0, length, _DASH + _GAP):
        first, last = start / length, min(start + _DASH, length) / length
        yield _between(begin, end, first), _between(begin, end, last)


def _between(begin: tuple[int, int], end: tuple[int, int], share: float) -> _Point:
    return begin[0] + (end[0] - begin[0]) * share, begin[1] + (end[1] - begin[1]) * share
