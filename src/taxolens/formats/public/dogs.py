"""Stanford Dogs as its authors publish it: `images.tar`, `annotation.tar`, `lists.tar`.

`Images/n02085620-Chihuahua/n02085620_10074.jpg`, for each an XML file of the same name without suffix with the
boxes of its dogs, and `train_list.mat` and `test_list.mat` with the authors' split.
Source: http://vision.stanford.edu/aditya86/ImageNetDogs/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.formats.boxes import finite
from taxolens.formats.members import Member
from taxolens.formats.public.item import Content, Item, Opened, PixelBox, Wanted
from taxolens.formats.public.matlab import read_text_lists

_PHOTO = re.compile(r"(?:.*/)?(n\d{8}-[^/]+)/(n\d{8}_\d+)\.jpg", re.IGNORECASE)
_BOXES = re.compile(r"(?:.*/)?(n\d{8}-[^/]+)/(n\d{8}_\d+)(\.xml)?")
_LISTS = {"train_list.mat": Part.TRAIN, "test_list.mat": Part.TEST}
_MOST_XML = 1 << 20
_MOST_LIST = 16 << 20


def read_dogs(sources: Iterable[Opened], wanted: Wanted) -> Iterator[Content]:
    """The photos of the wanted breeds, with boxes and the authors' split where these were given too.

    A breed is asked for by its name ("Eskimo dog") or its WordNet number.

    Raises:
        DataError: there are no photos of breeds, a breed is none of them, or a list or box is damaged.
    """
    opened = tuple(sources)
    breeds, lists, boxes = _survey(opened)
    if not breeds:
        raise DataError(
            "This is not Stanford Dogs: it holds no folders of breeds such as {example}. Name the original "
            "images.tar, or the folder that it was unpacked to.",
            example="Images/n02085620-Chihuahua",
        )
    names = {_breed(folder): folder.partition("-")[0] for folder in breeds}
    wanted.choose(names, lambda label: (names[label], f"{names[label]}-{label}"))
    for source in opened:
        for member in source():
            found = _PHOTO.fullmatch(member.place.as_posix())
            if found and wanted.takes(_breed(found[1])):
                yield Content(_item(found, lists, boxes), member.read)


def _survey(
    opened: Iterable[Opened],
) -> tuple[set[str], dict[str, Part], dict[str, tuple[PixelBox, ...]]]:
    """Folders of breeds, parts by photo, boxes by photo; the bytes of photos are not touched."""
    breeds: set[str] = set()
    parts: dict[str, Part] = {}
    boxes: dict[str, tuple[PixelBox, ...]] = {}
    for source in opened:
        for member in source():
            if photo := _PHOTO.fullmatch(member.place.as_posix()):
                breeds.add(photo[1])
            elif box := _BOXES.fullmatch(member.place.as_posix()):
                boxes[box[2]] = _boxes(member, _breed(box[1]))
            elif member.place.name in _LISTS:
                parts |= dict.fromkeys(_listed(member), _LISTS[member.place.name])
    return breeds, parts, boxes


def _breed(folder: str) -> str:
    return folder.partition("-")[2]


def _item(found: re.Match[str], lists: dict[str, Part], boxes: dict[str, tuple[PixelBox, ...]]) -> Item:
    stem = found[2]
    return Item(
        PurePosixPath(f"{stem}.jpg"),
        _breed(found[1]),
        lists.get(stem),
        boxes=boxes.get(stem) if boxes else None,
    )


def _listed(member: Member) -> list[str]:
    if member.size > _MOST_LIST:
        raise DataError("{file} is damaged, or no MATLAB file.", file=member.place)
    files = read_text_lists(member.read(), member.place).get("file_list", [])
    return [PurePosixPath(file).stem for file in files]


def _boxes(member: Member, label: str) -> tuple[PixelBox, ...]:
    """The boxes of one annotation; a document that declares entities is refused unread."""
    data = member.read() if member.size <= _MOST_XML else b"<!"
    try:
        if b"<!" in data or b"\0" in data:  # UTF-16 would hide the first
            raise ValueError
        root = ElementTree.fromstring(data)
        return tuple(_box(box, label) for box in root.iterfind("object/bndbox"))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DataError("{file} is no annotation of boxes, or damaged.", file=member.place) from error


def _box(box: ElementTree.Element, label: str) -> PixelBox:
    edges = [finite(box.findtext(edge) or "") for edge in ("xmin", "ymin", "xmax", "ymax")]
    left, top, right, bottom = (edge for edge in edges if edge is not None)
    return PixelBox(label, left, top, right - left, bottom - top)
