"""Answers of other programs, read by what their files look like.

- MegaDetector's batch output up to version 1.6 (https://lila.science/megadetector-output-format), also with
  classifications and videos;
- the list that the command `megadetector` writes (https://microsoft.github.io/MegaDetector/output_format/), whose
  boxes are corners in pixels;
- SpeciesNet's `predictions`.

Files of any size: one photo is held at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Score
from taxolens.core.taxonomy import Taxon, usual_role
from taxolens.formats.boxes import finite
from taxolens.formats.detected import Entry, cut_box
from taxolens.formats.json_stream import BEGIN, members
from taxolens.formats.moment import local_time
from taxolens.formats.result import Clip, Result
from taxolens.formats.speciesnet import speciesnet_classes, speciesnet_results, speciesnet_taxon
from taxolens.formats.upright import read_header

USUAL_THRESHOLD = 0.2
"""What the makers of MegaDetector call typical."""
_IMAGES, _PREDICTIONS = "images", "predictions"


class Dialect(StrEnum):
    """How a file of detections is written."""

    MEGADETECTOR = "megadetector"
    PIXELS = "pixels"
    SPECIESNET = "speciesnet"


@dataclass(frozen=True, slots=True)
class Detections:
    """A file of detections.

    Attributes:
        threshold: a photo without a detection at least as sure is blank.
        root: folder that names are relative to; only for boxes in pixels.
        detector: what drew the boxes; None where the file does not tell.
        classifier: what named what is in them; likewise.
        categories: what the detector tells apart, by its key.
        classes: what the classifier tells apart, by its key.
    """

    path: Path
    dialect: Dialect
    threshold: float = USUAL_THRESHOLD
    root: Path | None = None
    detector: str | None = None
    classifier: str | None = None
    categories: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    classes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def results(self) -> Iterator[Result]:
        """Results in the order of the file: one per detection that is sure enough, else one per photo.

        Raises:
            DataError: an entry cannot be meant, or the size of a photo is needed and not known.
        """
        for entry in self.entries():
            yield from self.results_of(entry)

    def entries(self) -> Iterator[Entry]:
        """What the file says of each photo.

        Raises:
            DataError: something in the file names no photo.
        """
        own = self.dialect is Dialect.SPECIESNET
        name, key = (_PREDICTIONS, "filepath") if own else (_IMAGES, "file")
        for values in self._items(name):
            yield Entry.of(values, self.path, key=key)

    def results_of(self, entry: Entry) -> Iterator[Result]:
        """The results of one photo; see `results`."""
        if self.dialect is Dialect.SPECIESNET:
            yield from speciesnet_results(entry, self.threshold)
        else:
            yield from self._photo(entry)

    def taxa(self) -> tuple[Taxon, ...]:
        """What is known of the classes, each once; SpeciesNet writes it into every photo's answer."""
        if self.dialect is not Dialect.SPECIESNET:
            named = dict.fromkeys((*self.classes.values(), *self.categories.values()))
            return tuple(Taxon(name, role=usual_role(name)) for name in named)
        found: dict[str, Taxon] = {}
        for values in self._items(_PREDICTIONS):
            for taxon in map(speciesnet_taxon, speciesnet_classes(values)):
                if taxon is not None:
                    found.setdefault(taxon.id, taxon)
        return tuple(found.values())

    def _items(self, name: str) -> Iterator[Any]:
        pairs = members(self.path, (name,))
        return (value for key, value in pairs if key in ("", name) and value is not BEGIN)

    def _photo(self, entry: Entry) -> Iterator[Result]:
        known = {"taken": _taken(entry), "clip": _clip(entry)}
        if entry.values.get("failure") is not None:
            yield entry.failed(str(entry.values["failure"]), **known)
            return
        best = 0.0
        sure = False
        for one in entry.objects("detections"):
            conf = entry.confidence(one.get("conf", one.get("confidence")))
            best = max(best, conf)
            if conf >= self.threshold:
                sure = True
                yield self._detection(entry, one, conf, known)
        if not sure:
            yield entry.blank(best, **known)

    def _detection(self, entry: Entry, one: dict[str, Any], conf: float, known: dict[str, Any]) -> Result:
        category = self.category(entry, one.get("category"))
        ranking = self.ranking(entry, one) or (Score(category, conf),)
        frame = one.get("frame_number")
        if frame is not None and not (isinstance(frame, int) and frame >= 0):
            raise entry.fault(frame)
        return entry.seen(
            ranking,
            self._box(entry, one.get("bbox")),
            detector_score=conf,
            category=category,
            frame=frame,
            **known,
        )

    def category(self, entry: Entry, key: object) -> str:
        """What the detector calls something, by its key in the file.

        Raises:
            DataError: there is no such key.
        """
        if self.dialect is Dialect.PIXELS and isinstance(key, str) and key.strip():
            return key
        if not isinstance(key, str | int) or str(key) not in self.categories:
            raise entry.fault(key)
        return self.categories[str(key)]

    def ranking(self, entry: Entry, one: dict[str, Any]) -> tuple[Score, ...]:
        """What the classifier says of a detection, best first; empty where it says nothing.

        Raises:
            DataError: a class is not known, or a score is none.
        """
        found = one.get("classifications") or []
        try:
            pairs = [(self.classes[str(key)], entry.score(score)) for key, score in found]
        except (KeyError, TypeError, ValueError) as error:
            raise entry.fault(found) from error
        return tuple(Score(*pair) for pair in sorted(pairs, key=lambda pair: -pair[1]))

    def _box(self, entry: Entry, value: object) -> Box:
        if self.dialect is not Dialect.PIXELS:
            return entry.box(value)
        left, top, right, bottom = entry.corners(value)
        width, height = self._size(entry.name)
        return cut_box(left / width, top / height, right / width, bottom / height)

    def _size(self, name: str) -> tuple[int, int]:
        header = read_header((self.root or Path()) / name)
        if header is None or not all(header.upright):
            raise DataError(
                "{file} gives boxes in pixels, and the size of the photo {photo} is not known because it "
                "cannot be read in {root}. Name the folder of the photos.",
                file=self.path,
                photo=name,
                root=self.root or Path(),
            )
        return header.upright


