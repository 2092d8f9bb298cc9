"""Whether a detector looks at a photo as a whole or tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from taxolens.core.errors import UsageError

LEAST_TILE, LARGEST_TILE = 32, 65_500
MOST_OVERLAP = 0.5


class TileSize(StrEnum):
    """What is said of tiles instead of their size."""

    AUTO = "auto"
    OFF = "off"


def _size_of(given: object) -> object:
    """Reads "auto", "off" or a number of pixels."""
    if isinstance(given, TileSize) or given in set(TileSize):
        return given
    try:
        pixels = int(str(given))
    except ValueError:
        pixels = 0
    if not LEAST_TILE <= pixels <= LARGEST_TILE:
        raise UsageError(
            "Tiles are auto, off or {least} to {most} pixels, not {given}. Mend --tile.",
            least=LEAST_TILE,
            most=LARGEST_TILE,
            given=given,
        )
    return pixels


def tiles_of(size: int | str) -> TileRecipe:
    """The recipe of a size alone: pixels, "auto" or "off".

    Raises:
        UsageError: it cannot be meant.
    """
    read = _size_of(size)
    return TileRecipe(TileSize(read) if isinstance(read, str) else int(str(read)))


def check_overlap(share: float) -> None:
    """Refuses an overlap of tiles that cannot be meant.

    Raises:
        UsageError: it does not lie from 0 to 0.5.
    """
    if not 0 <= share <= MOST_OVERLAP:
        raise UsageError("Tiles overlap by a share from 0 to 0.5, such as 0.2, not by {share}.", share=share)


@dataclass(frozen=True, slots=True)
class TileRecipe:
    """How large photos with small animals are cut for a detector.

    Attributes:
        size: side of a tile in pixels of the photo; "auto": as the model's card says, "off": photos stay whole.
        overlap: share of a tile that its neighbour shows too, at least, 0..0.5; None: as the card says, else 0.2.
        whole: look at the whole photo too, for animals larger than the overlap; None: as the card says, else yes.
    """

    size: Annotated[TileSize | int, BeforeValidator(_size_of)] = TileSize.AUTO
    overlap: float | None = None
    whole: bool | None = None

    def __post_init__(self) -> None:
        if self.overlap is not None:
            check_overlap(self.overlap)
        if self.size is TileSize.OFF and (self.overlap is not None or self.whole is not None):
            raise UsageError("--tile off cuts no photo. Leave out what else is said of tiles.")
