"""What a detector, or a cascade, says of one photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.core.records import Failure, Score, Status


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in a photo.

    Attributes:
        box: where it is, in shares of the photo.
        label: what it is; "unsure" where the card's threshold says so.
        score: how sure the detector is of the box, 0..1.
        ranking: the best classes with their share of the box's distribution, best first.
        distribution: float32 [classes], probabilities in the order of the model's classes.
        margin: 1 - (P1 - P2) of its two best classes, 0..1: 1 where they are equal.
    """

    box: Box
    label: str
    score: float
    ranking: tuple[Score, ...]
    distribution: NDArray[np.float32]
    margin: float


@dataclass(frozen=True, slots=True)
class Detected:
    """What a detector says of one photo.

    Attributes:
        name: of the photo.
        detections: surest first; nothing where it is blank or could not be read.
        status: ok, blank or failed.
        failure: why the photo could not be read.
    """

    name: str
    detections: tuple[Detection, ...]
    status: Status
    failure: Failure | None = None
