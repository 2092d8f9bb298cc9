"""Boxes and names drawn on a photo, to be read on any ground and at any size.

Texts stand where they hide no animal (see `placing`). Where there is no room for that, because there are many boxes or
small ones, each box has its number alone, and a key says what the colours mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageDraw

from taxolens.core.geometry import Box
from taxolens.imaging.lettering import drawable, font_of
from taxolens.imaging.placing import Area, Place, Size, cornered, placed

_Colour = tuple[int, int, int]

COLOURS: tuple[_Colour, ...] = (  # Okabe and Ito (2008): told apart also by those who see fewer colours
    (240, 228, 66),
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_SMALLEST_TEXT, _SMALLEST_NUMBER, _TEXT_SHARE = 11, 9, 1 / 38
_LINE_SHARE, _LINE_OF_BOX = 1 / 220, 1 / 12
_DASH = 5  # lines long
_BAR_SHARE = 0.045
"""What cameras take at the top for date and temperature, of the height; nothing is written over it unasked."""
_MOST_HIDDEN = 0.12
"""Share of a box that texts may hide before they give way to numbers."""
_SCALES = ((1.0, True), (0.8, True), (0.8, False), (0.6, False), (0.45, False))
"""Sizes of the letters that are tried in turn, and whether with the text or with the number alone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to draw.

    Attributes:
        text: what is written.
        box: what it is about; None: the whole photo, and the text stands in a corner.
        colour: number; marks of one number look alike.
        number: of the box, written before the text; where texts have no room, alone.
        name: what the key says of the colour; empty: the text.
        dashed: the frame is broken, because nobody is sure.
    """

    text: str
    box: Box | None = None
    colour: int = 0
    number: int | None = None
    name: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class _Label:
    """A text on a ground of its colour.

    Attributes:
        offset: from the corner of the ground to where the text is drawn.
        scale: of its letters, in pixels.
    """

    text: str
    colour: int
    size: Size
    offset: tuple[int, int]
    scale: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Labels and their places; those of boxes in the order of the boxes, and those without one."""

    labels: tuple[_Label, ...]
    places: tuple[Place | None, ...]
    corners: tuple[tuple[_Label, Place], ...]

    def is_readable(self, *, apart: bool) -> bool:
        """Whether every label has a place where it hides little; a number may stand apart from its box."""
        return all(_is_readable(place, apart) for place in self.places)


def drawn(picture: Pillow.Image, marks: Sequence[Mark]) -> Pillow.Image:
    """A copy of an upright RGB picture with marks on it: frames first, then texts that never hide each other.

    Args:
        marks: the most important first, whose labels choose their places first and whose frames lie on top.
    """
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    boxed = [(mark, _area(mark.box, picture.size)) for mark in marks if mark.box is not None]
    whole = [mark for mark in marks if mark.box is None]
    for mark, area in reversed(boxed):
        _frame(pen, area, COLOURS[mark.colour % len(COLOURS)], _line(area, picture.size), mark.dashed)
    layout = _layout(boxed, whole, picture.size)
    for (_, area), label, place in zip(boxed, layout.labels, layout.places, strict=True):
        if place is not None and place.apart:
            _lead(pen, area, place.area, COLOURS[label.colour % len(COLOURS)])
    for label, place in zip(layout.labels, layout.places, strict=True):
        if place is not None:
            _write(pen, label, place.area)
    for label, corner in layout.corners:
        _write(pen, label, corner.area)
    return picture


def _layout(boxed: Sequence[tuple[Mark, Area]], whole: Sequence[Mark], size: Size) -> _Layout:
    """The first way of writing that is readable, else the last."""
    for scale, with_text in _SCALES:
        layout = _tried(boxed, whole, size, scale, with_text)
        if layout.is_readable(apart=not with_text):
            break
    return layout


def _is_readable(place: Place | None, apart: bool) -> bool:
    return place is not None and place.hides <= _MOST_HIDDEN and (apart or not place.apart)


def _while_readable(places: Iterable[Place | None], *, apart: bool) -> Iterator[Place | None]:
    """Places up to the first that is not readable, which is enough to know that another way is to be tried."""
    for place in places:
        yield place
        if not _is_readable(place, apart):
            return


