"""MegaDetector's batch output, format version 1.6, as Timelapse and others read it.

https://lila.science/megadetector-output-format. A classifier without a detector writes one detection over
the whole photo, whose confidence is what the model leaves for "something is there": one less the scores of
its blank classes. What the classes say stands in `classifications`. A blank has no detections; a photo that
could not be read has a `failure` and none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.core.records import Prediction, Status
from taxolens.core.taxonomy import Role
from taxolens.formats.about import About, Names
from taxolens.formats.media import by_file, in_utf8, is_video
from taxolens.formats.result import Result
from taxolens.storage.atomic import written_whole

FORMAT_VERSION = "1.6"
_CATEGORIES = ("animal", "person", "vehicle")
_BY_ROLE = {Role.PERSON: "person", Role.VEHICLE: "vehicle"}
_SNIFFED = 65_536


def write_megadetector(results: Iterable[Result], out: Path, about: About) -> None:
    """Writes the file, whole or not at all; results are taken one at a time.

    Raises:
        OutputError: it cannot be written; an earlier file stays as it was.
    """
    document = _Document(about)
    with written_whole(out) as file:
        file.write(b'{\n"info": ' + _json(_info(about)) + b',\n"images": [')
        for index, image in enumerate(document.images(results)):
            file.write((b",\n" if index else b"\n") + _json(image))
        file.write(b"\n]")
        document.finish(file)
        file.write(b"\n}\n")


def is_megadetector(path: Path) -> bool:
    """Whether a file begins as MegaDetector's or our own JSON does.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(_SNIFFED)
    return begin.lstrip().startswith(b"{") and (b'"format_version"' in begin or b'"images"' in begin)


class _Document:
    """What grows while images are written: categories that nobody listed before."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._names: Names = about.names()
        self._categories = {name: str(number) for number, name in enumerate(_CATEGORIES, start=1)}
        self._classes = {label: str(number) for number, label in enumerate(about.labels)}

    def images(self, results: Iterable[Result]) -> Iterator[dict[str, object]]:
        """One entry per file."""
        for name, rows in by_file(results):
            yield {"file": in_utf8(name), **self._video(name, rows), **self._found(rows), **_time(rows)}

    def finish(self, file: BinaryIO) -> None:
        """The categories, known once all images are written."""
        _write_member(file, "detection_categories", {id: name for name, id in self._categories.items()})
        if not self._classes:
            return
        _write_member(
            file,
            "classification_categories",
            {
                id: in_utf8(self._names[label].name(self._about.language))
                for label, id in self._classes.items()
            },
        )
        if any(taxon.scientific for taxon in self._about.taxa):
            described = {
                id: in_utf8(self._names[label].scientific or label) for label, id in self._classes.items()
            }
            _write_member(file, "classification_category_descriptions", described)

    def _found(self, rows: tuple[Result, ...]) -> dict[str, object]:
        first = rows[0].prediction
        if first.failure is not None or first.status is Status.FAILED:
            why = first.failure.reason if first.failure else "failed"
            return {"failure": in_utf8(why) or "failed", "detections": None}
        return {"detections": [self._detection(row) for row in rows if row.prediction.status is Status.OK]}

    def _detection(self, row: Result) -> dict[str, object]:
        said = row.prediction
        detection: dict[str, object] = {
            "category": self._category(row),
            "conf": _rounded(row.detector_score if row.detector_score is not None else self._present(said)),
            "bbox": _corners(said.box or WHOLE_IMAGE),
        }
        if row.category is None or row.category != said.top1:
            ranked = [[self._class(one.label), _rounded(one.score)] for one in said.ranking]
            if ranked:
                detection["classifications"] = ranked
        if row.frame is not None or is_video(said.name):
            detection["frame_number"] = row.frame or 0
        return detection

    def _present(self, said: Prediction) -> float:
        """How sure the model is that something is there."""
        blank = sum(one.score for one in said.ranking if self._names.role(one.label) is Role.BLANK)
        return min(max(1.0 - blank, 0.0), 1.0)

    def _category(self, row: Result) -> str:
        role = self._names.role(row.prediction.top1)
        if row.category is None and role is Role.OTHER and row.detector_score is not None:
            return self._category_of(row.prediction.top1)
        name = row.category or (_BY_ROLE.get(role, "animal") if role else "animal")
        return self._category_of(name)

    def _category_of(self, name: str) -> str:
        return self._categories.setdefault(name, str(len(self._categories) + 1))

    def _class(self, label: str) -> str:
        return self._classes.setdefault(label, str(len(self._classes)))

    @staticmethod
    def _video(name: str, rows: tuple[Result, ...]) -> dict[str, object]:
        clip = rows[0].clip
        if clip is not None:
            return {"frame_rate": clip.frame_rate, "frames_processed": list(clip.frames)}
        if is_video(name) and rows[0].prediction.status is Status.FAILED:
            return {"frame_rate": -1.0, "frames_processed": []}
        return {}


def _info(about: About) -> dict[str, object]:
    moment = about.created.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    info: dict[str, object] = {"format_version": FORMAT_VERSION}
    if about.detector:
        info |= {"detector": about.detector, "detection_completion_time": moment}
    if about.classifier:
        info |= {
            "classifier": about.classifier,
            "classification_completion_time": moment,
            "classifier_metadata": {
                "name": about.model_name,
                "version": about.model_version,
                "sha256": about.model_sha256,
                "classes": list(map(in_utf8, about.labels)),
            },
        }
    return info


def _time(rows: tuple[Result, ...]) -> dict[str, object]:
    taken = rows[0].taken
    return {"datetime": taken.strftime("%Y:%m:%d %H:%M:%S")} if taken else {}


def _corners(box: Box) -> list[float]:
    return [round(float(edge), 4) for edge in (box.x, box.y, box.width, box.height)]


def _rounded(score: float) -> float:
    return round(float(score), 4)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _write_member(file: BinaryIO, key: str, value: object) -> None:
    file.write(b",\n" + _json(key) + b": " + _json(value))
