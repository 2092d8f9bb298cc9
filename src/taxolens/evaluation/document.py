"""An evaluation as JSON, for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from taxolens.evaluation.result import ClassificationResult, Interval


def to_json(result: ClassificationResult) -> dict[str, Any]:
    """The document that `evaluate --json` writes: plain figures first, then their intervals and curves."""
    return {
        "accuracy": result.accuracy.value,
        "loss": result.loss,
        "macro_f1": result.macro_f1.value,
        "top5": result.top5.value,
        "ece": result.calibration.ece,
        "n": result.n,
        "groups": result.groups,
        "per_class": {
            one.label: {
                "precision": one.precision.value,
                "recall": one.recall.value,
                "f1": one.f1.value,
                "support": one.support,
                "intervals": {
                    "precision": _limits(one.precision),
                    "recall": _limits(one.recall),
                    "f1": _limits(one.f1),
                },
            }
            for one in result.classes
        },
        "confusion": {"labels": list(result.labels), "matrix": [list(row) for row in result.confusion]},
        "intervals": {
            "accuracy": _limits(result.accuracy),
            "macro_f1": _limits(result.macro_f1),
            "top5": _limits(result.top5),
        },
        "ece_before": result.before.ece if result.before else None,
        "reliability": [asdict(one) for one in result.calibration.bins],
        "coverage_curve": [asdict(point) for point in result.coverage],
        "automatic": asdict(result.automatic) if result.automatic else None,
        "conformal": asdict(result.conformal) if result.conformal else None,
        "errors": [asdict(one) for one in result.errors],
    }


def _limits(interval: Interval) -> list[float]:
    """Lower and upper limit of the 95 % interval."""
    return [interval.low, interval.high]
