"""One row of an identification's results, as every output format gets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taxolens.core.records import Prediction, Status


@dataclass(frozen=True, slots=True)
class Event:
    """What photos that belong together say together.

    Attributes:
        name: after its first photo; events that count as one share it.
        label: the answer; "unsure" below the threshold.
        score: probability of `label`; of the best class where that is "unsure".
        status: ok or blank; failed where no photo could be read.
        count: most animals in one photo; 0 for a blank, 1 where nobody counted.
        start: local time of the first photo, where one is known.
        end: local time of the last photo, likewise.
        rank: of a label that is no class of the model but a taxon above several.
    """

    name: str
    label: str
    score: float
    status: Status
    count: int
    start: datetime | None = None
    end: datetime | None = None
    rank: str | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """What of a video was looked at.

    Attributes:
        frame_rate: frames per second, above 0.
        frames: numbers of the frames that were looked at, from 0, rising.
    """

    frame_rate: float
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer and what is known of its photo.

    Attributes:
        prediction: its `name` is the path relative to the searched folder, with forward slashes.
        taken: local time of the photo.
        site: where the camera stood.
        sequence: the event the photo belongs to.
        detector_score: how sure a detector was of `prediction.box`, 0..1.
        event: what the photos of its event say together, where that was asked.
        rank: of a label that is no class of the model but a taxon above several.
        corrected_by: who said that the label is this one; None: the model did.
        camera: make and model.
        category: what the detector calls what is in the box ("animal", "person", "vehicle"); None where there
            was no detector.
        clip: set where the file is a video.
        frame: number of the video's frame that the box is in, from 0; without a box, of the frame that is most like
            the answer.
        frame_seconds: its time in the video.
        number: of the box among those of its photo, from 1, as on a drawn picture; None without a box.
        utc_offset: minutes by which `taken` is ahead of UTC; None where the photo does not tell.
        count: how many boxes of the photo have this label, this one included; None where there are no boxes.
    """

    prediction: Prediction
    taken: datetime | None = None
    site: str | None = None
    sequence: str | None = None
    detector_score: float | None = None
    event: Event | None = None
    rank: str | None = None
    corrected_by: str | None = None
    camera: str | None = None
    category: str | None = None
    clip: Clip | None = None
    frame: int | None = None
    frame_seconds: float | None = None
    utc_offset: int | None = None
    count: int | None = None
    number: int | None = None
