"""A file of detections as a set of photos with boxes, read and written.

Read is what `detections` reads: MegaDetector JSON, the list of the command `megadetector`, SpeciesNet's
`predictions`. What a classifier says of a box is its class, else the detector's category. Boxes below the threshold are
none; a photo with no box above it shows nothing; one that the detector could not read was not looked at.

Written is MegaDetector JSON with a confidence of 1, as boxes that people drew have it. Site, sequence and part are
fields of their own there, and a photo that nobody has looked at is one with a failure that says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation, Image, Prediction, Status
from taxolens.core.texts import noted
from taxolens.formats.detected import Entry
from taxolens.formats.detections import Detections, open_detections
from taxolens.formats.media import in_utf8, is_video
from taxolens.formats.megadetector import FORMAT_VERSION
from taxolens.formats.parts import part_named
from taxolens.formats.sheets import groups_above
from taxolens.formats.source import Labelled, Layout, Note, Sized, label_text, printable
from taxolens.storage.atomic import written_whole

DETECTIONS = "detections.json"
"""Name of the file in a folder of photos."""

_UNSEEN = "unlabelled"
_SAMPLE = 20
_SNIFFED = 65_536


def read_detections_set(
    file: Path,
    root: Path,
    *,
    threshold: float | None = None,
    photos: Path | None = None,
    inside: bool = False,
) -> Labelled:
    """Reads the photos and boxes of a file of detections.

    Args:
        root: folder that names of images are relative to, where photos lie below it.
        threshold: boxes below it are none, 0..1; None: what the file calls typical, else 0.2.
        photos: folder that the file's names are relative to; None: the one beside it in which they lie.
        inside: refuse photos outside `root`, for files of unknown origin.

    Raises:
        DataError: the file is none of detections, or an entry cannot be meant.
    """
    detections = open_detections(file, threshold=threshold, root=photos or file.parent)
    base = photos or _base_of(detections, root)
    detections = open_detections(file, threshold=threshold, root=base)
    reader = _Reader(detections, base, photos or root, inside)
    images = tuple(reader.images())
    classes = (*_numbered(detections.categories), *_numbered(detections.classes), *sorted(reader.named))
    return Labelled(
        photos or root,
        images,
        layout=Layout.DETECTIONS,
        file=file,
        classes=tuple(dict.fromkeys(map(label_text, classes))),
        boxed=True,
        unlabelled=sum(image.annotations is None for image in images),
        notes=tuple(reader.notes()),
    )


def find_detections(folder: Path) -> Path | None:
    """The first file of detections in a folder; None without one."""
    return next((file for file in sorted(folder.glob("*.json")) if is_detections(file)), None)


def is_detections(file: Path) -> bool:
    """Whether a JSON file lists detections or predictions at its beginning, or names their categories at its end."""
    try:
        with file.open("rb") as opened:
            begin = opened.read(_SNIFFED)
            opened.seek(max(0, file.stat().st_size - _SNIFFED))
            end = opened.read()
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    keys = (b'"detections"', b'"predictions"', b'"detection_categories"')
    return any(key in begin for key in keys) or keys[-1] in end


def write_detections_set(path: Path, images: Sequence[Sized], classes: Sequence[str]) -> None:
    """Writes MegaDetector JSON that `read_detections_set` reads back. Photos below the file's folder are named from
    there, others by their full path.

    Raises:
        DataError: a box has another class.
        OutputError: the file cannot be written.
    """
    keys = {name: str(number) for number, name in enumerate(classes, start=1)}
    here = path.parent.absolute()
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    info = {"format_version": FORMAT_VERSION, "detector": "people", "detection_completion_time": moment}
    with written_whole(path) as file:
        file.write(b'{\n"info": ' + _json(info))
        file.write(b',\n"detection_categories": ' + _json({key: name for name, key in keys.items()}))
        file.write(b',\n"images": [')
        for index, sized in enumerate(images):
            file.write((b",\n" if index else b"\n") + _json(_entry(sized.image, here, keys)))
        file.write(b"\n]\n}\n")


@dataclass(slots=True)
class _Reader:
    """Turns entries into images.

    Attributes:
        named: labels of boxes.
        below: boxes that were not sure enough.
        clips: videos, which are no photos.
    """

    detections: Detections
    base: Path
    root: Path
    inside: bool
    named: set[str] = field(default_factory=set)
    below: int = 0
    clips: int = 0

    def images(self) -> Iterator[Image]:
        """The photos in the order of the file, each once."""
        seen: set[str] = set()
        for entry in self.detections.entries():
            if is_video(entry.name):
                self.clips += 1
                continue
            name = os.path.normpath(entry.name)
            if name in seen:
                raise DataError(
                    "{file} lists the photo {photo} twice. List it once.",
                    file=self.detections.path,
                    photo=entry.name,
                )
            seen.add(name)
            yield self._image(entry)

    def notes(self) -> Iterator[Note]:
        """What was left out, once all is read."""
        if self.below:
            yield Note(_THRESHOLD, {"threshold": self.detections.threshold, "count": self.below})
        if self.clips:
            yield Note(_CLIPS, {"count": self.clips})

    def _image(self, entry: Entry) -> Image:
        path = self._path(entry.name)
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        results = tuple(self.detections.results_of(entry))
        first = results[0]
        found = [result.prediction for result in results if result.prediction.status is Status.OK]
        failed = first.prediction.status is Status.FAILED
        self.below += max(0, len(entry.objects("detections")) - len(found))
        boxes = [annotation for one in found if (annotation := _annotation(one)) is not None]
        self.named |= {one.label for one in boxes}
        return Image(
            path=path,
            name=printable(below.as_posix()),
            groups=groups_above(below),
            site=_text(entry.values.get("location")),
            sequence=_text(entry.values.get("seq_id")),
            taken=first.taken,
            part=part_named(_text(entry.values.get("split")) or ""),
            annotations=None if failed else tuple(boxes),
        )

    def _path(self, name: str) -> Path:
        path = self.base / name
        if "\0" in name or (
            self.inside and not Path(os.path.normpath(path)).is_relative_to(os.path.normpath(self.root))
        ):
            raise DataError(
                "{file} names a photo outside the archive. Name only photos in it.", file=self.detections.path
            )
        return path


def _annotation(said: Prediction) -> Annotation | None:
    label = label_text(said.top1)
    if said.box is None or not label or not (said.box.width and said.box.height):
        return None
    return Annotation(label, said.box)


def _numbered(names: Any) -> tuple[str, ...]:
    """Names in the order of their keys, where these are numbers."""
    pairs = list(names.items())
    if all(key.isascii() and key.isdigit() for key, _ in pairs):
        pairs.sort(key=lambda pair: int(pair[0]))
    return tuple(name for _, name in pairs)


def _base_of(detections: Detections, root: Path) -> Path:
    """The folder that names are relative to: the one in which most of the first photos are."""
    folder = detections.path.parent
    candidates = (folder, folder / "images", folder.parent, folder.parent / "images")
    names = [entry.name for entry, _ in zip(detections.entries(), range(_SAMPLE), strict=False)]

    def there(base: Path) -> int:
        return sum("\0" not in name and os.path.isfile(base / name) for name in names)  # noqa: PTH113

    allowed = [base for base in candidates if base == folder or base.is_relative_to(root)]
    return max(allowed, key=there)


def _entry(image: Image, here: Path, keys: dict[str, str]) -> dict[str, object]:
    path = Path(os.path.abspath(image.path))  # noqa: PTH100 - links are kept as the source named them
    name = path.relative_to(here) if path.is_relative_to(here) else path
    known = {
        "datetime": image.taken.strftime("%Y:%m:%d %H:%M:%S") if image.taken else None,
        "location": image.site,
        "seq_id": image.sequence,
        "split": image.part.value if image.part else None,
    }
    entry: dict[str, object] = {"file": in_utf8(name.as_posix())}
    entry |= {key: value for key, value in known.items() if value is not None}
    if image.annotations is None:
        return {**entry, "failure": _UNSEEN, "detections": None}
    return {**entry, "detections": [_detection(one, image, keys) for one in image.annotations]}


def _detection(one: Annotation, image: Image, keys: dict[str, str]) -> dict[str, object]:
    if one.label not in keys:
        raise DataError(
            "A box in {photo} is called {label}, which is none of the classes. Name it among them.",
            photo=image.name,
            label=one.label,
        )
    box = one.box
    return {"category": keys[one.label], "conf": 1.0, "bbox": [box.x, box.y, box.width, box.height]}


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return label_text(str(value)) or None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


_THRESHOLD = noted(
    "Boxes with a score below {threshold} are left out: {count}. --min-score asks for another limit."
)
_CLIPS = noted("Videos, which are no photos and are left out: {count}.")
