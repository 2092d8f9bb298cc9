"""How labelled photos are divided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taxolens.recipes.numbers import check_count


class SplitBy(StrEnum):
    """What must stay on one side of a split."""

    AUTO = "auto"
    SITE = "site"
    SEQUENCE = "sequence"
    DATE = "date"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SplitRecipe:
    """Shares of the three parts.

    Attributes:
        train: share to learn from, in percent.
        val: share for choices and calibration, in percent.
        test: share held back for the report, in percent.
        by: what must not be on both sides; "auto": the site where several are known, else the sequence,
            else the single photo. Exact duplicates never cross, whatever this says.
        seed: same seed, same photos, same split.
    """

    train: float = 65.0
    val: float = 15.0
    test: float = 20.0
    by: SplitBy = SplitBy.AUTO
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("seed", self.seed)
