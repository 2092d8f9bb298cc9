"""What one pass over the photos says, by name: of a network that names photos, and of a detector."""

from __future__ import annotations

from dataclasses import fields

from taxolens.core.detection_trainer import DetectionEpoch
from taxolens.core.tracking import TrackedEpoch
from taxolens.core.trainer import Epoch

_OF_NETWORKS = tuple(field.name for field in fields(Epoch))
_PHASE = "phase"


def points(epoch: TrackedEpoch) -> dict[str, float | None]:
    """The figures of an epoch; None for those that it does not have. A detector's losses are the library's own."""
    if isinstance(epoch, DetectionEpoch):
        return {
            "rate": epoch.rate,
            "loss": epoch.loss,
            **epoch.losses,
            "map50": epoch.map50,
            "map50_95": epoch.map50_95,
            "seconds": epoch.seconds,
        }
    return {name: getattr(epoch, name) for name in _OF_NETWORKS if name not in (_PHASE, "number")}


def row(epoch: TrackedEpoch) -> dict[str, str | float | None]:
    """The same with what stands in front of a row."""
    front: dict[str, str | float | None] = {} if isinstance(epoch, DetectionEpoch) else {_PHASE: epoch.phase}
    return {**front, "number": epoch.number, **points(epoch)}
