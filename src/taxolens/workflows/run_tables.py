"""The tables of a run folder: held-back answers and the head's history."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from taxolens.core.records import Image
from taxolens.data.crops import Crop
from taxolens.evaluation.answers import Answers
from taxolens.probe.rehearsal import Trial

_DECIMALS = 6


def write_predictions(answers: Answers, path: Path, examples: Sequence[Image] = ()) -> None:
    """One row per image: `file,group,truth,predicted,score`, then `p:LABEL` for every class.

    Boxes are told apart by `file,number,x,y,width,height`: shares of the photo from its top left corner.

    Args:
        examples: where boxes were judged, those that `answers` name, and perhaps others.
    """
    crops = {one.name: one for one in examples if isinstance(one, Crop)}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        place = ["number", "x", "y", "width", "height"] if crops else []
        scored = [f"p:{label}" for label in answers.labels]
        writer.writerow(["file", *place, "group", "truth", "predicted", "score", *scored])
        for row, name in enumerate(answers.names):
            scores = answers.probabilities[row]
            best = int(scores.argmax())
            group = int(answers.groups[row]) if answers.groups is not None else row
            shown = _place(crops[name]) if name in crops else [name]
            known = [*shown, group, answers.labels[answers.truth[row]], answers.labels[best]]
            writer.writerow(
                [*known, f"{scores[best]:.{_DECIMALS}f}", *(f"{one:.{_DECIMALS}f}" for one in scores)]
            )


def _place(crop: Crop) -> list[object]:
    box = crop.box
    sides = (f"{side:.{_DECIMALS}f}" for side in (box.x, box.y, box.width, box.height))
    return [crop.photo.name, crop.number, *sides]


def write_history(trials: tuple[Trial, ...], path: Path) -> None:
    """One row per regularisation that was tried."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["regularisation", "loss", "accuracy"])
        for trial in trials:
            writer.writerow([f"{trial.regularisation:g}", f"{trial.loss:.6f}", f"{trial.accuracy:.6f}"])
