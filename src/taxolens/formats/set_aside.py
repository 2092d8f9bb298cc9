"""MegaDetector's batch output with some detections set aside, the way its own tools do it.

A detection that is set aside stays in the file and its confidence becomes negative: no threshold lets it pass, and
it can be brought back. Everything else stays as it was; the version becomes 1.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxolens.formats.detected import Entry
from taxolens.formats.json_stream import BEGIN, members
from taxolens.formats.media import is_video
from taxolens.formats.megadetector import FORMAT_VERSION
from taxolens.formats.sightings import IMAGES
from taxolens.storage.atomic import written_whole

_NO_RATE = -1.0


@dataclass(slots=True)
class SetAside:
    """What was changed.

    Attributes:
        boxes: detections that were set aside.
        photos: photos that lost one.
        emptied: those of them that have no other detection at the usual threshold.
    """

    boxes: int = 0
    photos: int = 0
    emptied: int = 0


def write_set_aside(
    source: Path, out: Path, aside: Mapping[str, frozenset[int]], *, threshold: float
) -> SetAside:
    """Writes a file of detections anew, whole or not at all; one photo is held at a time.

    Args:
        aside: name of a photo -> positions of the detections to set aside.
        threshold: confidence from which a detection counts, to tell which photos are empty now.

    Raises:
        DataError: the source cannot be read.
        OutputError: the file cannot be written; an earlier one stays as it was.
    """
    done = SetAside()
    with written_whole(out) as file:
        for part in _parts(source, aside, threshold, done):
            file.write(part)
    return done


def _parts(
    source: Path, aside: Mapping[str, frozenset[int]], threshold: float, done: SetAside
) -> Iterator[bytes]:
    begin, inside = b"{\n", False
    for key, value in members(source, (IMAGES,)):
        if key == IMAGES and value is not BEGIN:
            entry = Entry.of(value, source, key="file")
            yield (b",\n" if inside else b"\n") + _json(_image(entry, aside, threshold, done))
            inside = True
            continue
        yield begin + _json(key) + b": " + (b"[" if value is BEGIN else _json(_member(key, value)))
        begin = b"\n],\n" if value is BEGIN else b",\n"
        inside = False if value is BEGIN else inside
    yield b"\n]\n}\n" if begin.startswith(b"\n]") else b"\n}\n"


def _member(key: str, value: Any) -> Any:
    if key != "info" or not isinstance(value, dict):
        return value
    return {**value, "format_version": FORMAT_VERSION}


def _image(
    entry: Entry, aside: Mapping[str, frozenset[int]], threshold: float, done: SetAside
) -> dict[str, Any]:
    values = _as_asked(entry)
    found = values.get("detections") or []
    positions = aside.get(entry.name, frozenset())
    before = max((one["conf"] for one in found), default=0.0)
    lost = 0
    for position in positions:
        if position < len(found) and found[position]["conf"] > 0:
            found[position]["conf"] *= -1.0
            lost += 1
    after = max((one["conf"] for one in found), default=0.0)
    done.boxes += lost
    done.photos += lost > 0
    done.emptied += before >= threshold > after
    if "max_detection_conf" in values:
        values["max_detection_conf"] = max(after, 0.0)
    return values


def _as_asked(entry: Entry) -> dict[str, Any]:
    """A photo of an earlier version as 1.6 asks for it: confidences are no integers, failures have no detections,
    videos tell what was looked at."""
    values = dict(entry.values)
    if values.get("failure") is not None:
        values["detections"] = None
    else:
        values["detections"] = [
            {**one, "conf": float(entry.confidence(one.get("conf")))} for one in entry.objects("detections")
        ]
    if is_video(entry.name):
        _complete_video(values)
    return values


def _complete_video(values: dict[str, Any]) -> None:
    found = values["detections"] or []
    for one in found:
        one.setdefault("frame_number", 0)
    values.setdefault("frames_processed", sorted({one["frame_number"] for one in found}))
    if "frame_rate" not in values:
        # The format has no other way to say that nobody knows, and asks for the field `failure` beside it
        values |= {"frame_rate": _NO_RATE, "failure": values.get("failure")}


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode("ascii")
