"""Photos looked at, each once."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from taxolens.core.records import Image
from taxolens.data import looks as room
from taxolens.data.lookbook import SEEN
from taxolens.data.looks import MEMORY, Looks, look_at_all
from taxolens.imaging.look import look


def _images(folder: Path) -> list[Image]:
    return [
        Image(
            path,
            path.relative_to(folder).as_posix(),
            label=path.parent.name,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*.*"))
    ]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The photos that were decoded, as the test goes on."""
    seen: list[Path] = []

    def counted(path: Path, *, max_megapixels: float) -> object:
        seen.append(path)
        return look(path, max_megapixels=max_megapixels)

    monkeypatch.setattr(room, "look", counted)
    return seen


def _same(one: Looks, other: Looks) -> None:
    for name in ("kept", "widths", "brightness", "sharpness", "day", "phash", "dhash", "border"):
        assert (getattr(one, name) == getattr(other, name)).all(), name
    assert one.labels == other.labels
    assert one.means.keys() == other.means.keys()
    assert all((one.means[k] == other.means[k]).all() for k in one.means)


def test_each_row_is_what_one_look_says(class_folders: Path, tmp_path: Path) -> None:
    images = _images(class_folders)
    looks = look_at_all(images, home=tmp_path)
    assert looks.kept.tolist() == list(range(len(images)))
    for row in (0, 30, 71):
        one = look(images[row].path)
        assert (looks.widths[row], looks.heights[row]) == (one.width, one.height)
        assert looks.brightness[row] == pytest.approx(one.brightness)
        assert looks.sharpness[row] == pytest.approx(one.sharpness)
        assert (int(looks.phash[row]), int(looks.dhash[row])) == (one.phash, one.dhash)
        assert (looks.border[row] == one.border).all()
        assert looks.day[row] == {None: -1, True: 1, False: 0}[one.day]


def test_a_second_look_decodes_nothing_and_sees_the_same(
    class_folders: Path, tmp_path: Path, looked: list[Path]
) -> None:
    images = _images(class_folders)
    first = look_at_all(images, home=tmp_path)
    assert len(looked) == len(images)
    second = look_at_all(images, home=tmp_path)
    assert len(looked) == len(images)
    _same(first, second)


def test_files_of_unknown_bytes_are_looked_at_each_time(
    class_folders: Path, tmp_path: Path, looked: list[Path]
) -> None:
    images = [replace(image, sha256=None) for image in _images(class_folders)[:5]]
    for turn in (1, 2):
        look_at_all(images, home=tmp_path)
        assert len(looked) == 5 * turn


