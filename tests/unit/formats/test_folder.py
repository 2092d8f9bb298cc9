"""Class folders."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from taxolens.formats.folder import read_folder


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def test_the_last_folder_is_the_class_and_the_ones_above_are_groups(tmp_path: Path) -> None:
    touch(tmp_path, "cow/1.jpg", "north/2024/bobcat/2.jpg", "north/bobcat/3.jpg")
    found = read_folder(tmp_path)
    assert [(image.name, image.label, image.groups) for image in found.images] == [
        ("cow/1.jpg", "cow", ()),
        ("north/2024/bobcat/2.jpg", "bobcat", ("north", "2024")),
        ("north/bobcat/3.jpg", "bobcat", ("north",)),
    ]
    assert [image.path for image in found.images] == [tmp_path / image.name for image in found.images]


def test_photos_directly_in_the_folder_have_no_class_and_are_counted(tmp_path: Path) -> None:
    found = read_folder(touch(tmp_path, "a.jpg", "b.jpg", "cow/1.jpg"))
    assert (len(found.images), found.ignored) == (1, 2)


@pytest.mark.parametrize("root", [".", "photos", "./photos/", "photos/../photos"])
def test_names_are_relative_however_the_folder_is_named(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "photos", "cow/1.jpg")
    monkeypatch.chdir(tmp_path / "photos" if root == "." else tmp_path)
    assert [(image.name, image.label) for image in read_folder(Path(root)).images] == [("cow/1.jpg", "cow")]


@pytest.mark.parametrize("label", ["forêt", "森の鹿", "🐞 bug", "dots..", "a,b;c\"d'", "e\u0301te\u0301"])
def test_labels_in_any_language_have_one_spelling(label: str, tmp_path: Path) -> None:
    (image,) = read_folder(touch(tmp_path, f"{label}/é 1 .jpg")).images
    assert image.label == unicodedata.normalize("NFC", label)
    assert image.path.read_bytes() == b"x"


def test_two_spellings_of_one_name_are_one_class(tmp_path: Path) -> None:
    touch(tmp_path, "for\u00eat/1.jpg", "fore\u0302t/2.jpg", "for\u00eat /3.jpg")
    assert {image.label for image in read_folder(tmp_path).images} == {"for\u00eat"}


def test_a_name_that_is_no_utf8_can_be_written_and_opened(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/for\xeat"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + b"/1.jpg")).write_bytes(b"x")
    (image,) = read_folder(tmp_path).images
    assert image.path.read_bytes() == b"x"
    assert (image.name + (image.label or "")).encode("utf-8")
