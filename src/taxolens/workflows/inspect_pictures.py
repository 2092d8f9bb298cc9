"""Small pictures of the photos of an inspection, made in threads and counted against the page's size."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.core.errors import ImageError
from taxolens.core.records import Image
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.decode import thumbnail
from taxolens.imaging.sprite import sprite
from taxolens.report.gallery import Picture
from taxolens.report.scatter import Sprite

TOTAL = 2_700_000
"""Bytes of JPEG in the galleries of one page; a page holds a third more, being text."""

SPRITE_TOTAL = 1_500_000
"""Bytes of JPEG on the map."""

_SIDE = 160
_AHEAD = 8
_SPRITE_SIDES = (56, 48, 40, 32, 24)
_BYTES_PER_PIXEL = 0.34  # of a small photo as JPEG, measured on busy ones


class Pictures:
    """Pictures by the number of their photo.

    Args:
        images: photos that can be read.
        workers: threads; 0: one per processor.
    """

    def __init__(self, images: Sequence[Image], *, workers: int, max_megapixels: float) -> None:
        self._images = images
        self._workers = workers or default_workers()
        self._max_megapixels = max_megapixels
        self._left = TOTAL
        self._known: dict[int, bytes | None] = {}

    def prepare(self, rows: Sequence[int]) -> None:
        """Makes pictures in threads, those that `picture` will be asked for next."""
        missing = [row for row in dict.fromkeys(rows) if row not in self._known]
        if self._left > 0:
            self._known.update(zip(missing, self._made(missing, _SIDE), strict=True))

    def picture(self, row: int, *lines: tuple[str, str], right: bool | None = None) -> Picture:
        """A photo with its words; without its picture where the page is full or the photo is gone."""
        self.prepare([row])
        jpeg = self._known.get(row)
        if jpeg is None or len(jpeg) > self._left:
            jpeg = None
        else:
            self._left -= len(jpeg)
        return Picture(self._images[row].name, jpeg, lines, right)

    def sheet(self, rows: Sequence[int]) -> Sprite:
        """All these photos in one picture, as large as the page allows."""
        room = SPRITE_TOTAL / max(len(rows), 1) / _BYTES_PER_PIXEL
        side = next((one for one in _SPRITE_SIDES if one * one <= room), _SPRITE_SIDES[-1])
        columns = max(1, round(len(rows) ** 0.5))
        return Sprite(sprite(self._made(rows, side * 2), side=side, columns=columns), side, columns)

    def _made(self, rows: Sequence[int], side: int) -> list[bytes | None]:
        def small(row: int) -> bytes | None:
            try:
                return thumbnail(self._images[row].path, side, max_megapixels=self._max_megapixels)
            except ImageError:
                return None

        window = self._workers * _AHEAD
        return list(ordered_map(small, rows, workers=self._workers, window=window))