@pytest.mark.parametrize("content", [b"no database " * 500, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_memory_is_moved_aside(content: bytes, class_folders: Path, tmp_path: Path) -> None:
    (tmp_path / MEMORY).write_bytes(content)
    images = _images(class_folders)[:4]
    _same(look_at_all(images, home=tmp_path), look_at_all(images, home=tmp_path / "other"))
    aside = list(tmp_path.glob(f"{MEMORY}.damaged-*"))
    assert [file.read_bytes() for file in aside] == [content]


def test_what_cannot_be_read_is_a_failure_and_the_rest_goes_on(class_folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "mixed"
    folder.mkdir(parents=True)
    good = (class_folders / "down" / "down_000.jpg").read_bytes()
    (folder / "a_good.jpg").write_bytes(good)
    (folder / "b_cut.jpg").write_bytes(good[: len(good) // 2])
    (folder / "c_text.jpg").write_bytes(b"a letter, not a photo")
    (folder / "d_good.jpg").write_bytes(good)
    images = _images(folder.parent)
    for _ in range(2):
        looks = look_at_all(images, home=tmp_path / "home")
        assert looks.kept.tolist() == [0, 3]
        assert [(one.name, one.code) for one in looks.failures] == [
            ("mixed/b_cut.jpg", "damaged"),
            ("mixed/c_text.jpg", "not_an_image"),
        ]
        assert len(looks) == len(looks.phash) == 2


def test_a_photo_too_large_for_today_fails_though_it_is_remembered(
    class_folders: Path, tmp_path: Path
) -> None:
    images = _images(class_folders)[:3]
    assert len(look_at_all(images, home=tmp_path)) == 3
    looks = look_at_all(images, home=tmp_path, max_megapixels=0.001)
    assert [one.code for one in looks.failures] == ["too_large"] * 3
    assert len(looks) == 0
    assert not looks.means


def test_mean_photos_are_the_mean_of_each_class(tmp_path: Path) -> None:
    for label, levels in {"dark": (20, 40), "light": (200, 220)}.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        for level in levels:
            Pillow.new("RGB", (80, 50), (level, 100, 0)).save(tmp_path / "photos" / label / f"{level}.png")
    looks = look_at_all(_images(tmp_path / "photos"), home=tmp_path)
    assert looks.labels == ("dark", "light")
    for k, red in ((0, 30), (1, 210)):
        assert looks.means[k].shape == (64, 64, 3)
        assert np.abs(looks.means[k] - (red, 100, 0)).max() < 4


def test_a_class_of_which_nothing_can_be_read_has_no_number(tmp_path: Path) -> None:
    for label, content in {"a_torn": b"nothing", "b_whole": None}.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        file = tmp_path / "photos" / label / "1.png"
        Pillow.new("RGB", (80, 50), (7, 7, 7)).save(file) if content is None else file.write_bytes(content)
    looks = look_at_all(_images(tmp_path / "photos"), home=tmp_path)
    assert looks.labels == ("b_whole",)
    assert looks.means[0].mean() == pytest.approx(7, abs=1)


def test_photos_without_a_class_have_no_mean(class_folders: Path, tmp_path: Path) -> None:
    images = [replace(image, label=None) for image in _images(class_folders)[:3]]
    looks = look_at_all(images, home=tmp_path)
    assert (len(looks), looks.labels, dict(looks.means)) == (3, (), {})


def test_some_rows_can_be_taken(class_folders: Path, tmp_path: Path) -> None:
    looks = look_at_all(_images(class_folders)[:10], home=tmp_path)
    some = looks.only(np.array([7, 2]))
    assert some.kept.tolist() == [7, 2]
    assert (some.phash == looks.phash[[7, 2]]).all()
    assert len(some) == 2


def test_a_photo_takes_less_than_150_bytes(class_folders: Path, tmp_path: Path) -> None:
    looks = look_at_all(_images(class_folders), home=tmp_path)
    columns = [value for name in looks.__slots__ if isinstance(value := getattr(looks, name), np.ndarray)]
    assert sum(column.nbytes for column in columns) / len(looks) < 100
    assert SEEN.itemsize < 150


def test_no_photos_are_no_trouble(tmp_path: Path) -> None:
    looks = look_at_all([], home=tmp_path)
    assert (len(looks), looks.failures, looks.labels) == (0, (), ())


@pytest.mark.shared_data
def test_odd_files_are_read_or_told(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "odd_images" / "odd_images.zip") as archive:
        archive.extractall(tmp_path / "odd")
    images = [one for one in _images(tmp_path / "odd") if not one.name.endswith(".csv")]
    looks = look_at_all(images, home=tmp_path)
    codes = {one.path.name: one.code for one in looks.failures}
    optional = (".heic", ".heif")  # an extra reads them
    assert {name: code for name, code in codes.items() if not name.endswith(optional)} == {
        "bomb.gif": "too_large",
        "bomb.png": "too_large",
        "broken_stream.png": "damaged",
        "text_named.jpg": "not_an_image",
        "truncated.jpg": "damaged",
        "truncated.png": "damaged",
        "zero_bytes.jpg": "empty",
    }
    assert len(looks) + len(looks.failures) == len(images)
    assert all(one.reason for one in looks.failures)
