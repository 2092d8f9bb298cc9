"""Folders of drawn photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from taxolens.core.errors import OutputError, UsageError
from taxolens.core.progress import Item
from taxolens.demo import dataset
from taxolens.demo.dataset import write_class_folders, write_detection, write_unsorted

_TWO = ["folsomia_candida", "neanura_muscorum"]
_SMALL = (64, 48)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class _Counting:
    def __init__(self) -> None:
        self.what = ""
        self.total: int | None = None
        self.done = 0

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        self.what, self.total = what, total
        for item in items:
            self.done += 1
            yield item

    def note(self, text: str) -> None:
        del text


def test_class_folders_hold_the_asked_number_of_each_class_on_each_site(tmp_path: Path) -> None:
    drawn = write_class_folders(tmp_path, per_class=8, seed=1, size=_SMALL, taxa=_TWO, sites=2, workers=1)
    assert Counter(record.path.parent.name for record in drawn.records) == {
        "folsomia_candida": 8,
        "neanura_muscorum": 8,
        "blank": 8,
    }
    assert all(record.taxon_id == record.path.parent.name for record in drawn.records)
    assert all(record.site == record.path.parent.parent.name for record in drawn.records)
    assert {record.site for record in drawn.records} == {"oak-wood", "rearing-room"}
    assert all(record.path.is_file() for record in drawn.records)
    assert len({record.path.read_bytes() for record in drawn.records}) == 24


def test_photos_of_a_sequence_share_site_and_class_and_are_seconds_apart(tmp_path: Path) -> None:
    drawn = write_class_folders(tmp_path, per_class=10, seed=2, size=_SMALL, taxa=_TWO, workers=1)
    sequences: dict[str, list[dataset.DrawnRecord]] = {}
    for record in drawn.records:
        sequences.setdefault(record.sequence, []).append(record)
    assert any(len(records) > 1 for records in sequences.values())
    for records in sequences.values():
        assert len({(record.site, record.taxon_id) for record in records}) == 1
        assert (records[-1].taken - records[0].taken).total_seconds() <= 10


def test_the_number_of_workers_does_not_change_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "_FEW", 0)
    one = write_class_folders(tmp_path / "one", per_class=4, seed=3, size=_SMALL, taxa=_TWO, workers=1)
    two = write_class_folders(tmp_path / "two", per_class=4, seed=3, size=_SMALL, taxa=_TWO, workers=2)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    assert [record.boxes for record in one.records] == [record.boxes for record in two.records]


def test_unsorted_photos_carry_names_and_dates_of_a_camera_and_no_label(tmp_path: Path) -> None:
    drawn = write_unsorted(tmp_path, count=9, seed=4, size=_SMALL, sites=2, workers=1)
    assert len(drawn.records) == 9
    for record in drawn.records:
        assert record.path.name.startswith("IMG_")
        assert record.path.suffix == ".JPG"
        assert record.taxon_id not in record.path.as_posix()
        with Image.open(record.path) as image:
            taken = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert taken == record.taken.strftime("%Y:%m:%d %H:%M:%S")


def test_unsorted_photos_differ_from_the_sorted_ones_of_the_same_seed(tmp_path: Path) -> None:
    known = write_class_folders(tmp_path / "a", per_class=3, seed=5, size=_SMALL, taxa=_TWO, workers=1)
    new = write_unsorted(tmp_path / "b", count=6, seed=5, size=_SMALL, taxa=_TWO, workers=1)
    known_bytes = {record.path.read_bytes() for record in known.records}
    assert known_bytes.isdisjoint(record.path.read_bytes() for record in new.records)


def test_detection_labels_say_in_yolo_text_where_the_animals_are(tmp_path: Path) -> None:
    drawn = write_detection(tmp_path, count=8, seed=6, size=(160, 120), taxa=_TWO, most=3, workers=1)
    assert (tmp_path / "classes.txt").read_text().splitlines() == _TWO
    assert sum(len(record.boxes) for record in drawn.records) > 4
    for record in drawn.records:
        lines = (tmp_path / "labels" / f"{record.path.stem}.txt").read_text().splitlines()
        assert len(lines) == len(record.boxes)
        for line, box, label in zip(lines, record.boxes, record.labels, strict=True):
            number, x, y, width, height = line.split()
            assert _TWO[int(number)] == label
            assert float(x) - float(width) / 2 == pytest.approx(box.x, abs=1e-5)
            assert float(y) - float(height) / 2 == pytest.approx(box.y, abs=1e-5)
            assert (float(width), float(height)) == pytest.approx((box.width, box.height), abs=1e-5)


def test_drawing_again_replaces_drawn_photos_and_keeps_what_a_person_added(tmp_path: Path) -> None:
    write_class_folders(tmp_path, per_class=4, seed=7, size=_SMALL, taxa=_TWO, workers=1)
    note = tmp_path / "oak-wood" / "note.txt"
    note.write_text("mine")
    again = write_class_folders(tmp_path, per_class=2, seed=8, size=_SMALL, taxa=_TWO[:1], workers=1)
    photos = set(tmp_path.rglob("*.jpg"))
    assert photos == {record.path for record in again.records}
    assert note.read_text() == "mine"


def test_a_photo_of_a_person_is_never_overwritten_in_a_drawn_folder(tmp_path: Path) -> None:
    drawn = write_unsorted(tmp_path, count=1, seed=9, size=_SMALL, sites=1, workers=1)
    own = drawn.records[0].path.with_name("IMG_0002.JPG")
    own.write_bytes(b"holiday")
    with pytest.raises(UsageError, match="IMG_0002"):
        write_unsorted(tmp_path, count=2, seed=9, size=_SMALL, sites=1, workers=1)
    assert own.read_bytes() == b"holiday"


def test_a_folder_with_other_files_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(UsageError, match="holds files already"):
        write_class_folders(tmp_path, per_class=1, seed=0, size=_SMALL, taxa=_TWO, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "photos"
    file.touch()
    with pytest.raises(UsageError, match="is a file"):
        write_unsorted(file, count=1, seed=0, size=_SMALL, workers=1)


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_unsorted(tmp_path / "file" / "photos", count=1, seed=0, size=_SMALL, workers=1)


@pytest.mark.parametrize(
    "wrong",
    [{"sites": 0}, {"sites": 99}, {"taxa": ["unicorn"]}, {"taxa": [], "blank": False}, {"per_class": 0}],
)
def test_wrong_wishes_are_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    wishes = {"per_class": 2, "seed": 0, "size": _SMALL, "workers": 1, **wrong}
    with pytest.raises(UsageError):
        write_class_folders(tmp_path / "out", **wishes)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_progress_hears_of_every_photo_and_in_the_given_words(tmp_path: Path) -> None:
    progress = _Counting()
    write_unsorted(
        tmp_path, count=3, seed=0, size=_SMALL, workers=1, progress=progress, what="Dessin des photos"
    )
    assert (progress.what, progress.total, progress.done) == ("Dessin des photos", 3, 3)
