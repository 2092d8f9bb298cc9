"""What boxes in pixels are measured in: the photo as it is stored, or as it is to be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.geometry import Box
from taxolens.formats.boxes import box_within, lies_outside
from taxolens.formats.upright import read_header, turned_upright

_TURNABLE = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Frame:
    """What boxes are given in: pixels or shares, and how they are turned upright (1: they are).

    Attributes:
        width: of the photo; 1 for shares.
        height: likewise.
        orientation: of the stored pixels that boxes are given in (EXIF 2.32, tag 0x0112).
        slack: how far a box may leave the photo by rounding.
    """

    width: float
    height: float
    orientation: int = 1
    slack: float = 1.0

    def is_left_by(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Whether a rectangle leaves the photo by more than rounding does."""
        over = (self.slack / self.width, self.slack / self.height)
        return lies_outside(*self._shares(left, top, right, bottom), over)

    def box(self, left: float, top: float, width: float, height: float) -> Box | None:
        """The part of a rectangle that lies in the photo, upright; None where nothing of it does.

        A rectangle within the photo is taken as it is, without rounding.
        """
        edges = self._shares(left, top, left + width, top + height)
        inside = edges[0] >= 0 and edges[1] >= 0 and edges[2] <= 1 and edges[3] <= 1
        exact = (edges[0], edges[1], width / self.width, height / self.height)
        box = Box(*exact) if inside else box_within(*edges)
        return turned_upright(box, self.orientation) if box else None

    def _shares(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[float, float, float, float]:
        return left / self.width, top / self.height, right / self.width, bottom / self.height


def frame_of(width: float | None, height: float | None, path: Path) -> Frame | None:
    """What the boxes of a photo are measured in, by the size that a file tells; None where nothing says it.

    Files tell the size of the upright photo or of the stored pixels; which one shows where a photo is
    stored on its side and the size given is a lying one or a standing one.
    """
    given = width is not None and height is not None and width > 0 and height > 0
    if given and (width == height or path.suffix.lower() not in _TURNABLE):
        return Frame(width or 1, height or 1)
    header = read_header(path)
    if not given:
        return Frame(*header.upright) if header and all(header.upright) else None
    frame = Frame(width or 1, height or 1)
    if header is None or header.upright == (header.width, header.height):
        return frame
    stored = (header.width > header.height) == (frame.width > frame.height)
    return replace(frame, orientation=header.orientation) if stored else frame


def in_pixels(share: float, side: int) -> float:
    """A share of a side in pixels: the short number where that means the same share again."""
    short = round(share * side, 6)
    return short if abs(short / side - share) <= 1e-15 else share * side
