"""A search as plain values: `best.toml`, `trials.csv` and the figures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from taxolens.core.records import Part
from taxolens.core.search import Trial, TrialState
from taxolens.evaluation.document import to_json
from taxolens.evaluation.result import ClassificationResult
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.toml import toml_text
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.tune_facts import Searched

_OF_THIS_PLACE = (
    *("out", "overwrite", "restart", "workers", "language", "remark", "taxonomy", "saliency", "track"),
    "backbone",
)


def best_toml(recipe: TrainRecipe, found: Searched) -> str:
    """The recipe of the best trial, which `taxolens train DATA --out RUN --recipe best.toml` takes."""
    document = recipe_document(recipe)
    for name in _OF_THIS_PLACE:
        document.pop(name)
    document["source"].pop("data")
    number = found.best.number if found.best else 0
    return f"# taxolens tune: trial {number} of {len(found.trials)}\n\n{toml_text(document)}"


def write_trials(found: Searched, path: Path) -> None:
    """One row per trial: its figures, then a column for each parameter."""
    names = list(found.space)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["trial", "state", "val_accuracy", "val_loss", "best_epoch", "epochs", "seconds", "why", *names]
        )
        for trial in found.trials:
            known = _figures(trial)
            row = [*known.values(), *(trial.values.get(name) for name in names)]
            writer.writerow(
                ["" if one is None else f"{one:.6g}" if isinstance(one, float) else one for one in row]
            )


def search_document(found: Searched, recipe: TrainRecipe, result: ClassificationResult) -> dict[str, Any]:
    """The figures of a search."""
    return {
        "trials": [{**_figures(one), "values": dict(one.values)} for one in found.trials],
        "best": found.best.number if found.best else None,
        "gain": found.gain,
        "importances": dict(found.importances),
        "states": {state.name.lower(): found.count(state) for state in TrialState},
        "seconds": round(found.seconds, 3),
        "photos": {part.value: found.photos[part] for part in Part},
        "network": recipe_document(recipe.network),
        "test": to_json(result),
    }


def _figures(trial: Trial) -> dict[str, Any]:
    outcome = trial.outcome
    return {
        "trial": trial.number,
        "state": outcome.state.name.lower(),
        "val_accuracy": outcome.figure,
        "val_loss": outcome.loss,
        "best_epoch": outcome.best,
        "epochs": outcome.epochs,
        "seconds": round(outcome.seconds, 3),
        "why": outcome.why,
    }
