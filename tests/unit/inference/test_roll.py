from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.inference.roll import FILE, Roll, read_roll, write_roll
from taxolens.inference.stored import scan_order
from taxolens.storage.photos import walk_photos

SEGMENTS = (Path("segment-a"), Path("segment-b"))


def roll(*places: int) -> Roll:
    return Roll("journal", tuple(path.name for path in SEGMENTS), array("Q", places), {"top_k": 3})


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_a_roll_comes_back(tmp_path_factory: pytest.TempPathFactory, places: list[int]) -> None:
    folder = tmp_path_factory.mktemp("roll")
    write_roll(roll(*places), folder)
    assert read_roll(folder, journal="journal", segments=SEGMENTS) == roll(*places)


def test_a_roll_of_other_segments_or_another_beginning_does_not_count(tmp_path: Path) -> None:
    write_roll(roll(1), tmp_path)
    assert read_roll(tmp_path, journal="other", segments=SEGMENTS) is None
    assert read_roll(tmp_path, journal="journal", segments=(*SEGMENTS, Path("segment-c"))) is None
    assert read_roll(tmp_path / "nowhere", journal="journal", segments=SEGMENTS) is None


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_a_torn_roll_does_not_count(tmp_path: Path, cut: int) -> None:
    write_roll(roll(1, 2, 3), tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:cut])
    assert read_roll(tmp_path, journal="journal", segments=SEGMENTS) is None


def test_names_are_sorted_as_a_scan_finds_them(tmp_path: Path) -> None:
    names = ["b/2.jpg", "b/10.jpg", "a/z.jpg", "a/A/1.jpg", "c.jpg", "a.jpg", "a b/1.jpg", "Z/é.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [path.relative_to(tmp_path).as_posix() for path in walk_photos(tmp_path)]
    assert sorted(names, key=scan_order) == found