def open_detections(path: Path, *, threshold: float | None = None, root: Path | None = None) -> Detections:
    """Looks at a file and says how it is written.

    Args:
        threshold: detections below it are none, 0..1; None: what the file calls typical, else 0.2.
        root: folder of the photos, for boxes in pixels.

    Raises:
        DataError: it cannot be read, or is none of the dialects.
    """
    top, dialect = _top(path)
    if dialect is not Dialect.MEGADETECTOR:
        return Detections(path, dialect, USUAL_THRESHOLD if threshold is None else threshold, root)
    info = top.get("info")
    info = info if isinstance(info, dict) else {}
    return Detections(
        path,
        dialect,
        _typical(info) if threshold is None else threshold,
        root,
        _text(info.get("detector")),
        _text(info.get("classifier")),
        _named(top.get("detection_categories"), path),
        _named(top.get("classification_categories", {}), path),
    )


def read_detections(
    path: Path, *, threshold: float | None = None, root: Path | None = None
) -> Iterator[Result]:
    """The results of a file of detections; see `open_detections` and `Detections.results`."""
    return open_detections(path, threshold=threshold, root=root).results()


def _top(path: Path) -> tuple[dict[str, Any], Dialect]:
    """All members but the photos, and the dialect."""
    top: dict[str, Any] = {}
    listed = False
    for key, value in members(path, (_IMAGES, _PREDICTIONS)):
        if key == "" and value is not BEGIN:
            return top, _listed(value, path)
        if key == _PREDICTIONS:
            return top, Dialect.SPECIESNET
        if key == _IMAGES:
            listed = True
        else:
            top[key] = value
    if not listed or not isinstance(top.get("detection_categories"), dict):
        raise _strange(path)
    return top, Dialect.MEGADETECTOR


def _listed(first: object, path: Path) -> Dialect:
    if isinstance(first, dict) and "file" in first and "detections" in first:
        return Dialect.PIXELS
    raise _strange(path)


def _strange(path: Path) -> DataError:
    return DataError(
        "{path} is no file of detections that can be read. Name a JSON file of MegaDetector or SpeciesNet.",
        path=path,
    )


def _named(value: object, path: Path) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name for name in value.values()):
        raise _strange(path)
    return MappingProxyType(value)


def _typical(info: dict[str, Any]) -> float:
    told = info.get("detector_metadata")
    typical = finite(told.get("typical_detection_threshold")) if isinstance(told, dict) else None
    return typical if typical is not None and 0 <= typical <= 1 else USUAL_THRESHOLD


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _taken(entry: Entry) -> Any:
    value = entry.values.get("datetime")
    return local_time(value) if isinstance(value, str) else None


def _clip(entry: Entry) -> Clip | None:
    rate, frames = finite(entry.values.get("frame_rate")), entry.values.get("frames_processed") or []
    if rate is None or rate <= 0:
        return None
    if not isinstance(frames, list) or not all(isinstance(frame, int) for frame in frames):
        raise entry.fault(frames)
    return Clip(rate, tuple(frames))
