"""The figures of an inspection as one JSON document."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_overview import advice_of
from taxolens.workflows.inspect_study import Study, Suspect
from taxolens.workflows.inspect_twins import Twins

_LOOKS = ("widths", "heights", "brightness", "contrast", "sharpness", "saturation", "dark", "bright")
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_DIGITS = 6

FIRST_KEY = "data"
"""What the document begins with."""


def document_of(found: Findings, wording: Wording) -> dict[str, Any]:
    """All that was found, in plain values; a figure that does not exist is null."""
    names = [image.name for image in found.images]
    counts = found.of_classes
    document: dict[str, Any] = plain_values(
        {
            FIRST_KEY: str(found.recipe.source.data),
            "photos": found.read + len(found.failures),
            "read": found.read,
            "classes": dict(zip(counts.labels, counts.totals.tolist(), strict=True)),
            "groups": {
                group: {label: n for label, n in zip(counts.labels, row, strict=True) if n}
                for group, row in zip(counts.groups, counts.table.tolist(), strict=True)
            },
            "boxes": _boxes(found),
            "imbalance": found.imbalance,
            "advice": [
                {"code": one.code, "tone": one.tone.value, "title": one.title, "text": one.text}
                for one in advice_of(found, wording)
            ],
            "failures": [
                {"file": one.name, "code": one.code, "reason": one.reason} for one in found.failures
            ],
            "looks": _looks(found),
            "faults": [
                {"file": names[one.index], "code": one.code, "value": one.value, "limit": one.limit}
                for one in found.faults
            ],
            "box_problems": list(found.box_problems),
            "duplicates": [_twins(found, one) for one in found.twins],
            "suspects": [_suspect(found, one) for one in found.suspects],
            "background": found.background,
            "feasibility": _feasibility(found, found.study, wording) if found.study else None,
            "alike": _alike(found),
            "timeline": found.timeline,
            "backbone": found.backbone,
            "notes": list(found.notes),
            "seconds": {stage: round(spent, 3) for stage, spent in found.seconds.items()},
        }
    )
    return document


def _twins(found: Findings, one: Twins) -> dict[str, Any]:
    images = [found.images[row] for row in one.rows]
    return {
        "kind": "exact" if one.exact else "near",
        "files": [image.name for image in images],
        "labels": sorted({image.label or "" for image in images}),
        "parts": sorted({image.part.value for image in images if image.part}),
        "labels_differ": one.labels_differ,
        "parts_differ": one.parts_differ,
        "one_sequence": one.one_event,
    }


def _suspect(found: Findings, one: Suspect) -> dict[str, Any]:
    return {
        "file": found.images[one.row].name,
        "label": one.given,
        "suggested": one.suggested,
        "p_label": one.of_given,
        "p_suggested": one.of_suggested,
        "likely": one.likely,
    }


def _boxes(found: Findings) -> dict[str, int] | None:
    boxes = found.counts_of_boxes
    return None if boxes is None else dict(zip(boxes.labels, boxes.totals.tolist(), strict=True))


def _looks(found: Findings) -> dict[str, Any]:
    """Quantiles of each property, and day and night."""
    document: dict[str, Any] = {"quantiles": list(_QUANTILES)}
    for name in _LOOKS:
        values = np.asarray(getattr(found.looks, name), dtype=float)
        document[name] = np.quantile(values, _QUANTILES).tolist() if len(values) else None
    day = np.asarray(found.looks.day)
    document["day"], document["night"] = int((day == 1).sum()), int((day == 0).sum())
    return document


def _alike(found: Findings) -> list[dict[str, Any]] | None:
    """Groups of photos without names, the most typical photos of each first."""
    if found.alike is None:
        return None
    groups = [found.alike.rows[one].tolist() for one in found.alike.groups.members]
    return [{"photos": len(rows), "files": [found.images[row].name for row in rows]} for rows in groups]


def _feasibility(found: Findings, study: Study, wording: Wording) -> dict[str, Any]:
    figures = study.feasibility
    return {
        "verdict": figures.verdict,
        "told": list(found.outlook(wording)),
        "studied": len(study.rows),
        "accuracy": figures.accuracy,
        "neighbours": {
            "accuracy": figures.neighbours.accuracy,
            "interval": figures.neighbours.interval,
            "per_class": _by_class(study, figures.neighbours.per_class),
        },
        "clusters": {
            "adjusted_rand": figures.clusters.adjusted_rand,
            "purity": figures.clusters.purity,
            "confusion": figures.clusters.confusion,
        },
        "separability": _by_class(study, figures.separability),
        "confused": [
            {"class": study.labels[one.a], "taken_for": study.labels[one.b], "share": one.share}
            for one in figures.confused
        ],
        "learning_curve": figures.curve,
    }


def _by_class(study: Study, values: Any) -> dict[str, float]:
    return {label: float(value) for label, value in zip(study.labels, np.asarray(values), strict=True)}


def plain_values(value: Any) -> Any:
    """Dataclasses and arrays as what JSON knows; no number that JSON does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_values(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain_values(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain_values(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_values(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return round(float(value), _DIGITS) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, str | int | bool) or value is None:
        return value
    return str(value)
