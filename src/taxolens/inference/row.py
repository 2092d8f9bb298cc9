"""What a segment keeps of one photo: enough to decide again without the model."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Stamp:
    """A state of a file: while these three are the same, so is its answer.

    Attributes:
        name: path relative to the searched folder, with forward slashes.
        size: bytes.
        mtime_ns: time of its last change, nanoseconds since 1970.
    """

    name: str
    size: int
    mtime_ns: int

    def key(self) -> bytes:
        """128 bits that no two states share in practice."""
        text = f"{self.size}\0{self.mtime_ns}\0{self.name}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a photo could not be read: a stable code and one English sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What of a video clip was looked at.

    Attributes:
        frame_rate: frames per second, above 0.
        frames: numbers of the frames that were looked at, from 0, rising.
        best: number of the one that is most like the answer.
        seconds: its time in the clip.
        every: seconds between two frames, as they were asked for.
        most: how many frames were asked for.
    """

    frame_rate: float
    frames: tuple[int, ...]
    best: int
    seconds: float
    every: float
    most: int


@dataclass(frozen=True, slots=True)
class Boxes:
    """What a detector found in one photo, surest first; it may be nothing.

    Attributes:
        places: float32 [n, 4], x, y, width, height in shares of the photo.
        scores: float32 [n, classes], 0..1, in the model's order; the best of a box is how sure the detector is of
            it, and they need not sum to 1.
        named: float32 [m, classes of the classifier], probabilities of the first m boxes, nothing but 0 for those that
            the classifier of a cascade was not asked about; None where there is no classifier.
    """

    places: NDArray[np.float32]
    scores: NDArray[np.float32]
    named: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Row:
    """One looked-at photo: its scores or its boxes, or why there are none.

    Attributes:
        taken: local time of the photo, ISO 8601 without a zone.
        utc_offset: minutes by which `taken` is ahead of UTC; None where the photo does not tell.
        scores: float32 [classes], probabilities in the model's order; of a classifier; where there are boxes too, of
            the whole photo of a cascade.
        fault: set exactly where it could not be read: there are neither scores nor boxes then.
        camera: make and model.
        looked: set exactly where it is a video clip that was read; its scores are those of all frames together, its
            boxes those of the best one.
        boxes: of a detector.
    """

    stamp: Stamp
    taken: str | None = None
    scores: NDArray[np.float32] | None = None
    fault: Fault | None = None
    camera: str | None = None
    utc_offset: int | None = None
    looked: Looked | None = None
    boxes: Boxes | None = None


def row_to_line(row: Row) -> bytes:
    """One line of JSON without its line end; scores are base64 of little-endian float32."""
    stamp = row.stamp
    document: dict[str, object] = {"file": stamp.name, "size": stamp.size, "mtime_ns": stamp.mtime_ns}
    if row.taken:
        document["taken"] = row.taken
    if row.utc_offset is not None:
        document["utc_offset"] = row.utc_offset
    if row.camera:
        document["camera"] = row.camera
    if row.looked is not None:
        document["clip"] = {name: getattr(row.looked, name) for name in Looked.__slots__}
    document |= _said(row)
    if row.fault is not None:
        document["failure"] = {"code": row.fault.code, "reason": row.fault.reason}
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def _said(row: Row) -> dict[str, object]:
    said: dict[str, object] = {}
    if row.scores is not None:
        said["scores"] = _packed(row.scores)
    if row.boxes is not None:
        said["boxes"] = [_packed(row.boxes.places), _packed(row.boxes.scores)]
        if row.boxes.named is not None:
            said["named"] = [len(row.boxes.named), _packed(row.boxes.named)]
    return said


def line_to_row(line: bytes) -> Row:
    """The row that `row_to_line` wrote.

    Raises:
        ValueError: it is no such line.
    """
    document = json.loads(line.decode("ascii"))
    try:
        stamp = Stamp(document["file"], document["size"], document["mtime_ns"])
        taken, camera = document.get("taken"), document.get("camera")
        utc_offset = document.get("utc_offset")
        if "failure" in document:
            failure = document["failure"]
            fault = Fault(failure["code"], failure["reason"])
            return Row(stamp, taken, fault=fault, camera=camera, utc_offset=utc_offset)
        boxes = _boxes(document["boxes"], document.get("named")) if "boxes" in document else None
        scores = _unpacked(document["scores"]) if boxes is None or "scores" in document else None
        clip = document.get("clip")
        looked = Looked(**{**clip, "frames": tuple(clip["frames"])}) if clip else None
    except (KeyError, TypeError) as error:
        raise ValueError(f"no row: {error}") from error
    return Row(stamp, taken, scores, camera=camera, utc_offset=utc_offset, looked=looked, boxes=boxes)


def _boxes(packed: list[str], named: tuple[int, str] | None) -> Boxes:
    places, scores = map(_unpacked, packed)
    if len(places) % 4 or (len(scores) % (len(places) // 4) if len(places) else len(scores)):
        raise ValueError("no boxes")
    return Boxes(
        places.reshape(-1, 4),
        scores.reshape(len(places) // 4, -1) if len(places) else np.zeros((0, 0), "<f4"),
        None if named is None else _named(*named, most=len(places) // 4),
    )


def _named(count: int, packed: str, *, most: int) -> NDArray[np.float32]:
    scores = _unpacked(packed)
    if not 0 <= count <= most or (len(scores) % count if count else len(scores)):
        raise ValueError("no names of boxes")
    return scores.reshape(count, -1) if count else np.zeros((0, 0), "<f4")


def _packed(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
