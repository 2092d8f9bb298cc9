from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from taxolens.core.errors import OutputError
from taxolens.storage.atomic import told_as_output, written_whole


def test_what_was_written_takes_the_place(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"old")
    with written_whole(tmp_path / "table.csv") as file:
        file.write(b"new")
        assert (tmp_path / "table.csv").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_bytes() == b"new"


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_all_as_it_was(tmp_path: Path, raised: type[BaseException]) -> None:
    (tmp_path / "table.csv").write_bytes(b"old")
    with pytest.raises(raised), written_whole(tmp_path / "table.csv") as file:
        file.write(b"half")
        raise raised
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_bytes() == b"old"


def test_what_a_killed_writer_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".table.csv.part").write_bytes(b"a half table that is longer")
    with written_whole(tmp_path / "table.csv") as file:
        file.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_bytes() == b"whole"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk of .*table.csv is full. Free some space"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be written"),
        (errno.ENOTDIR, "cannot be written: Not a directory"),
    ],
)
def test_a_refusal_is_one_sentence(number: int, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence), told_as_output(Path("table.csv")):
        raise OSError(number, os.strerror(number))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_told_and_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"old")
    (tmp_path / ".table.csv.part").symlink_to("/dev/full")
    with (
        pytest.raises(OutputError, match="is full"),
        written_whole(tmp_path / "table.csv") as file,
    ):
        file.write(b"new" * 100_000)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_bytes() == b"old"


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="Not a directory"), written_whole(tmp_path / "file" / "table.csv"):
        pass


def test_writers_of_one_file_do_not_meet_when_they_say_that_they_may(tmp_path: Path) -> None:
    with (
        written_whole(tmp_path / "a", shared=True) as first,
        written_whole(tmp_path / "a", shared=True) as second,
    ):
        first.write(b"first")
        second.write(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
