from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from taxolens.formats.about import About
from taxolens.formats.coco_results import is_coco_results, write_coco_results
from taxolens.formats.result import Result
from tests.unit.formats.answers import ABOUT, every_kind, said


def written(results: list[Result], folder: Path, about: About = ABOUT) -> dict[str, Any]:
    write_coco_results(results, folder / "coco.json", about)
    document: dict[str, Any] = json.loads((folder / "coco.json").read_text(encoding="utf-8"))
    return document


def photos(folder: Path) -> About:
    """The photo with two boxes lies in a folder."""
    (folder / "east").mkdir(exist_ok=True)
    Image.new("RGB", (200, 100)).save(folder / "east" / "pair.jpg")
    return replace(ABOUT, root=folder)


def test_pycocotools_reads_the_file_and_its_boxes(tmp_path: Path) -> None:
    coco_tools = pytest.importorskip("pycocotools.coco")
    document = written(every_kind(), tmp_path, photos(tmp_path))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = coco_tools.COCO(str(tmp_path / "coco.json"))
        boxed = [one for one in document["annotations"] if "bbox" in one]
        again = coco.loadRes(boxed)
    fox = coco.getCatIds(catNms=["fox"])
    (pair,) = [image["id"] for image in document["images"] if image["file_name"] == "east/pair.jpg"]
    (found,) = coco.loadAnns(coco.getAnnIds(imgIds=[pair], catIds=fox))
    assert (found["bbox"], found["score"]) == ([20.0, 20.0, 60.0, 40.0], 0.8)
    assert len(again.anns) == 2


def test_every_photo_is_listed_and_answers_are_annotations_with_scores(tmp_path: Path) -> None:
    document = written(every_kind(), tmp_path)
    names = [image["file_name"] for image in document["images"]]
    assert len(names) == 9
    by_name = {
        name: [one for one in document["annotations"] if one["image_id"] == number]
        for number, name in enumerate(names, start=1)
    }
    assert [len(by_name[name]) for name in ("east/fox.jpg", "east/pair.jpg")] == [1, 2]
    assert by_name["east/unsure.jpg"] == by_name["east/torn.jpg"] == []
    assert by_name["east/blank.jpg"][0]["category_id"] == 0
    assert "bbox" not in by_name["east/fox.jpg"][0]


def test_a_box_in_a_photo_of_unknown_size_is_told_in_shares(tmp_path: Path) -> None:
    document = written(every_kind(), tmp_path)
    pair = [one for one in document["annotations"] if "bbox_relative" in one]
    assert pair[0]["bbox_relative"] == [0.1, 0.2, 0.3, 0.4]
    assert not any("bbox" in one for one in document["annotations"])


def test_a_failure_is_told(tmp_path: Path) -> None:
    document = written(every_kind(), tmp_path)
    (torn,) = [image for image in document["images"] if "failure" in image]
    assert (torn["file_name"], torn["failure"]) == ("east/torn.jpg", "The photo is damaged.")


def test_categories_are_the_models_classes_and_what_else_was_said(tmp_path: Path) -> None:
    document = written([Result(said("a.jpg", "Canidae"))], tmp_path)
    categories = {one["name"]: one for one in document["categories"]}
    assert categories["empty"]["id"] == 0
    assert categories["fox"] == {
        "id": 1,
        "name": "fox",
        "common_name": "red fox",
        "scientific_name": "Vulpes vulpes",
    }
    assert document["annotations"][0]["category_id"] == categories["Canidae"]["id"] == 7


@settings(max_examples=60)
@given(names=st.lists(st.text(min_size=1), max_size=4, unique=True), label=st.text(min_size=1))
def test_any_name_comes_back(tmp_path_factory: pytest.TempPathFactory, names: list[str], label: str) -> None:
    document = written([Result(said(name, label)) for name in names], tmp_path_factory.mktemp("coco"))
    assert [image["file_name"] for image in document["images"]] == names


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def torn() -> Iterator[Result]:
        yield every_kind()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_coco_results(torn(), tmp_path / "coco.json", ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_its_own_files_are_recognised_and_others_are_not(tmp_path: Path) -> None:
    written([], tmp_path)
    (tmp_path / "mine.json").write_text('{"images": [], "annotations": []}')
    assert is_coco_results(tmp_path / "coco.json")
    assert not is_coco_results(tmp_path / "mine.json")
    assert not is_coco_results(tmp_path)
