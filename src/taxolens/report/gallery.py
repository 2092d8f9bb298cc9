"""Pictures with what they show and what they were called."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

Thumbnails = Callable[[str], bytes | None]
"""Gives a small JPEG of an image by its name; None where the image cannot be read."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture and its words.

    Attributes:
        name: name of its file.
        jpeg: the picture; None where there is none to show.
        right: whether the answer is right; None where that is not the question.
        lines: what is said of it, (word, value).
    """

    name: str
    jpeg: bytes | None
    lines: tuple[tuple[str, str], ...]
    right: bool | None = None

    @property
    def source(self) -> Markup:
        """The picture as a data address."""
        return Markup("data:image/jpeg;base64," + base64.b64encode(self.jpeg or b"").decode("ascii"))


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures side by side; small ones where there are many and their words are few."""

    title: str
    pictures: tuple[Picture, ...]
    small: bool = False

    template: ClassVar[str] = "gallery"


class Budget:
    """Bytes of pictures that a page may hold; beyond them pictures are named but not shown."""

    def __init__(self, total: int = 6_000_000) -> None:
        self._left = total

    def take(self, name: str, thumbnails: Thumbnails) -> bytes | None:
        """The picture, where there is one and room is left for it."""
        if self._left <= 0:
            return None
        jpeg = thumbnails(name)
        if not jpeg or len(jpeg) > self._left:
            return None
        self._left -= len(jpeg)
        return jpeg
