"""Images and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from taxolens.core.geometry import Box


class Part(StrEnum):
    """The part of a split that an image belongs to."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Status(StrEnum):
    """What became of an image that was to be identified."""

    OK = "ok"
    BLANK = "blank"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person says is at a place in an image."""

    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class Image:
    """One image file and what is known of it before looking at its pixels.

    Attributes:
        path: where its bytes lie.
        name: its path relative to the source that named it, with forward slashes.
        label: what the data set calls it.
        groups: outer folders, outermost first, without the class folder.
        site: where the camera stood.
        sequence: the event it belongs to.
        taken: local time of the photo.
        camera: make and model.
        part: the part of the split that its source asks for.
        sha256: hash of the file's bytes, hexadecimal.
        annotations: boxes with their labels; None where its source gives no boxes, empty where it says that
            nothing is there.
        copy_of: for a copy that was made from another photo of the same source, that photo's `name`.
        utc_offset: minutes by which `taken` is ahead of UTC; None where the photo does not tell.
    """

    path: Path
    name: str
    label: str | None = None
    groups: tuple[str, ...] = ()
    site: str | None = None
    sequence: str | None = None
    taken: datetime | None = None
    camera: str | None = None
    part: Part | None = None
    sha256: str | None = None
    annotations: tuple[Annotation, ...] | None = None
    utc_offset: int | None = None
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that could not be read.

    Attributes:
        path: where its bytes lie.
        name: its path relative to the source.
        code: kind of fault, stable: "missing", "empty", "not_an_image", "damaged", "too_large",
            "unsupported", "unreadable".
        reason: one English sentence, which is its own key for translation.
    """

    path: Path
    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A label and how much the model believes in it (probability, 0..1)."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model answers for one image (or one box in it).

    Attributes:
        label: the answer; "unsure" below the calibrated threshold; empty for a failed image.
        score: probability of `top1`, 0..1; of `label` where that is a taxon above several classes.
        ranking: the best labels with their scores, best first.
        candidates: conformal set; holds the true label at the card's coverage on data like the model's.
        status: ok, blank or failed.
        box: where the animal is; None for the whole image.
        failure: why the image could not be read.
    """

    name: str
    label: str
    score: float
    ranking: tuple[Score, ...]
    candidates: tuple[str, ...] = ()
    status: Status = Status.OK
    box: Box | None = None
    failure: Failure | None = None

    @property
    def top1(self) -> str:
        """The best label, also where the answer is "unsure"; empty for a failed image."""
        return self.ranking[0].label if self.ranking else ""


UNSURE = "unsure"
