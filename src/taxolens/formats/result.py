"""One row of an identification's results, as every output format gets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taxolens.core.records import Prediction


@dataclass(frozen=True, slots=True)
class Result:
    """An answer and what is known of its photo.

    Attributes:
        prediction: its `name` is the path relative to the searched folder, with forward slashes.
        taken: local time of the photo; cameras do not know their time zone.
        site: where the camera stood.
        sequence: the event the photo belongs to.
        detector_score: how sure a detector was of `prediction.box`, 0..1.
    """

    prediction: Prediction
    taken: datetime | None = None
    site: str | None = None
    sequence: str | None = None
    detector_score: float | None = None
