from __future__ import annotations

from pathlib import Path

from taxolens.inference import scan as room
from taxolens.inference.scan import scan
from tests.unit.inference.colour_model import write_photo


def test_photos_come_with_their_state_and_a_name_below_the_folder(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "site" / "a b.png")
    (found,) = scan(tmp_path)
    assert found.path == photo
    assert found.stamp.name == "site/a b.png"
    assert (found.stamp.size, found.stamp.mtime_ns) == (photo.stat().st_size, photo.stat().st_mtime_ns)


def test_a_single_photo_is_its_own_folder(tmp_path: Path) -> None:
    (found,) = scan(write_photo(tmp_path / "site" / "a.png"))
    assert found.stamp.name == "a.png"


def test_a_photo_that_vanishes_keeps_its_place(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    gone = tmp_path / "gone.png"
    there = write_photo(tmp_path / "a.png")
    monkeypatch.setattr(room, "walk_inside", lambda root, left_out: iter([str(gone), str(there)]))
    first, second = scan(tmp_path)
    assert (first.path, first.stamp.size, first.stamp.mtime_ns) == (gone, 0, 0)
    assert second.stamp.size > 0
