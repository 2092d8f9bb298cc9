"""Colours that tell classes apart, also for those who see fewer of them: a hue and a shape each."""

from __future__ import annotations

from markupsafe import Markup

from taxolens.report.drawing import Drawing

HUES = 8
"""Colours `h0` to `h7` of the page's style; the order of Okabe and Ito (2008), darkened to stand on paper."""

_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.5 -3.5h7v7h-7z",
    "M0 -4.6L4.4 3.4H-4.4z",
    "M0 -4.8L4.8 0L0 4.8L-4.8 0z",
    "M-4.6 -1.5h3.1v-3.1h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1z",
)
KINDS = HUES * len(_SHAPES)
"""How many classes have a mark of their own; beyond, marks repeat."""


def hue(number: int) -> str:
    """CSS class of the colour of class `number`."""
    return f"h{number % HUES}"


def shape(number: int) -> str:
    """Outline of the mark of class `number`, about 9 pixels wide around its origin; the shape changes with
    the number too, so that no two of the first `KINDS` classes share both hue and shape."""
    return _SHAPES[(number + number // HUES) % len(_SHAPES)]


def swatch(number: int) -> Markup:
    """The mark of class `number`, for a key."""
    drawing = Drawing(12, 12, kind="swatch", fluid=False)
    drawing.add("path", kind=hue(number), d=shape(number), transform="translate(6 6)")
    return drawing.markup()
