"""Results as COCO with scores, and with the fields of COCO Camera Traps.

https://cocodataset.org/#format-data and the COCO Camera Traps format (https://lila.science/coco-camera-traps). One
annotation per answer, with its `score`: with `bbox` in pixels where there is a box and the size of the photo is
known, with `bbox_relative` where only the size is missing, without a box where the answer is about the whole photo.
A blank is an annotation of the category `empty` (0), as Camera Traps files have it. Photos below the threshold and
photos that could not be read are listed without annotations; these have a `failure`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from taxolens.core.records import UNSURE, Status
from taxolens.core.version import VERSION
from taxolens.formats.about import About
from taxolens.formats.media import by_file, in_utf8
from taxolens.formats.result import Result
from taxolens.formats.upright import read_header
from taxolens.storage.atomic import written_whole

EMPTY = 0
_SNIFFED = 512


def write_coco_results(results: Iterable[Result], out: Path, about: About) -> None:
    """Writes the file, whole or not at all; results are taken one photo at a time.

    Annotations are written to a second file first, because COCO lists them after the images.

    Raises:
        OutputError: it cannot be written; an earlier file stays as it was.
    """
    aside = out.with_name(f".{out.name}.annotations.part")
    try:
        with written_whole(out) as file:
            with aside.open("wb") as annotations:
                document = _Document(about, file, annotations)
                file.write(b'{\n"info": ' + _json(_info(about)) + b',\n"images": [')
                for name, rows in by_file(results):
                    document.add(name, rows)
            file.write(b'\n],\n"annotations": [')
            with aside.open("rb") as annotations:
                while piece := annotations.read(1 << 16):
                    file.write(piece)
            file.write(b'\n],\n"categories": ' + _json(document.categories()) + b"\n}\n")
    finally:
        aside.unlink(missing_ok=True)


def is_coco_results(path: Path) -> bool:
    """Whether a file is one of ours.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(_SNIFFED)
    return begin.startswith(b'{\n"info": {"description": "COCO')


class _Document:
    """Images and annotations, numbered as they come."""

    def __init__(self, about: About, images: BinaryIO, annotations: BinaryIO) -> None:
        self._root = about.root
        self._names = about.names()
        self._language = about.language
        self._images, self._annotations = images, annotations
        self._classes = {label: number for number, label in enumerate(about.labels, start=1)}
        self._image_count = self._annotation_count = 0

    def add(self, name: str, rows: tuple[Result, ...]) -> None:
        """A photo with its answers."""
        self._image_count += 1
        first = rows[0]
        size = self._size(name)
        image: dict[str, object] = {"id": self._image_count, "file_name": in_utf8(name)}
        if size is not None:
            image |= {"width": size[0], "height": size[1]}
        if first.taken is not None:
            image["datetime"] = first.taken.isoformat(sep=" ", timespec="seconds")
        if first.site is not None:
            image["location"] = in_utf8(first.site)
        if first.sequence is not None:
            image["seq_id"] = in_utf8(first.sequence)
        if first.prediction.failure is not None:
            image["failure"] = in_utf8(first.prediction.failure.reason)
        self._write(self._images, image, first=self._image_count == 1)
        for row in rows:
            if row.prediction.status is not Status.FAILED and row.prediction.label != UNSURE:
                self._annotate(row, size)

    def categories(self) -> list[dict[str, object]]:
        """All categories, known once all images are written."""
        listed: list[dict[str, object]] = [{"id": EMPTY, "name": "empty"}]
        for label, number in self._classes.items():
            taxon = self._names[label]
            category: dict[str, object] = {"id": number, "name": in_utf8(label)}
            if taxon.name(self._language) != label:
                category["common_name"] = in_utf8(taxon.name(self._language))
            if taxon.scientific:
                category["scientific_name"] = in_utf8(taxon.scientific)
            listed.append(category)
        return listed

    def _annotate(self, row: Result, size: tuple[int, int] | None) -> None:
        self._annotation_count += 1
        said = row.prediction
        annotation: dict[str, object] = {
            "id": self._annotation_count,
            "image_id": self._image_count,
            "category_id": EMPTY if said.status is Status.BLANK else self._class(said.label),
            "score": round(float(said.score), 6),
            "sequence_level_annotation": False,
        }
        if said.box is not None:
            edges = (said.box.x, said.box.y, said.box.width, said.box.height)
            if size is None:
                annotation["bbox_relative"] = [round(float(edge), 6) for edge in edges]
            else:
                pixels = [round(edge * side, 3) for edge, side in zip(edges, size * 2, strict=True)]
                annotation |= {"bbox": pixels, "area": round(pixels[2] * pixels[3], 3), "iscrowd": 0}
        if row.detector_score is not None:
            annotation["detector_score"] = round(float(row.detector_score), 6)
        if row.frame is not None:
            annotation["frame_number"] = row.frame
        self._write(self._annotations, annotation, first=self._annotation_count == 1)

    def _class(self, label: str) -> int:
        return self._classes.setdefault(label, len(self._classes) + 1)

    def _size(self, name: str) -> tuple[int, int] | None:
        header = read_header(self._root / name) if self._root is not None else None
        return header.upright if header is not None else None

    @staticmethod
    def _write(file: BinaryIO, value: object, *, first: bool) -> None:
        file.write((b"\n" if first else b",\n") + _json(value))


def _info(about: About) -> dict[str, object]:
    return {
        "description": "COCO results of an identification",
        "version": "1.0",
        "date_created": about.created.isoformat(timespec="seconds"),
        "contributor": f"Taxolens {VERSION}",
        "model": in_utf8(about.classifier or about.detector or ""),
        "model_sha256": about.model_sha256,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
