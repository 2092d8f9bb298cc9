"""Large photos cut into overlapping tiles, so that small animals keep their pixels."""

from __future__ import annotations

from dataclasses import dataclass

Window = tuple[int, int, int, int]
"""Left, top, width and height in whole pixels of a photo."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How photos are cut.

    All tiles of a photo are of one size and lie evenly, so that none is a sliver; neighbours share at least
    `shared` pixels. What is no larger than that therefore lies whole in some tile, wherever it lies in the photo.

    Attributes:
        side: of a tile in pixels of the photo; a photo that is narrower or lower is that much less.
        overlap: share of the side that neighbours have in common at least, 0..0.5.
    """

    side: int
    overlap: float = 0.2

    def __post_init__(self) -> None:
        if self.side < 1 or not 0 <= self.overlap <= 0.5:
            raise ValueError(f"not a way to cut photos: {self.side, self.overlap}")

    @property
    def shared(self) -> int:
        """Pixels that neighbours have in common at least."""
        return min(self.side - 1, round(self.side * self.overlap))

    def windows(self, width: int, height: int) -> tuple[Window, ...]:
        """The tiles of a photo, row by row; a single one of all of it where it is no larger than a tile.

        Args:
            width: in pixels of the upright photo, at least 1.
            height: likewise.
        """
        across, down = min(self.side, width), min(self.side, height)
        return tuple(
            (left, top, across, down) for top in self._starts(height) for left in self._starts(width)
        )

    def _starts(self, length: int) -> tuple[int, ...]:
        """Where tiles begin along one side. Steps are never longer than a tile without what is shared: the mean
        step is not, it is a whole number at most, and rounding down keeps each step below its ceiling."""
        room = length - self.side
        if room <= 0:
            return (0,)
        steps = -(-room // (self.side - self.shared))
        return tuple(step * room // steps for step in range(steps + 1))