def _tried(
    boxed: Sequence[tuple[Mark, Area]], whole: Sequence[Mark], size: Size, scale: float, with_text: bool
) -> _Layout:
    usual = max(_SMALLEST_TEXT, round(min(size) * _TEXT_SHARE))
    letters = max(_SMALLEST_NUMBER, round(usual * scale))
    boxes = [area for _, area in boxed]
    corners: list[tuple[_Label, Place]] = []
    for text, colour in (*((mark.text, mark.colour) for mark in whole), *([] if with_text else _key(boxed))):
        label = _label(text, colour, min(usual, round(letters * 1.4)))
        taken = [place.area for _, place in corners]
        corners.append((label, cornered(label.size, boxes, size, taken, round(size[1] * _BAR_SHARE))))
    labels = tuple(
        _label(_words(mark, row, with_text), mark.colour, letters) for row, (mark, _) in enumerate(boxed)
    )
    places = placed([one.size for one in labels], boxes, size, [place.area for _, place in corners])
    if (scale, with_text) != _SCALES[-1]:
        places = _while_readable(places, apart=not with_text)
    return _Layout(labels, tuple(places), tuple(corners))


def _words(mark: Mark, row: int, with_text: bool) -> str:
    if not with_text:
        return str(mark.number or row + 1)
    return mark.text if mark.number is None else f"{mark.number} {mark.text}"


def _key(boxed: Sequence[tuple[Mark, Area]]) -> Iterator[tuple[str, int]]:
    """What the colours mean, and how many boxes there are of each."""
    counts = Counter((mark.name or mark.text, mark.colour) for mark, _ in boxed)
    for (name, colour), count in counts.items():
        yield f"{name}: {count}", colour


def _label(text: str, colour: int, letters: int) -> _Label:
    text = drawable(text)
    left, _, right, _ = (round(edge) for edge in font_of(letters).getbbox(text))
    _, top, _, bottom = (round(edge) for edge in font_of(letters).getbbox("0Ágp"))
    room = max(2, letters // 5)
    size = (max(1, right - left) + 2 * room, bottom - top + room)
    return _Label(text, colour, size, (room - left, room // 2 - top), letters)


def _write(pen: ImageDraw.ImageDraw, label: _Label, area: Area) -> None:
    ground = COLOURS[label.colour % len(COLOURS)]
    pen.rectangle(area, fill=ground, outline=_BLACK)
    ink = _BLACK if _is_light(ground) else _WHITE
    place = (area[0] + label.offset[0], area[1] + label.offset[1])
    pen.text(place, label.text, font=font_of(label.scale), fill=ink)


def _lead(pen: ImageDraw.ImageDraw, box: Area, label: Area, colour: _Colour) -> None:
    """A line from a label to its box."""
    middle = ((label[0] + label[2]) // 2, (label[1] + label[3]) // 2)
    end = (min(max(middle[0], box[0]), box[2]), min(max(middle[1], box[1]), box[3]))
    pen.line((*middle, *end), fill=_BLACK, width=3)
    pen.line((*middle, *end), fill=colour, width=1)


def _area(box: Box, size: Size) -> Area:
    width, height = size
    left, top = round(box.x * width), round(box.y * height)
    right, bottom = round((box.x + box.width) * width), round((box.y + box.height) * height)
    return (
        min(left, width - 1),
        min(top, height - 1),
        min(max(right - 1, left), width - 1),
        min(max(bottom - 1, top), height - 1),
    )


def _line(area: Area, size: Size) -> int:
    """How thick a frame is: by the photo, and thinner round what is small."""
    short = min(area[2] - area[0], area[3] - area[1])
    return max(1, round(min(min(size) * _LINE_SHARE, max(short * _LINE_OF_BOX, 1))))


def _frame(pen: ImageDraw.ImageDraw, area: Area, colour: _Colour, line: int, dashed: bool) -> None:
    """A coloured line between two dark ones, outside of the box: seen on snow and at night."""
    dark = max(1, line // 4)
    for begin, end, ink in ((0, line + 2 * dark, _BLACK), (dark, line + dark, colour)):
        for side in _sides(area, begin, end):
            for piece in _pieces(side, line * _DASH) if dashed else (side,):
                pen.rectangle(piece, fill=ink)


def _sides(area: Area, begin: int, end: int) -> tuple[Area, ...]:
    """The four sides of a frame that lies from `begin` to `end` pixels outside of an area, counted from the outside
    of its dark inner line."""
    left, top, right, bottom = area
    near, far = begin + 1, end
    return (
        (left - far, top - far, right + far, top - near),
        (left - far, bottom + near, right + far, bottom + far),
        (left - far, top - far, left - near, bottom + far),
        (right + near, top - far, right + far, bottom + far),
    )


def _pieces(side: Area, dash: int) -> Iterator[Area]:
    """Dashes as long as the gaps between them."""
    left, top, right, bottom = side
    lying = right - left >= bottom - top
    begin, end = (left, right) if lying else (top, bottom)
    for start in range(begin, end + 1, 2 * dash):
        stop = min(start + dash - 1, end)
        yield (start, top, stop, bottom) if lying else (left, start, right, stop)


def _is_light(colour: _Colour) -> bool:
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue > 110
