from __future__ import annotations

import json
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.project import read_project

GOOD = {
    "title": "Foxes",
    "contributors": [{"title": "Ada", "role": "contact"}, {"title": "Bob"}],
    "project": {
        "title": "Woods",
        "samplingDesign": "targeted",
        "captureMethod": ["timeLapse"],
        "individualAnimals": False,
    },
    "licenses": [{"name": "CC0-1.0", "scope": "data"}, {"name": "CC-BY-4.0", "scope": "media"}],
    "homepage": "https://example.org",
}


def file_of(folder: Path, told: object) -> Path:
    (folder / "project.json").write_text(json.dumps(told), encoding="utf-8-sig")
    return folder / "project.json"


def test_what_camtrap_dp_takes_is_taken(tmp_path: Path) -> None:
    assert dict(read_project(file_of(tmp_path, GOOD))) == GOOD
    assert dict(read_project(file_of(tmp_path, {}))) == {}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"title": 3}, "title"),
        ({"project": "woods"}, "project"),
        ({"project": {"samplingDesign": "random"}}, "samplingDesign"),
        ({"project": {"samplingDesign": ["targeted"]}}, "samplingDesign"),
        ({"project": {"captureMethod": "timeLapse"}}, "captureMethod"),
        ({"project": {"individualAnimals": "no"}}, "individualAnimals"),
        ({"contributors": []}, "contributors"),
        ({"contributors": ["Ada"]}, "contributors"),
        ({"contributors": [{"title": "Ada", "role": "boss"}]}, "contributors"),
        ({"licenses": [{"name": "CC0-1.0", "scope": "data"}]}, "licenses"),
    ],
)
def test_what_camtrap_dp_does_not_take_is_told(tmp_path: Path, told: object, name: str) -> None:
    with pytest.raises(DataError, match=name):
        read_project(file_of(tmp_path, told))


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_what_is_no_object_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "project.json").write_text(text)
    with pytest.raises(DataError, match=r"project\.json"):
        read_project(tmp_path / "project.json")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_project(tmp_path / "project.json")
