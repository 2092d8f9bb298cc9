"""The judgement of a detector as JSON, for programs. What does not exist is null."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from taxolens.evaluation.detection.result import (
    BoxClassResult,
    CountResult,
    DetectionResult,
    NamingResult,
    SizeResult,
)
from taxolens.evaluation.result import Interval


def to_json(result: DetectionResult) -> dict[str, Any]:
    """The document that `evaluate --json` writes: plain figures first, then their intervals and curves."""
    document = {
        "map50": result.map50.value,
        "map50_95": result.map50_95.value,
        "n": result.n,
        "groups": result.groups,
        "boxes": result.true,
        "found": result.found,
        "precision": result.precision.value,
        "recall": result.recall.value,
        "f1": result.work.f1,
        "score": result.work.score,
        "score_chosen_here": result.chosen,
        "overlap": result.overlap,
        "ece": result.calibration.ece,
        "names": _naming(result.naming),
        "per_class": {one.label: _class(one) for one in result.classes},
        "recall_by_size": {one.name: one.average_recall for one in result.sizes},
        "sizes": {one.name: _size_fields(one) for one in result.sizes},
        "intervals": {
            name: _limits(figure)
            for name, figure in (
                ("map50", result.map50),
                ("map50_95", result.map50_95),
                ("precision", result.precision),
                ("recall", result.recall),
            )
        },
        "confusion": {
            "labels": [*result.labels, None],
            "matrix": [list(row) for row in result.confusion],
        },
        "errors": {one.kind.name.lower(): {"count": one.count, "lost": one.lost} for one in result.errors},
        "counting": [_count(one) for one in result.counting],
        "working_points": {
            "asked_precision": result.asked,
            "precise": asdict(result.precise) if result.precise else None,
        },
        "reliability": [asdict(one) for one in result.calibration.bins],
        "curve": [asdict(one) for one in result.curve],
        "max_detections": result.limit,
        "left_out": result.left_out,
        "misses": [asdict(one) for one in result.misses],
        "false_finds": [{**asdict(one), "kind": one.kind.name.lower()} for one in result.false_finds],
    }
    return {key: _without_nan(value) for key, value in document.items()}


def _naming(one: NamingResult | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "boxes": one.n,
        "accuracy": one.accuracy,
        "temperature": one.temperature,
        "ece": one.after.ece,
        "ece_before": one.before.ece,
        "reliability": [asdict(each) for each in one.after.bins],
    }


def _class(one: BoxClassResult) -> dict[str, Any]:
    return {
        "ap50": one.ap50.value,
        "ap50_95": one.ap50_95,
        "precision": one.precision.value,
        "recall": one.recall.value,
        "f1": one.f1,
        "support": one.support,
        "found": one.found,
        "intervals": {
            "ap50": _limits(one.ap50),
            "precision": _limits(one.precision),
            "recall": _limits(one.recall),
        },
        "best": asdict(one.best) if one.best else None,
        "curve": [asdict(point) for point in one.curve],
    }


def _size_fields(one: SizeResult) -> dict[str, Any]:
    fields = asdict(one)
    del fields["name"]
    interval = fields.pop("recall")
    return {**fields, "recall": interval["value"], "interval": [interval["low"], interval["high"]]}


def _count(one: CountResult) -> dict[str, Any]:
    return {**asdict(one), "differences": {str(difference): photos for difference, photos in one.differences}}


def _limits(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return value
