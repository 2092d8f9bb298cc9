"""What a training found and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.records import Failure
from taxolens.core.texts import for_count, noted
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.result import ClassificationResult
from taxolens.export.parity import Parity
from taxolens.probe.backbone import Backbone
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.lesson import Lesson
from taxolens.workflows.run_folder import MODEL, REPORT
from taxolens.workflows.teaching import Taught

_NAMED_ONE = noted("On the 1 photo it had never seen, it named {accuracy} correctly (95% interval {range}).")
_NAMED = noted("On {n} photos it had never seen, it named {accuracy} correctly (95% interval {range}).")
_BOX_ONE = noted("On the 1 box it had never seen, it named {accuracy} correctly (95% interval {range}).")
_BOXES = noted("On {n} boxes it had never seen, it named {accuracy} correctly (95% interval {range}).")
_UNREAD_ONE = noted("1 photo could not be read; the report lists it.")
_UNREAD = noted("{n} photos could not be read; the report lists them.")


@dataclass(frozen=True, slots=True)
class Trained:
    """Everything known at the end of a training, before it is written.

    Attributes:
        hints: what was said of the backbone, such as that there is a better one.
        answers: on the photos that were held back.
        result: what these answers are worth.
    """

    recipe: TrainRecipe
    backbone: Backbone
    hints: tuple[str, ...]
    lesson: Lesson
    taught: Taught
    answers: Answers
    result: ClassificationResult


@dataclass(frozen=True, slots=True)
class Proof:
    """The written file against the trained head, and scaled against full decoding.

    Attributes:
        from_photos: how many photos went through the whole file; the others entered it at the embedding.
    """

    parity: Parity
    from_photos: int
    decoding: Parity


@dataclass(frozen=True, slots=True)
class TrainSummary:
    """What a training left.

    Attributes:
        run: the run folder.
        photos: how many could be read.
        result: on the photos that were held back.
        failures: photos that could not be read.
        notes: what the user was told on the way, in the user's language.
        seconds: by stage.
        boxes: how many of these photos were learnt from; None: whole photos were.
    """

    run: Path
    photos: int
    result: ClassificationResult
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    seconds: dict[str, float]
    boxes: int | None = None

    @property
    def model(self) -> Path:
        """The model file."""
        return self.run / MODEL

    @property
    def report(self) -> Path:
        """The page with figures and pictures."""
        return self.run / REPORT

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found, say = self.result, wording.say
        told = [self._learnt(wording)]
        if found.n:
            one, many = (_NAMED_ONE, _NAMED) if self.boxes is None else (_BOX_ONE, _BOXES)
            told.append(
                say(for_count(found.n, one, many)).format(
                    n=wording.count(found.n),
                    accuracy=wording.percent(found.accuracy.value),
                    range=wording.percent_range(found.accuracy.low, found.accuracy.high),
                )
            )
        if self.failures:
            unread = len(self.failures)
            told.append(say(for_count(unread, _UNREAD_ONE, _UNREAD)).format(n=wording.count(unread)))
        told.append(say("The report: {report}").format(report=self.report))
        told.append(say("The model, one file: {model}").format(model=self.model))
        return tuple(told)

    def _learnt(self, wording: Wording) -> str:
        say = wording.say
        if self.boxes is None:
            template = say("Learnt {classes} classes from {photos} photos in {time}.")
        else:
            template = say("Learnt {classes} classes from {boxes} boxes in {photos} photos in {time}.")
        return template.format(
            classes=wording.count(len(self.result.labels)),
            boxes=wording.count(self.boxes or 0),
            photos=wording.count(self.photos),
            time=wording.duration(sum(self.seconds.values())),
        )
