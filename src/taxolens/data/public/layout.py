"""Images of a public set laid out to be learnt from: class folders, photos with boxes, or crops of boxes.

    folders   [train|val|test/][group/]class/photo
    boxes     images/[train|val|test/]photo, with YOLO labels, a COCO file and labels.csv
    crops     [train|val|test/]class/photo_1.jpg, one for each box

Every file is written whole or not at all, and what is there already is not written again, so that the same
work goes on where it was stopped.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath

from PIL import Image as Pillow
from PIL import ImageOps

from taxolens.core.errors import DataError, ImageError, NetworkError
from taxolens.core.printable import UNPRINTABLE
from taxolens.core.records import Image, Part
from taxolens.execution.local import ordered_map
from taxolens.formats.coco import ANNOTATIONS, CocoFile, read_coco, write_coco
from taxolens.formats.public.item import Content, Item
from taxolens.formats.source import Labelled, Sized, label_text
from taxolens.formats.table import write_table
from taxolens.formats.upright import read_header
from taxolens.formats.yolo import write_yolo
from taxolens.imaging.colour import to_rgb
from taxolens.imaging.container import opened
from taxolens.recipes.datasets import Arrangement
from taxolens.storage.atomic import PART, told_as_output

LABELS = "labels.csv"

_IMAGES = "images"
_WHOLE = ".whole"
_AHEAD = 16
_CROP_QUALITY = 95
_PlaceOf = Callable[[Item], PurePosixPath | None]
_REPLACED = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


@dataclass(slots=True)
class Laid:
    """What was laid out.

    Attributes:
        images: photos or crops.
        classes: images of each class, or boxes of each where there are boxes.
        parts: images of each part of the authors' split.
        boxes: boxes altogether.
        boxes_left_out: boxes that cannot be meant: without area, or outside their photo.
        left_out: photos that the arrangement has no place for (no class, or no boxes known).
        failed: photos that could not be fetched or cut, with the reason.
    """

    images: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    boxes: int = 0
    boxes_left_out: int = 0
    left_out: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def lay_out(contents: Iterable[Content], folder: Path, arrangement: Arrangement, *, workers: int = 1) -> Laid:
    """Writes the images of a set into a folder.

    Args:
        contents: may be gone through once; taken one at a time where `workers` is 1.
        folder: exists; may hold what an earlier call left.
        workers: photos fetched at once, for sets whose photos are read independently of each other.

    Raises:
        DataError: two images have one name, or no image has a place in this arrangement.
        OutputError: a file cannot be written.
    """
    laid = Laid()
    whole = folder if arrangement is Arrangement.BOXES else folder / _WHOLE
    if arrangement is Arrangement.FOLDERS:
        for item in _placed(contents, folder, _class_place, laid, workers):
            _count(laid, item)
    else:
        items = list(_placed(contents, whole / _IMAGES, _boxed_place, laid, workers))
        read = _with_upright_boxes(items, whole)
        drawn = sum(len(item.boxes or ()) for item in items)
        laid.boxes_left_out = drawn - sum(len(image.annotations or ()) for image in read.images)
        write = _write_boxes if arrangement is Arrangement.BOXES else _write_crops
        write(read, folder, laid)
    if not laid.images:
        raise DataError(
            "Nothing in this set can be laid out as {arrangement}. Choose another --as.",
            arrangement=arrangement.value,
        )
    shutil.rmtree(folder / _WHOLE, ignore_errors=True)
    return laid


def _class_place(item: Item) -> PurePosixPath | None:
    if item.label is None:
        return None
    above = [item.part.value] if item.part else []
    above += [_folder_name(item.group)] if item.group else []
    return PurePosixPath(*above, _folder_name(item.label), item.name.name)


def _boxed_place(item: Item) -> PurePosixPath | None:
    if item.boxes is None:
        return None
    return PurePosixPath(*([item.part.value] if item.part else []), item.name)


def _folder_name(label: str) -> str:
    """A class as a folder that every system can write."""
    name = UNPRINTABLE.sub("_", label_text(label)).translate(_REPLACED).strip(". ")
    return name or "_"


@dataclass(frozen=True, slots=True)
class _Task:
    """An image and where it goes."""

    content: Content
    path: Path


def _placed(
    contents: Iterable[Content], folder: Path, place_of: _PlaceOf, laid: Laid, workers: int
) -> Iterator[Item]:
    """Writes each image that has a place, unless it is there, and yields it."""
    tasks = _tasks(contents, folder, place_of, laid)
    if workers > 1:
        done = ordered_map(_put, tasks, workers=workers, window=workers * _AHEAD)
    else:
        done = map(_put, tasks)
    for item, failure in done:
        if failure:
            laid.failed.append((item.name.as_posix(), failure))
        else:
            yield item


def _tasks(contents: Iterable[Content], folder: Path, place_of: _PlaceOf, laid: Laid) -> Iterator[_Task]:
    taken: set[PurePosixPath] = set()
    for content in contents:
        place = place_of(content.item)
        if place is None:
            laid.left_out += 1
        elif place in taken:
            raise DataError("The set holds {name} twice. Get it again.", name=place)
        else:
            taken.add(place)
            yield _Task(content, folder / place)


def _put(task: _Task) -> tuple[Item, str | None]:
    """Writes one image; a photo that its server does not give is a result, not the end."""
    item = task.content.item
    if task.path.is_file() and task.path.stat().st_size:
        return item, None
    try:
        data = task.content.read()
    except NetworkError as error:
        return item, str(error.fields.get("why", error))
    with told_as_output(task.path):
        task.path.parent.mkdir(parents=True, exist_ok=True)
        part = task.path.with_name(f".{task.path.name}{PART}")
        part.write_bytes(data)  # not synced each: the whole folder is, before it takes its place
        part.replace(task.path)
    return item, None


def _count(laid: Laid, item: Item) -> None:
    laid.images += 1
    laid.classes[item.label or ""] += 1
    if item.part:
        laid.parts[item.part.value] += 1


def _with_upright_boxes(items: Sequence[Item], whole: Path) -> Labelled:
    """The photos with their boxes as shares of the upright photo: read as any COCO file is."""
    source = whole / f".{ANNOTATIONS}"
    labels = sorted({box.label for item in items for box in item.boxes or ()})
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    document = {
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
        "images": [_row(item, number) for number, item in enumerate(items)],
        "annotations": list(_annotations(items, numbers)),
    }
    with told_as_output(source):
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(json.dumps(document), encoding="ascii")
    try:
        found = read_coco([CocoFile(source)], whole, lenient=True)
    finally:
        source.unlink(missing_ok=True)
    labels_of = {f"{_IMAGES}/{_boxed_place(item)}": item.label for item in items}
    images = tuple(replace(image, label=labels_of.get(image.name)) for image in found.images)
    return replace(found, images=images)


def _row(item: Item, number: int) -> dict[str, object]:
    size = {"width": item.size[0], "height": item.size[1]} if item.size else {}
    known = {
        "location": item.site,
        "seq_id": item.sequence,
        "datetime": item.taken.isoformat(sep=" ") if item.taken else None,
        "split": item.part.value if item.part else None,
    }
    file = f"{_IMAGES}/{_boxed_place(item)}"
    return {
        "id": number,
        "file_name": file,
        **size,
        **{key: value for key, value in known.items() if value is not None},
    }


def _annotations(items: Sequence[Item], numbers: dict[str, int]) -> Iterator[dict[str, object]]:
    for number, item in enumerate(items):
        for box in item.boxes or ():
            sides = [box.x, box.y, box.width, box.height]
            yield {"id": 0, "image_id": number, "category_id": numbers[box.label], "bbox": sides}


def _write_boxes(read: Labelled, folder: Path, laid: Laid) -> None:
    parts = tuple(part for part in Part if any(image.part is part for image in read.images))
    sized = []
    for image in read.images:
        header = read_header(image.path)
        if header is None:
            laid.failed.append((image.name, "not readable"))
        else:
            sized.append(Sized(image, *header.upright))
        _count_boxes(laid, image)
    write_yolo(folder, read.images, read.classes, parts)
    write_coco(folder / ANNOTATIONS, sized, read.classes)
    named = [image for image in read.images if image.label]
    if named:
        write_table(named, folder / LABELS)


def _count_boxes(laid: Laid, image: Image) -> None:
    found = image.annotations or ()
    laid.images += 1
    laid.boxes += len(found)
    laid.classes.update(one.label for one in found)
    if image.part:
        laid.parts[image.part.value] += 1


def _write_crops(read: Labelled, folder: Path, laid: Laid) -> None:
    rows: list[Image] = []
    stems: set[str] = set()
    for image in read.images:
        try:
            rows += _crops(image, folder, _free_stem(image, stems), laid)
        except ImageError as error:
            laid.failed.append((image.name, error.told()))
    if any(row.site or row.sequence or row.taken for row in rows):
        write_table(rows, folder / LABELS)


def _free_stem(image: Image, taken: set[str]) -> str:
    """What the crops of a photo are called: its name, told apart from that of `a/1.jpg` for `a_1.jpg`."""
    name = "_".join(PurePosixPath(image.name).with_suffix("").parts[2 if image.part else 1 :])
    others = (f"{name}-{number}" for number in count(2))
    stem = next(one for one in chain([name], others) if one.casefold() not in taken)
    taken.add(stem.casefold())
    return stem


def _crops(image: Image, folder: Path, stem: str, laid: Laid) -> Iterator[Image]:
    """Cuts the boxes out of a photo, unless they are there."""
    found = image.annotations or ()
    places = [
        folder.joinpath(
            *([image.part.value] if image.part else []), _folder_name(one.label), f"{stem}_{number}.jpg"
        )
        for number, one in enumerate(found, start=1)
    ]
    if not all(place.is_file() for place in places):
        with opened(image.path) as file:
            picture = ImageOps.exif_transpose(file)
            picture = to_rgb(picture)
        for place, one in zip(places, found, strict=True):
            _cut(picture, (one.box.x, one.box.y, one.box.width, one.box.height), place)
    for place, one in zip(places, found, strict=True):
        laid.images += 1
        laid.boxes += 1
        laid.classes[one.label] += 1
        if image.part:
            laid.parts[image.part.value] += 1
        yield replace(image, path=place, name=place.name, label=one.label, annotations=None)


def _cut(picture: Pillow.Image, box: tuple[float, float, float, float], place: Path) -> None:
    """Writes the pixels of a box, at least one."""
    left, top = int(box[0] * picture.width), int(box[1] * picture.height)
    right = max(left + 1, round((box[0] + box[2]) * picture.width))
    bottom = max(top + 1, round((box[1] + box[3]) * picture.height))
    with told_as_output(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}{PART}")
        picture.crop((left, top, right, bottom)).save(part, "JPEG", quality=_CROP_QUALITY)
        part.replace(place)


def sync() -> None:
    """Makes what was written outlive a power cut, where the system has a call for it."""
    if hasattr(os, "sync"):
        os.sync()
