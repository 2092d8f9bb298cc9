"""Choosing how labelled photos are given."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.labelled import read_labelled


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def labels(data: Path, home: Path) -> dict[str, str | None]:
    return {image.name: image.label for image in read_labelled(data, unpack_to=home).images}


def test_a_folder_its_zip_and_a_table_say_the_same(tmp_path: Path) -> None:
    photos = touch(tmp_path / "photos", "north/cow/1.jpg", "south/elk/2.jpg", "cow/3.jpg")
    zipped = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", photos))
    (photos / "all.csv").write_text("file,label\nnorth/cow/1.jpg,cow\nsouth/elk/2.jpg,elk\ncow/3.jpg,cow\n")
    expected = {"north/cow/1.jpg": "cow", "south/elk/2.jpg": "elk", "cow/3.jpg": "cow"}
    for data in (zipped, photos, photos / "all.csv"):
        assert labels(data, tmp_path / "home") == expected
    groups = [
        {image.name: image.groups for image in read_labelled(data, unpack_to=tmp_path / "home").images}
        for data in (zipped, photos, photos / "all.csv")
    ]
    assert groups[0] == groups[1] == groups[2]


@pytest.mark.parametrize("place", ["", "images/"])
def test_a_table_beside_photos_without_class_folders_counts(place: str, tmp_path: Path) -> None:
    photos = touch(tmp_path / "set", f"{place}1.jpg", f"{place}2.jpg", f"{place}3.jpg")
    (photos / "table.csv").write_text(f"file,label\n{place}1.jpg,cow\n{place}2.jpg,elk\n")
    zipped = Path(shutil.make_archive(str(tmp_path / "set"), "zip", photos))
    for data in (photos, zipped):
        assert labels(data, tmp_path / "home") == {f"{place}1.jpg": "cow", f"{place}2.jpg": "elk"}
        assert read_labelled(data, unpack_to=tmp_path / "home").ignored == 1


def test_folders_of_sites_are_no_classes_when_a_table_says_otherwise(tmp_path: Path) -> None:
    photos = touch(tmp_path, "A/1.jpg", "A/2.jpg", "B/3.jpg")
    (photos / "labels.csv").write_text("file,label,site\nA/1.jpg,cow,A\nA/2.jpg,elk,A\nB/3.jpg,cow,B\n")
    assert labels(photos, tmp_path / "home") == {"A/1.jpg": "cow", "A/2.jpg": "elk", "B/3.jpg": "cow"}


def test_what_a_table_adds_to_class_folders_is_kept(tmp_path: Path) -> None:
    photos = touch(tmp_path, "cow/1.jpg", "elk/2.jpg")
    (photos / "labels.csv").write_text("file,label,site\ncow/1.jpg,cow,A\nelk/2.jpg,elk,B\n")
    assert [image.site for image in read_labelled(photos, unpack_to=tmp_path).images] == ["A", "B"]


@pytest.mark.parametrize(
    "text",
    [
        "file,label\ncow/1.jpg,horse\n",  # says something else of one photo in four
        "file,label\ngone/1.jpg,cow\ngone/2.jpg,cow\ngone/3.jpg,cow\n",
        "file,label,score\ncow/1.jpg,elk,0.9\ncow/2.jpg,elk,0.9\nelk/3.jpg,cow,0.9\nelk/4.jpg,cow,0.9\n",
        "name,kind\n1,2\n",
    ],
)
def test_class_folders_count_beside_tables_about_something_else(text: str, tmp_path: Path) -> None:
    photos = touch(tmp_path, "cow/1.jpg", "cow/2.jpg", "elk/3.jpg", "elk/4.jpg")
    (photos / "other.csv").write_text(text)
    assert set(labels(photos, tmp_path / "home").values()) == {"cow", "elk"}


@pytest.mark.parametrize("beside", ["", "file,label\n", "photo,rain\n1.jpg,3\n"])
def test_photos_without_labels_are_read_where_labels_are_not_needed(beside: str, tmp_path: Path) -> None:
    flat = touch(tmp_path / "flat", "1.jpg", "2.jpg")
    if beside:
        (flat / "labels.csv").write_text(beside)
    found = read_labelled(flat, unpack_to=tmp_path, unlabelled=True)
    assert [(image.name, image.label) for image in found.images] == [("1.jpg", None), ("2.jpg", None)]
    assert found.ignored == 0
    touch(flat, "cow/3.jpg")
    found = read_labelled(flat, unpack_to=tmp_path, unlabelled=True)
    assert [(image.name, image.label) for image in found.images] == [("cow/3.jpg", "cow")]
    assert (found.ignored, found.nameless) == (2, ())


def test_what_holds_nothing_labelled_is_told_with_the_mend(tmp_path: Path) -> None:
    touch(tmp_path, "flat/1.jpg", "none/notes.txt", "photo.jpg")
    (tmp_path / "header.csv").write_text("file,label\n")
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as archive:
        archive.writestr("1.jpg", "x")
    for name, words in {
        "absent": "not there",
        "flat": "no class folder",
        "flat.zip": r"flat\.zip.*no class folder",
        "none": "no photos",
        "header.csv": "no photos",
        "photo.jpg": "single photo",
    }.items():
        with pytest.raises(DataError, match=words):
            read_labelled(tmp_path / name, unpack_to=tmp_path / "home")


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "photos", "classes"),
    [("cameratrap", 668, 12), ("dogs3", 363, 3), ("leaves8", 1200, 8)],
)
def test_real_sets_are_read_whole(
    name: str, photos: int, classes: int, shared_data: Path, tmp_path: Path
) -> None:
    found = read_labelled(shared_data / name / f"{name}_train.zip", unpack_to=tmp_path).images
    assert (len(found), len({image.label for image in found})) == (photos, classes)
    assert all(image.path.is_file() for image in found)
    if name == "leaves8":
        assert {image.groups for image in found} == {("Apple",), ("Grape",)}


STRAYS = {
    "cow/1.xml": "<annotation><filename>1.jpg</filename></annotation>",
    "cow/1.json": '{"version": "5.0", "shapes": [], "imagePath": "1.jpg"}',
}


@pytest.mark.parametrize(("name", "text"), STRAYS.items())
def test_boxes_for_few_photos_of_class_folders_are_left_out_and_told(
    name: str, text: str, tmp_path: Path
) -> None:
    photos = touch(tmp_path / "photos", "cow/1.jpg", "cow/2.jpg", "elk/3.jpg")
    (photos / name).write_text(text)
    found = read_labelled(photos, unpack_to=tmp_path)
    assert not found.boxed and {image.label for image in found.images} == {"cow", "elk"}
    (note,) = found.notes
    assert (note.fields["count"], note.fields["photos"], note.fields["names"]) == (1, 3, Path(name).name)


@pytest.mark.parametrize(("name", "text"), STRAYS.items())
def test_boxes_for_half_of_the_photos_or_more_make_a_set_of_boxes(
    name: str, text: str, tmp_path: Path
) -> None:
    photos = touch(tmp_path / "photos", "cow/1.jpg", "elk/2.jpg")
    (photos / name).write_text(text.replace("1.jpg", "../cow/1.jpg"))
    assert read_labelled(photos, unpack_to=tmp_path, lenient=True).boxed


@pytest.mark.parametrize(("name", "text"), STRAYS.items())
def test_folders_of_a_layout_are_no_classes_that_contradict_boxes(
    name: str, text: str, tmp_path: Path
) -> None:
    photos = touch(tmp_path / "photos", *(f"train/images/{n}.jpg" for n in range(1, 9)), "val/images/9.jpg")
    (photos / "train/images" / Path(name).name).write_text(text)
    assert read_labelled(photos, unpack_to=tmp_path, lenient=True).boxed
