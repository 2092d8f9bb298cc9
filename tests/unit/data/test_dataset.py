"""Looking at labelled photos once."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from taxolens.core.errors import DataError
from taxolens.data import dataset as dataset_module
from taxolens.data.dataset import check_trainable, load_dataset, named
from taxolens.recipes.source import SequenceBy, SiteBy, SourceRecipe, Unlabelled


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.counted = 0
        self.notes: list[str] = []

    def track(self, items: Iterable[Any], *, what: str, total: int | None = None) -> Iterator[Any]:
        for item in items:
            self.counted += 1
            yield item
        assert total == self.counted

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes at two sites; one photo with EXIF."""
    for number, place in enumerate(["A/cow", "A/elk", "B/cow"]):
        folder = tmp_path / "photos" / place
        folder.mkdir(parents=True)
        exif = Pillow.Exif()
        if number == 0:
            exif[0x0132], exif[0x010F], exif[0x0110] = "2024:01:06 03:35:01", "Browning", "BTC"
        Pillow.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.jpg", exif=exif)
    return tmp_path / "photos"


def test_images_carry_hash_time_camera_site_and_sequence(photos: Path, tmp_path: Path) -> None:
    recipe = SourceRecipe(photos, SiteBy.FOLDER, SequenceBy.FOLDER)
    found = load_dataset(recipe, home=tmp_path / "home")
    first = found.images[0]
    assert first.sha256 == sha256(first.path.read_bytes()).hexdigest()
    assert (first.taken, first.camera) == (datetime(2024, 1, 6, 3, 35, 1), "Browning BTC")
    assert [(image.site, image.sequence) for image in found.images] == [("A", "A"), ("A", "A"), ("B", "B")]
    assert (found.failures, found.ignored, found.root) == ((), 0, photos)


def test_a_second_look_opens_no_photo(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_dataset(SourceRecipe(photos), home=tmp_path / "home")
    monkeypatch.setattr(dataset_module, "_read", lambda state: pytest.fail(f"opened {state.path!r} again"))
    assert load_dataset(SourceRecipe(photos), home=tmp_path / "home") == first


def test_a_photo_that_was_changed_is_looked_at_again(photos: Path, tmp_path: Path) -> None:
    load_dataset(SourceRecipe(photos), home=tmp_path / "home")
    changed = photos / "A/cow/0.jpg"
    changed.write_bytes(changed.read_bytes() + b"x")
    found = load_dataset(SourceRecipe(photos), home=tmp_path / "home")
    assert found.images[0].sha256 == sha256(changed.read_bytes()).hexdigest()


def test_what_the_table_says_of_the_time_counts_more_than_exif(photos: Path, tmp_path: Path) -> None:
    table = photos / "own.csv"
    table.write_text("file,label,datetime\nA/cow/0.jpg,cow,2001-01-01\nA/elk/1.jpg,elk,\n")
    found = load_dataset(SourceRecipe(table), home=tmp_path / "home")
    assert [image.taken for image in found.images] == [datetime(2001, 1, 1), None]
    assert found.images[0].camera == "Browning BTC"


def test_what_cannot_be_opened_is_a_failure_and_everything_adds_up(photos: Path, tmp_path: Path) -> None:
    (photos / "A/cow/empty.jpg").touch()
    (photos / "A/cow/gone.jpg").symlink_to(photos / "nowhere.jpg")
    (photos / "stray.jpg").write_bytes(b"x")
    listener = Listener()
    found = load_dataset(SourceRecipe(photos), home=tmp_path / "home", progress=listener)
    assert {failure.name: failure.code for failure in found.failures} == {
        "A/cow/empty.jpg": "empty",
        "A/cow/gone.jpg": "missing",
    }
    assert (len(found.images), found.ignored, listener.counted) == (3, 1, 5)


def test_a_table_that_names_some_absent_files_records_them(photos: Path, tmp_path: Path) -> None:
    (photos / "own.csv").write_text("file,label\nA/cow/0.jpg,cow\nA/elk/1.jpg,elk\nabsent.jpg,elk\n")
    found = load_dataset(SourceRecipe(photos / "own.csv"), home=tmp_path / "home")
    assert [(failure.name, failure.code) for failure in found.failures] == [("absent.jpg", "missing")]


def test_a_table_that_names_mostly_absent_files_is_refused(photos: Path, tmp_path: Path) -> None:
    (photos / "own.csv").write_text("file,label\nA/cow/0.jpg,cow\nfirst.jpg,elk\nsecond.jpg,elk\n")
    with pytest.raises(DataError, match=r"2 of the 3 files.*first\.jpg"):
        load_dataset(SourceRecipe(photos / "own.csv"), home=tmp_path / "home")


def test_files_of_which_none_can_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "photos/cow").mkdir(parents=True)
    (tmp_path / "photos/cow/1.jpg").touch()
    with pytest.raises(DataError, match=r"cow/1\.jpg: The file is empty"):
        load_dataset(SourceRecipe(tmp_path / "photos"), home=tmp_path / "home")


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"site_by": SiteBy.FOLDER}, "No site"),
        ({"sequence_by": SequenceBy.EXIF}, "no photo says when"),
        ({"sequence_by": SequenceBy.FOLDER}, "no folder above"),
        ({"sequence_by": SequenceBy.FILENAME}, "no file name holds a number"),
    ],
)
def test_context_that_was_asked_for_and_not_found_is_said(
    recipe: dict[str, Any], words: str, tmp_path: Path
) -> None:
    (tmp_path / "photos/cow").mkdir(parents=True)
    Pillow.new("RGB", (8, 8)).save(tmp_path / "photos/cow/a.jpg")
    listener = Listener()
    load_dataset(SourceRecipe(tmp_path / "photos", **recipe), home=tmp_path / "home", progress=listener)
    assert len(listener.notes) == 1 and words in listener.notes[0]


