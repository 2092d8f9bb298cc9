"""A comparison as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from taxolens.evaluation.result import Interval
from taxolens.evaluation.rivals import Rivalry


def rivalry_document(rivalry: Rivalry, names: Sequence[str]) -> dict[str, Any]:
    """One model against another; differences are the second's less the first's."""
    paired = rivalry.paired
    return {
        "first": names[rivalry.first],
        "second": names[rivalry.second],
        "n": paired.outcomes.n,
        "groups": paired.groups,
        "counts": asdict(paired.outcomes),
        "accuracy_difference": figure_document(paired.accuracy),
        "macro_f1_difference": figure_document(paired.macro_f1),
        "mcnemar_p": paired.mcnemar,
        "p": paired.p,
        "p_holm": rivalry.p,
        "finding": rivalry.finding.value,
    }


def figure_document(figure: Interval) -> dict[str, Any]:
    """A figure with its 95 % interval."""
    return {"value": figure.value, "interval": [figure.low, figure.high]}
