"""What the training of a detector found and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.core.records import Failure
from taxolens.core.texts import for_count, noted
from taxolens.evaluation.detection.result import DetectionResult
from taxolens.report.wording import Wording
from taxolens.workflows.detection_evaluate import DetectionSummary
from taxolens.workflows.run_folder import MODEL, REPORT

_LEARNT_ONE = noted("Learnt to find 1 class from {photos} photos in {time}.")
_LEARNT = noted("Learnt to find {classes} classes from {photos} photos in {time}.")


@dataclass(frozen=True, slots=True)
class DetectorSummary:
    """What a training left.

    Attributes:
        run: the run folder.
        photos: how many could be read.
        result: on the photos that were held back.
        failures: photos that could not be read.
        notes: what the user was told on the way, in the user's language.
        seconds: by stage.
    """

    run: Path
    photos: int
    result: DetectionResult
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def model(self) -> Path:
        """The model file."""
        return self.run / MODEL

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        say = wording.say
        learnt = say(for_count(len(self.result.labels), _LEARNT_ONE, _LEARNT)).format(
            classes=wording.count(len(self.result.labels)),
            photos=wording.count(self.photos),
            time=wording.duration(sum(self.seconds.values())),
        )
        judged = DetectionSummary(self.result, self.failures, None, self.run / REPORT).lines(wording)
        model = say("The model, one file: {model}").format(model=self.model)
        return (learnt, *judged, model)
