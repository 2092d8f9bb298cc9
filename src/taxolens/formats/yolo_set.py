"""What stands beside YOLO labels: the names of the classes, and where the photos of each part lie.

Either `classes.txt` (one name a line) or a `data.yaml` with `names` and perhaps `path`, `train`, `val`, `test`.
Source: https://docs.ultralytics.com/datasets/detect/ (Ultralytics YOLO format).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from taxolens.core.errors import DataError
from taxolens.core.records import Part
from taxolens.formats.source import label_text
from taxolens.storage.photos import PHOTO_SUFFIXES

_LISTS = ("classes.txt", "labels/classes.txt", "obj.names", "_darknet.labels")
_KEYS = (("train", Part.TRAIN), ("val", Part.VAL), ("valid", Part.VAL), ("test", Part.TEST))
_MOST_BYTES = 1 << 20
_MOST_YAML = 1 << 18  # read in plain Python: some seconds


@dataclass(frozen=True, slots=True)
class Place:
    """Where photos of a part lie.

    Attributes:
        path: a folder, or a text file with the path of one photo on each line.
    """

    path: Path
    part: Part | None


@dataclass(frozen=True, slots=True)
class YoloSet:
    """A set of photos with YOLO labels.

    Attributes:
        file: says all this.
        classes: names in the order of their numbers, from 0.
        places: where the photos lie.
    """

    file: Path
    classes: tuple[str, ...]
    places: tuple[Place, ...]


def find_yolo(folder: Path) -> Path | None:
    """The file that names the classes of the YOLO labels in a folder; None where there are no such labels.

    Raises:
        DataError: there are YOLO labels, and nothing says what their numbers mean.
    """
    for file in sorted(folder.glob("*.y*ml"), key=lambda one: (one.stem != "data", one.name)):
        keys = _keys(file)
        if "names" in keys and (keys & {key for key, _ in _KEYS} or _has_labels(folder)):
            _check_lists(file, folder)
            return file
    named = next((folder / name for name in _LISTS if (folder / name).is_file()), None)
    paired = (folder / "images").is_dir() and (folder / "labels").is_dir()
    if (named or paired) and _has_labels(folder):
        if named is None:
            raise DataError(
                "The labels in {folder} give classes as numbers, and nothing says what they mean. Put a "
                "classes.txt with one name a line into {folder}.",
                folder=folder,
            )
        return named
    return None


def _check_lists(file: Path, folder: Path) -> None:
    """Labels are numbers: of two lists that number differently, nobody knows which one they mean."""
    names = read_yolo_set(file).classes
    for other in (folder / name for name in _LISTS if (folder / name).is_file()):
        listed = tuple(map(label_text, _text(other).rstrip().splitlines()))
        for number, (one, two) in enumerate(zip(names, listed, strict=False)):
            if one != two:
                raise DataError(
                    "The class {number} is {one} in {file} and {two} in {other}. Labels are numbers, so one order "
                    "must hold: mend one of the files, or delete it.",
                    number=number,
                    one=one,
                    two=two,
                    file=file,
                    other=other,
                )


def read_yolo_set(file: Path) -> YoloSet:
    """Reads `data.yaml` or a list of classes.

    Raises:
        DataError: it cannot be meant, or none of the folders it names is there.
    """
    if file.suffix.lower() in (".yaml", ".yml"):
        values = _values(file)
        return YoloSet(file, _names(values.get("names"), file), _places(values, file))
    # a blank line counts: names after it would go to other numbers
    classes = tuple(map(label_text, _text(file).rstrip().splitlines()))
    folder = file.parent.parent if file.parent.name == "labels" else file.parent
    return YoloSet(file, _checked(classes, file), (_whole(folder),))


def _whole(folder: Path) -> Place:
    images = folder / "images"
    return Place(images if images.is_dir() else folder, None)


def _has_labels(folder: Path) -> bool:
    for pattern in ("labels/**/*.txt", "*/labels/**/*.txt"):
        if any(file.name != "classes.txt" for file in folder.glob(pattern)):
            return True
    texts = {file.stem for file in folder.glob("*.txt")}
    return any(file.stem in texts and file.suffix.lower() in PHOTO_SUFFIXES for file in folder.iterdir())


def _text(file: Path, most: int = _MOST_BYTES) -> str:
    try:
        if file.stat().st_size > most:
            raise _not_meant(file)
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise _not_meant(file) from error


def _not_meant(file: Path) -> DataError:
    return DataError(
        "{file} does not name classes. Write one name a line, or YAML with names: [first, second].", file=file
    )


def _values(file: Path) -> dict[str, Any]:
    """The YAML, each word as it is written: a class called no is none called False."""
    try:
        values = yaml.load(_text(file, _MOST_YAML), yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _not_meant(file) from error
    if not isinstance(values, dict):
        raise _not_meant(file)
    return values


def _keys(file: Path) -> set[str]:
    try:
        return set(_values(file))
    except DataError:
        return set()


def _names(names: object, file: Path) -> tuple[str, ...]:
    if isinstance(names, dict):
        numbered = {key: names[key] for key in map(str, range(len(names))) if key in names}
        if len(numbered) < len(names):
            raise DataError(
                "{file} does not number its classes 0, 1, 2 and so on. Give each number from 0 a name.",
                file=file,
            )
        names = list(numbered.values())
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _not_meant(file)
    return _checked(tuple(map(label_text, names)), file)


def _checked(classes: tuple[str, ...], file: Path) -> tuple[str, ...]:
    if not classes or not all(classes):
        raise _not_meant(file)
    twice = next((name for name, count in Counter(classes).items() if count > 1), None)
    if twice:
        raise DataError("{file} names the class {name} twice. Name each class once.", file=file, name=twice)
    return classes


def _places(values: dict[str, Any], file: Path) -> tuple[Place, ...]:
    base = _base(values.get("path"), file.parent)
    named = [(entry, part) for key, part in _KEYS for entry in _entries(values.get(key))]
    if not named:
        return (_whole(base),)
    found = [Place(place, part) for entry, part in named if (place := _place(base, entry)) is not None]
    if not found:
        raise DataError(
            "None of the folders that {file} names is there, the first is {first}. Name them relative to {file}.",
            file=file,
            first=named[0][0],
        )
    return tuple(found)


def _entries(value: object) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str) and entry.strip() and "\0" not in entry:
            yield entry.strip()


def _base(path: object, folder: Path) -> Path:
    """The folder that the others are relative to; a path of another computer is not there."""
    if isinstance(path, str) and path.strip() and "\0" not in path and os.path.isdir(folder / path):  # noqa: PTH112
        return folder / path
    return folder


def _place(base: Path, entry: str) -> Path | None:
    """A folder or list as named; else as Roboflow means it (`../train/images` beside the file), or as it
    was called on another computer."""
    parts = PurePosixPath(entry.replace("\\", "/")).parts
    down = tuple(part for part in parts if part not in ("..", "."))
    candidates = [base / entry, base.joinpath(*down)] if not Path(entry).is_absolute() else [Path(entry)]
    candidates += [base.joinpath(*parts[-2:]), base.joinpath(*parts[-1:])]
    return next((place for place in candidates if os.path.exists(place)), None)  # noqa: PTH110 - never raises
