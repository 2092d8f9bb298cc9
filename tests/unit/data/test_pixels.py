"""Decoded once where there is room, on demand where there is none; the pixels are the same."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import DataError, OutputError
from taxolens.core.progress import Silent
from taxolens.core.records import Image
from taxolens.core.texts import plain
from taxolens.data import pixels as room
from taxolens.data.pixels import Decoded, FreshPixels, KeptPixels, RowPixels, decode_all
from taxolens.imaging.decode import decode
from taxolens.imaging.preprocess import Preprocess
from tests.conftest import write_class_folders

RULE = Preprocess(24, 16)


@pytest.fixture
def images(tmp_path: Path) -> list[Image]:
    folder = write_class_folders(tmp_path / "photos", per_class=2)
    return [Image(path, path.name, label=path.parent.name) for path in sorted(folder.rglob("*.jpg"))]


def decoded(images: list[Image], folder: Path) -> Decoded:
    return decode_all(
        images, RULE, folder / "pixels.raw", workers=2, max_megapixels=150, progress=Silent(), say=plain
    )


def test_photos_are_decoded_by_the_rule_and_kept_in_order(images: list[Image], tmp_path: Path) -> None:
    found = decoded(images, tmp_path)
    assert isinstance(found.pixels, KeptPixels) and len(found.pixels) == len(images)
    for row, image in enumerate(images):
        assert np.array_equal(found.pixels[row], decode(image.path, RULE))
    assert (tmp_path / "pixels.raw").stat().st_size == len(images) * 24 * 16 * 3


def test_a_photo_that_cannot_be_read_is_told_and_the_others_close_ranks(
    images: list[Image], tmp_path: Path
) -> None:
    images[1].path.write_bytes(b"\xff\xd8\xff no photo")
    images[4].path.unlink()
    found = decoded(images, tmp_path)
    assert found.kept.tolist() == [0, 2, 3, 5]
    assert [failure.name for failure in found.failures] == [images[1].name, images[4].name]
    assert all(failure.reason for failure in found.failures)
    for row, kept in enumerate(found.kept):
        assert np.array_equal(found.pixels[row], decode(images[kept].path, RULE))


def test_without_room_photos_are_decoded_on_demand_to_the_same_pixels(
    images: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images[0].path.write_bytes(b"nothing")
    kept = decoded(images, tmp_path)
    monkeypatch.setattr(room, "_ROOM", 0.0)
    (tmp_path / "pixels.raw").unlink()
    fresh = decoded(images, tmp_path)
    assert isinstance(fresh.pixels, FreshPixels) and not (tmp_path / "pixels.raw").exists()
    assert len(fresh.pixels) == len(kept.pixels) == 5
    assert all(np.array_equal(fresh.pixels[row], kept.pixels[row]) for row in range(5))
    assert fresh.kept.tolist() == kept.kept.tolist()


def test_a_photo_that_went_away_while_it_was_learnt_from_is_told(
    images: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_ROOM", 0.0)
    found = decoded(images, tmp_path)
    images[2].path.unlink()
    with pytest.raises(DataError, match="at first and then no longer"):
        found.pixels[2]


def test_a_disk_that_is_full_after_all_is_told_before_anything_is_decoded(
    images: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room, "_reserve", full)
    with pytest.raises(OutputError, match="No space left"):
        decoded(images, tmp_path)
    assert not (tmp_path / "pixels.raw").exists()


def test_what_is_given_out_may_be_changed_without_harm(images: list[Image], tmp_path: Path) -> None:
    found = decoded(images, tmp_path)
    before = found.pixels[0].copy()
    found.pixels[0][:] = 0
    assert np.array_equal(found.pixels[0], before)


def test_no_photos_are_no_pixels(tmp_path: Path) -> None:
    found = decoded([], tmp_path)
    assert len(found.pixels) == len(found.kept) == len(found.failures) == 0


def test_some_photos_are_asked_for_by_their_row_among_all_in_other_processes_too(
    images: list[Image], tmp_path: Path
) -> None:
    found = decoded(images[2:4], tmp_path)
    some = RowPixels.of(found.pixels, np.array([3, 0]), 5)
    for pixels in (some, pickle.loads(pickle.dumps(some))):
        assert len(pixels) == 5
        assert np.array_equal(pixels[3], found.pixels[0])
        assert np.array_equal(pixels[0], found.pixels[1])
        with pytest.raises(IndexError):
            pixels[1]
