"""Boxes and names drawn on a photo, to be read on any ground and at any size."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from taxolens.core.geometry import Box

_Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
_Area = tuple[int, int, int, int]

_COLOURS = (  # Okabe and Ito (2008): told apart also by those who see fewer colours
    (240, 228, 66),
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_SMALLEST_TEXT, _TEXT_SHARE = 11, 1 / 34
_LINE_SHARE = 1 / 240
_BAR_SHARE = 0.045
"""What cameras take at the top for date and temperature, of the height; nothing is written over it unasked."""
_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf")
_NO_GLYPH = "\uffff"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to draw.

    Attributes:
        text: what is written.
        box: what it is about; None: the whole photo, and the text stands in a corner.
        colour: number; marks of one number look alike.
    """

    text: str
    box: Box | None = None
    colour: int = 0


def drawn(picture: Pillow.Image, marks: Sequence[Mark]) -> Pillow.Image:
    """A copy of an upright RGB picture with marks on it: frames first, then texts that do not hide each other
    as far as there is room."""
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    short = min(picture.size)
    line = max(1, round(short * _LINE_SHARE))
    font = _font(max(_SMALLEST_TEXT, round(short * _TEXT_SHARE)))
    marks = [replace(mark, text=drawable(mark.text)) for mark in marks]
    areas = [_area(mark.box, picture.size) if mark.box else None for mark in marks]
    for mark, area in zip(marks, areas, strict=True):
        if area is not None:
            _frame(pen, area, _colour(mark), line)
    taken: list[_Area] = []
    for mark, area in zip(marks, areas, strict=True):
        taken.append(_plate(pen, mark, area, font, picture.size, taken))
    return picture


def drawable(text: str) -> str:
    """A text without the accents, and with a question mark for each of the letters, that the font has not."""
    return "".join(letter if _has_glyph(letter) else _plainer(letter) for letter in " ".join(text.split()))


def _plainer(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if _has_glyph(base) else "?"


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    if character == " " or unicodedata.category(character).startswith("C"):
        return character == " "
    font = _font(24)
    mask, missing = font.getmask(character), font.getmask(_NO_GLYPH)
    return mask.size != missing.size or bytes(mask) != bytes(missing)


@lru_cache(maxsize=64)
def _font(size: int) -> _Font:
    """A font that most systems have, for Pillow's own knows no accents."""
    name = _font_file()
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)


@lru_cache(maxsize=1)
def _font_file() -> str | None:
    for name in _FONTS:
        with suppress(OSError):
            ImageFont.truetype(name, _SMALLEST_TEXT)
            return name
    return None


def _area(box: Box, size: tuple[int, int]) -> _Area:
    width, height = size
    left, top = round(box.x * width), round(box.y * height)
    right, bottom = round((box.x + box.width) * width), round((box.y + box.height) * height)
    return (
        min(left, width - 1),
        min(top, height - 1),
        min(max(right - 1, left), width - 1),
        min(max(bottom - 1, top), height - 1),
    )


def _frame(pen: ImageDraw.ImageDraw, area: _Area, colour: tuple[int, int, int], line: int) -> None:
    """A coloured line between two dark ones: seen on snow and at night."""
    left, top, right, bottom = area
    dark = max(1, line // 3)
    outer = (left - line - dark, top - line - dark, right + line + dark, bottom + line + dark)
    pen.rectangle(outer, outline=_BLACK, width=line + 2 * dark)
    pen.rectangle((left - line, top - line, right + line, bottom + line), outline=colour, width=line)


def _plate(
    pen: ImageDraw.ImageDraw,
    mark: Mark,
    area: _Area | None,
    font: _Font,
    size: tuple[int, int],
    taken: Sequence[_Area],
) -> _Area:
    """The text on a ground of its colour; where it stands."""
    left, top, right, bottom = (round(edge) for edge in pen.textbbox((0, 0), mark.text, font=font))
    room = max(2, (bottom - top) // 4)
    width, height = right - left + 2 * room, bottom - top + 2 * room
    place = _place((width, height), area, size, taken)
    pen.rectangle(place, fill=_colour(mark))
    ink = _BLACK if _is_light(_colour(mark)) else _WHITE
    pen.text((place[0] + room - left, place[1] + room - top), mark.text, font=font, fill=ink)
    return place


def _place(
    plate: tuple[int, int], area: _Area | None, size: tuple[int, int], taken: Sequence[_Area]
) -> _Area:
    """Above the box, else below it, else in it at its top; without a box in the corner, below the camera's own
    line. Lower where another text stands already."""
    width, height = plate
    lowest = max(0, size[1] - height)
    if area is None:
        left, tops = 0, [min(round(size[1] * _BAR_SHARE), lowest)]
    else:
        left = max(0, min(area[0], size[0] - width))
        tops = [area[1] - height, area[3] + 1, area[1]]
    tops = [top for top in tops if 0 <= top <= lowest] or [0]
    step = [*tops, *range(tops[-1], lowest + 1, height)]
    for top in step:
        place = (left, top, left + width - 1, top + height - 1)
        if not any(_meet(place, other) for other in taken):
            return place
    return left, tops[0], left + width - 1, tops[0] + height - 1


def _meet(one: _Area, other: _Area) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _colour(mark: Mark) -> tuple[int, int, int]:
    return _COLOURS[mark.colour % len(_COLOURS)]


def _is_light(colour: tuple[int, int, int]) -> bool:
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue > 110
