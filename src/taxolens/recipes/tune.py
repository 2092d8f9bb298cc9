"""Search the settings of a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.train import TrainRecipe

_HEAD = "head"


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """Everything that decides what a search leaves.

    Attributes:
        train: how trial 0 is trained, and what all trials share.
        trials: in all, whichever process makes them.
        minutes: after which no further epoch begins; None: as long as it takes.
        space: file that narrows or widens what is searched, see `recipes.space`.
        prune: stop trials that lag behind.
        json: file for the figures.
    """

    train: TrainRecipe
    trials: int = 20
    minutes: float | None = None
    space: Path | None = None
    prune: bool = True
    json: Path | None = None

    def __post_init__(self) -> None:
        if self.train.method == _HEAD:
            raise UsageError(
                "A head finds its settings by itself. Choose --method finetune or --method scratch."
            )
        if self.trials < 1:
            raise UsageError(
                "A search makes one trial at least, not {trials}. Raise --trials.", trials=self.trials
            )
        if self.minutes is not None and not self.minutes > 0:
            raise UsageError(
                "A time budget is a number of minutes above 0, not {minutes}.", minutes=self.minutes
            )
