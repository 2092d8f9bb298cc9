"""Letters on pictures: a font that most systems have, and texts that it can write."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from functools import lru_cache

from PIL import ImageFont

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf")
_PROBE = 24
_NO_GLYPH = "\uffff"


def drawable(text: str) -> str:
    """A text without the accents, and with a question mark for each of the letters, that the font has not."""
    return "".join(letter if _has_glyph(letter) else _plainer(letter) for letter in " ".join(text.split()))


@lru_cache(maxsize=64)
def font_of(size: int) -> Font:
    """A font that most systems have, for Pillow's own knows no accents."""
    name = _font_file()
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)


def _plainer(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if _has_glyph(base) else "?"


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    if character == " " or unicodedata.category(character).startswith("C"):
        return character == " "
    font = font_of(_PROBE)
    mask, missing = font.getmask(character), font.getmask(_NO_GLYPH)
    return mask.size != missing.size or bytes(mask) != bytes(missing)


@lru_cache(maxsize=1)
def _font_file() -> str | None:
    for name in _FONTS:
        with suppress(OSError):
            ImageFont.truetype(name, _PROBE)
            return name
    return None
