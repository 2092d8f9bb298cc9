"""Folders that are parts of a split."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.records import Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.parts import part_named
from taxolens.formats.source import Labelled


def read(root: Path, *names: str) -> Labelled:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return read_labelled(root, unpack_to=root / "home")


@pytest.mark.parametrize("val", ["val", "valid", "Validation", "dev"])
def test_outermost_folders_called_after_parts_are_parts_and_no_groups(val: str, tmp_path: Path) -> None:
    found = read(tmp_path, "train/A/cow/1.jpg", "train/elk/2.jpg", f"{val}/cow/3.jpg", "test/elk/4.jpg")
    assert {image.path.name: (image.part, image.label, image.groups) for image in found.images} == {
        "1.jpg": (Part.TRAIN, "cow", ("A",)),
        "2.jpg": (Part.TRAIN, "elk", ()),
        "3.jpg": (Part.VAL, "cow", ()),
        "4.jpg": (Part.TEST, "elk", ()),
    }


def test_a_photo_directly_in_a_part_has_no_class(tmp_path: Path) -> None:
    found = read(tmp_path, "train/cow/1.jpg", "test/cow/2.jpg", "test/3.jpg")
    assert ([image.label for image in found.images], found.ignored) == (["cow", "cow"], 1)


@pytest.mark.parametrize(
    "names",
    [
        ("train/cow/1.jpg", "test/cow/2.jpg", "more/cow/3.jpg"),
        ("train/1.jpg", "bus/2.jpg"),
        ("train/1.jpg", "test/2.jpg"),
    ],
)
def test_where_another_folder_lies_beside_them_or_nothing_below_they_are_what_they_were(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    found = read(tmp_path, *names)
    assert len(found.images) == len(names)
    assert all(image.part is None for image in found.images)


def test_the_column_of_a_table_wins_and_without_one_the_folders_count(tmp_path: Path) -> None:
    names = ("train/1.jpg", "test/2.jpg")
    rows = "file,label{}\ntrain/1.jpg,cow{}\ntest/2.jpg,elk{}\n"
    (tmp_path / "labels.csv").write_text(rows.format(",split", ",test", ",train"))
    assert [image.part for image in read(tmp_path, *names).images] == [Part.TEST, Part.TRAIN]
    (tmp_path / "labels.csv").write_text(rows.format("", "", ""))
    found = read(tmp_path, *names)
    assert [(image.part, image.label, image.groups) for image in found.images] == [
        (Part.TRAIN, "cow", ()),
        (Part.TEST, "elk", ()),
    ]


def test_words_for_parts_are_read_in_any_case() -> None:
    assert [part_named(word) for word in ("TRAIN", " valid ", "testing", "tests", "")] == [
        Part.TRAIN,
        Part.VAL,
        Part.TEST,
        None,
        None,
    ]
