from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.inference import scan as room
from taxolens.inference.scan import scan
from taxolens.storage.photos import LeftOut
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
    monkeypatch.setattr(room, "walk_inside", lambda root, left_out, clips: iter([str(gone), str(there)]))
    first, second = scan(tmp_path)
    assert (first.path, first.stamp.size, first.stamp.mtime_ns) == (gone, 0, 0)
    assert second.stamp.size > 0


def test_a_scan_of_the_folder_that_one_is_in_names_photos_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photo(tmp_path / "b" / "1.png")
    write_photo(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert [photo.stamp.name for photo in scan(Path())] == ["a.png", "b/1.png"]
    assert [photo.stamp.name for photo in scan(Path("a.png"))] == ["a.png"]
    assert [photo.stamp.name for photo in scan(Path("b") / "1.png")] == ["1.png"]


def test_a_walk_stays_inside_and_tells_what_it_leaves_out(tmp_path: Path) -> None:
    root = tmp_path / "card"
    write_photo(root / "a.png")
    outside = write_photo(tmp_path / "outside" / "b.png")
    (root / "out").symlink_to(outside.parent)
    (root / "b.png").symlink_to(outside)
    (root / "again.png").symlink_to(root / "a.png")
    (root / "._a.png").write_bytes(b"x")
    told: list[tuple[LeftOut, str]] = []
    found = scan(root, left_out=lambda why, path: told.append((why, Path(path).name)))
    assert [photo.stamp.name for photo in found] == ["a.png", "again.png"]
    assert sorted(told) == [(LeftOut.LINK, "b.png"), (LeftOut.LINK, "out"), (LeftOut.RESOURCE, "._a.png")]
