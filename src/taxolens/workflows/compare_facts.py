"""What a comparison found, as plain values: what the page draws, the file holds and the terminal says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.records import Failure
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.result import ClassificationResult
from taxolens.evaluation.rivals import Choice, Rivalry
from taxolens.evaluation.score_spread import ScoreSpread
from taxolens.modelfile.card import Card
from taxolens.workflows.compare_classes import CommonClasses
from taxolens.workflows.compare_speed import Speed


@dataclass(frozen=True, slots=True)
class Compared:
    """One model of a comparison.

    Attributes:
        file: name of its file, without the places of this computer.
        size: of the file in bytes.
        speed: None where it was not measured.
        learnt: how many of the photos it is known to have learnt from.
    """

    name: str
    run: Path | None
    card: Card
    file: str
    sha256: str
    size: int
    result: ClassificationResult
    scores: ScoreSpread
    speed: Speed | None
    learnt: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models on the same photos.

    Attributes:
        data: name of the photos' source.
        against: place of the model that the others are compared with.
        answers: of each model, over the same columns.
        rivalries: each other model against that one.
        choice: None where no speed was measured.
        notes: what was said on the way, in the user's language.
    """

    data: str
    against: int
    models: tuple[Compared, ...]
    answers: tuple[Answers, ...]
    classes: CommonClasses
    rivalries: tuple[Rivalry, ...]
    choice: Choice | None
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models."""
        return tuple(model.name for model in self.models)

    @property
    def n(self) -> int:
        """Photos judged."""
        return self.answers[0].n
