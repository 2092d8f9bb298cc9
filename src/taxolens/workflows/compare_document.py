"""A comparison as JSON, for programs."""

from __future__ import annotations

from typing import Any

from taxolens.evaluation.rivals_document import figure_document, rivalry_document
from taxolens.workflows.compare_facts import Compared, Comparison


def comparison_document(found: Comparison) -> dict[str, Any]:
    """The document that `compare --json` writes."""
    names, choice = found.names, found.choice
    return {
        "data": found.data,
        "n": found.n,
        "groups": found.models[0].result.groups,
        "classes": list(found.classes.labels[: found.classes.common]),
        "models": [
            {**_model(one), "pareto": place in choice.front if choice else None}
            for place, one in enumerate(found.models)
        ],
        "against": names[found.against],
        "pairs": [rivalry_document(one, names) for one in found.rivalries],
        "choice": {
            "accuracy": names[choice.accuracy],
            "speed": names[choice.speed],
            "fastest": names[choice.fastest],
            "against_most_accurate": [rivalry_document(one, names) for one in choice.against_best],
        }
        if choice
        else None,
        "left_out": [
            {
                "label": one.label,
                "photos": one.photos,
                "unknown_to": [names[place] for place in one.unknown_to],
            }
            for one in found.classes.left_out
        ],
        "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in found.failures],
        "notes": list(found.notes),
    }


def _model(one: Compared) -> dict[str, Any]:
    result, speed = one.result, one.speed
    return {
        "name": one.name,
        "file": one.file,
        "sha256": one.sha256,
        "bytes": one.size,
        "accuracy": result.accuracy.value,
        "macro_f1": result.macro_f1.value,
        "loss": one.scores.loss.value,
        "ece": one.scores.ece.value,
        "intervals": {
            "accuracy": [result.accuracy.low, result.accuracy.high],
            "macro_f1": [result.macro_f1.low, result.macro_f1.high],
            "loss": [one.scores.loss.low, one.scores.loss.high],
            "ece": [one.scores.ece.low, one.scores.ece.high],
        },
        "learnt_from": one.learnt,
        "photos_per_second": figure_document(speed.whole) if speed else None,
        "network_per_second": figure_document(speed.alone) if speed else None,
        "photos_timed": speed.photos if speed else 0,
        "confusion": [list(row) for row in result.confusion],
    }
