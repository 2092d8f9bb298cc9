"""Found boxes as COCO writes them: lists of results, and documents with scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.coco import CocoFile
from taxolens.formats.coco_found import (
    CocoNumbers,
    FoundBox,
    FoundPhoto,
    coco_numbers,
    is_coco_found,
    numbered_from,
    open_coco_found,
)

NUMBERS = CocoNumbers({"7": "a.jpg"}, {"3": "cat"})


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def row(**fields: Any) -> dict[str, Any]:
    return {"image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40], "score": 0.5, **fields}


def test_numbers_of_a_list_are_those_of_the_annotations(tmp_path: Path) -> None:
    file = written(tmp_path / "found.json", [row(), row(score=0.25), row(image_id=8)])
    found = open_coco_found(file)
    assert found.numbered == ("7", "8")
    box = FoundBox("cat", (1, 2, 30, 40), False, 0.5)
    assert found.photos(NUMBERS, ()) == (
        FoundPhoto("a.jpg", (box, FoundBox("cat", (1, 2, 30, 40), False, 0.25))),
        FoundPhoto("8", (box,)),
    )


def test_a_file_name_beside_the_number_counts(tmp_path: Path) -> None:
    file = written(tmp_path / "found.json", [row(file_name="b.jpg")])
    found = open_coco_found(file)
    assert found.numbered == ()
    assert [photo.name for photo in found.photos(NUMBERS, ())] == ["b.jpg"]


def test_a_document_names_its_photos_and_classes_itself(tmp_path: Path) -> None:
    document = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 200, "height": 100},
            {"id": 2, "file_name": "b.jpg"},
            {"id": 3, "file_name": "c.jpg", "failure": "torn"},
        ],
        "categories": [{"id": 0, "name": "empty"}, {"id": 5, "name": "dog"}],
        "annotations": [
            {"image_id": 1, "category_id": 5, "bbox": [0, 0, 20, 10], "score": 0.9},
            {"image_id": 2, "category_id": 0, "score": 0.7},
        ],
    }
    photos = open_coco_found(written(tmp_path / "found.json", document)).photos(CocoNumbers(), ())
    assert photos == (
        FoundPhoto("a.jpg", (FoundBox("dog", (0, 0, 20, 10), False, 0.9),), (200.0, 100.0)),
        FoundPhoto("b.jpg", ()),
        FoundPhoto("c.jpg", (), failure="torn"),
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([row()], True),
        ([], True),
        ({"images": [], "categories": [], "annotations": []}, True),
        ({"info": {}, "detection_categories": {"1": "animal"}, "images": []}, False),
        ({"predictions": []}, False),
        ([{"file": "a.jpg", "detections": []}], False),
    ],
)
def test_coco_is_told_from_other_files(tmp_path: Path, document: Any, expected: bool) -> None:
    assert is_coco_found(written(tmp_path / "found.json", document)) is expected


@pytest.mark.parametrize(
    "broken",
    [
        {"bbox": [1, 2, 3]},
        {"bbox": "1 2 3 4"},
        {"bbox": [1, 2, 3, None]},
        {"score": 1.5},
        {"score": None},
        {"image_id": None},
    ],
)
def test_what_is_no_box_is_told(tmp_path: Path, broken: dict[str, Any]) -> None:
    file = written(tmp_path / "found.json", [row(**broken)])
    with pytest.raises(DataError, match="no found box"):
        open_coco_found(file).photos(NUMBERS, ())


def test_a_class_that_nothing_names_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "found.json", [row(category_id=9)])
    with pytest.raises(DataError, match="category 9.*3 cat"):
        open_coco_found(file).photos(NUMBERS, ())


@pytest.mark.parametrize(
    ("categories", "expected"),
    [(("0", "1"), 0), (("1", "2"), 1), (("1",), None), ((), None)],
)
def test_classes_are_numbered_from_zero_or_one(categories: tuple[str, ...], expected: int | None) -> None:
    assert numbered_from(categories, ("cat", "dog")) == expected


def test_more_numbers_than_classes_are_refused() -> None:
    with pytest.raises(DataError, match="up to 2"):
        numbered_from(("0", "2"), ("cat", "dog"))


def test_files_that_number_differently_are_refused(tmp_path: Path) -> None:
    for name, photo in (("one", "a.jpg"), ("two", "b.jpg")):
        document = {"images": [{"id": 1, "file_name": photo}], "categories": [], "annotations": []}
        written(tmp_path / f"{name}.json", document)
    files = [CocoFile(tmp_path / "one.json"), CocoFile(tmp_path / "two.json")]
    assert coco_numbers(files[:1]).images == {"1": "a.jpg"}
    with pytest.raises(DataError, match=r"two\.json numbers them differently"):
        coco_numbers(files)