def test_one_class_cannot_be_learnt(photos: Path, tmp_path: Path) -> None:
    images = load_dataset(SourceRecipe(photos), home=tmp_path / "home").images
    check_trainable(images)
    with pytest.raises(DataError, match="only one class, cow"):
        check_trainable([image for image in images if image.label == "cow"])
    with pytest.raises(DataError, match="no photos"):
        check_trainable([])


def test_a_relative_folder_and_its_full_path_share_one_memory(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset(SourceRecipe(photos), home=tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset_module, "_read", lambda state: pytest.fail("opened again"))
    assert len(load_dataset(SourceRecipe(Path("photos")), home=tmp_path / "home").images) == 3


def test_originals_are_left_as_they_were(photos: Path, tmp_path: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in photos.rglob("*.jpg")}
    load_dataset(SourceRecipe(photos, SiteBy.FOLDER, SequenceBy.EXIF), home=tmp_path / "home")
    assert {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in photos.rglob("*") if path.is_file()
    } == before


@pytest.mark.shared_data
def test_consecutive_camera_trap_numbers_make_events(shared_data: Path, tmp_path: Path) -> None:
    zipped = shared_data / "cameratrap" / "cameratrap_train.zip"
    recipe = SourceRecipe(zipped, sequence_by=SequenceBy.FILENAME, gap=1.0)
    images = load_dataset(recipe, home=tmp_path).images
    numbers = sorted(int(image.name.rsplit("_", 1)[1].split(".")[0]) for image in images)
    runs = 1 + sum(after - before > 1 for before, after in pairwise(numbers))
    assert len({image.sequence for image in images}) == runs
    with zipfile.ZipFile(zipped) as archive:
        assert len(images) == sum(name.endswith(".jpg") for name in archive.namelist())
    assert len(list((tmp_path / "datasets").iterdir())) == 1


def test_photos_with_boxes_and_no_class_are_told_with_the_mend(photos: Path, tmp_path: Path) -> None:
    boxed = tmp_path / "boxed"
    (boxed / "labels").mkdir(parents=True)
    (boxed / "classes.txt").write_text("cow\n")
    shutil.copytree(photos / "A/cow", boxed / "images")
    shutil.copy(photos / "A/elk/1.jpg", boxed / "images")
    (boxed / "labels/0.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    listener = Listener()
    found = load_dataset(SourceRecipe(boxed), home=tmp_path / "home", progress=listener)
    assert found.boxed and found.classes == ("cow",) and found.images[0].annotations
    told = "1 photo has no label file: nobody said what is in it, not even nothing."
    asked = "Is nothing there? Then add --unlabelled empty, else --unlabelled left-out."
    assert listener.notes == [f"{told} {asked}"]
    for answer, sees in ((Unlabelled.EMPTY, ()), (Unlabelled.LEFT_OUT, None)):
        listener = Listener()
        recipe = SourceRecipe(boxed, unlabelled=answer)
        found = load_dataset(recipe, home=tmp_path / "home", progress=listener)
        assert [image.annotations for image in found.images if not image.annotations] == [sees]
        assert listener.notes == ([told] if answer is Unlabelled.LEFT_OUT else [])
    with pytest.raises(DataError, match="boxes in its photos and no class.*folder of photos for each class"):
        named(found, boxed)
    (boxed / "labels.csv").write_text("file,label\nimages/0.jpg,cow\n")
    found = named(load_dataset(SourceRecipe(boxed), home=tmp_path / "home"), boxed)
    assert ([image.label for image in found.images], found.ignored) == (["cow"], 1)


def test_class_folders_without_photos_are_told_once_by_name(photos: Path, tmp_path: Path) -> None:
    for folder in ("A/lynx/", "A/owl/", ".hidden/"):
        (photos / folder).mkdir()
    (photos / "A/owl/notes.txt").write_text("none yet")
    heard = Listener()
    load_dataset(SourceRecipe(photos), home=tmp_path / "home", progress=heard)
    assert heard.notes == ["Folders without photos, which therefore are no classes: A/lynx, A/owl."]


def test_many_class_folders_without_photos_are_not_all_told(photos: Path, tmp_path: Path) -> None:
    for number in range(12):
        (photos / f"none {number:02d}").mkdir()
    heard = Listener()
    load_dataset(SourceRecipe(photos), home=tmp_path / "home", progress=heard)
    assert len(heard.notes) == 1 and heard.notes[0].endswith("none 09 and 2 more.")


def test_where_a_table_says_what_photos_show_folders_are_not_told(photos: Path, tmp_path: Path) -> None:
    (photos / "raw").mkdir()
    (photos / "labels.csv").write_text("file,label\nA/cow/0.jpg,bull\nA/elk/1.jpg,elk\nB/cow/2.jpg,cow\n")
    heard = Listener()
    load_dataset(SourceRecipe(photos), home=tmp_path / "home", progress=heard)
    assert not heard.notes


def test_a_split_of_its_own_without_training_photos_is_told(photos: Path, tmp_path: Path) -> None:
    for name, part in (("A", "val"), ("B", "test")):
        (photos / name).rename(photos / part)
    images = load_dataset(SourceRecipe(photos), home=tmp_path / "home").images
    with pytest.raises(DataError, match="own split has no part train, only test, val"):
        check_trainable(images)
    check_trainable([*images, replace(images[0], part=None)])


def test_photos_that_belong_to_no_class_are_told(photos: Path, tmp_path: Path) -> None:
    Pillow.new("RGB", (8, 8)).save(photos / "lost.jpg")
    heard = Listener()
    found = load_dataset(SourceRecipe(photos), home=tmp_path / "home", progress=heard)
    assert len(found.images) == 3 and found.ignored == 1
    assert heard.notes == ["Photos that belong to no class and are left out: 1."]
