"""The tables of a run folder: held-back answers and the head's history."""

from __future__ import annotations

import csv
from pathlib import Path

from taxolens.evaluation.answers import Answers
from taxolens.probe.rehearsal import Trial

_DECIMALS = 6


def write_predictions(answers: Answers, path: Path) -> None:
    """One row per image: `file,group,truth,predicted,score`, then `p:LABEL` for every class."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["file", "group", "truth", "predicted", "score", *(f"p:{label}" for label in answers.labels)]
        )
        for row, name in enumerate(answers.names):
            scores = answers.probabilities[row]
            best = int(scores.argmax())
            group = int(answers.groups[row]) if answers.groups is not None else row
            known = [name, group, answers.labels[answers.truth[row]], answers.labels[best]]
            writer.writerow(
                [*known, f"{scores[best]:.{_DECIMALS}f}", *(f"{one:.{_DECIMALS}f}" for one in scores)]
            )


def write_history(trials: tuple[Trial, ...], path: Path) -> None:
    """One row per regularisation that was tried."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["regularisation", "loss", "accuracy"])
        for trial in trials:
            writer.writerow([f"{trial.regularisation:g}", f"{trial.loss:.6f}", f"{trial.accuracy:.6f}"])
