from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import OutputError
from taxolens.inference.row import Fault, Row, Stamp, row_to_line
from taxolens.inference.segments import (
    SegmentDamaged,
    number_of,
    read_rows,
    read_segment,
    segments_in,
    set_aside,
    write_segment,
)


def rows(count: int) -> list[Row]:
    return [Row(Stamp(f"{number}.jpg", number, 0), fault=Fault("empty", "Empty.")) for number in range(count)]


def written(folder: Path, count: int = 5, number: int = 1, writer: str = "aa") -> Path:
    return write_segment(folder, "journal1", writer, number, map(row_to_line, rows(count)))


def test_rows_come_back_with_their_journal(tmp_path: Path) -> None:
    assert read_rows(written(tmp_path, 5)) == ("journal1", rows(5))


def test_the_name_carries_writer_number_and_the_hash_of_the_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, number=12)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert path.name == f"segment-aa-000012-{digest}.jsonl.gz"
    assert number_of(path) == 12


def test_a_segment_is_plain_gzip_of_json_lines(tmp_path: Path) -> None:
    lines = gzip.decompress(written(tmp_path, 2).read_bytes()).split(b"\n")
    assert lines[0] == b'{"segment": 1, "journal": "journal1", "rows": 2}'
    assert len(lines) == 3


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_change_of_any_byte_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = written(tmp_path_factory.mktemp("s"))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip", "more"]))
    flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    path.write_bytes({"cut": whole[:at], "flip": flipped, "more": whole + b"\0"}[kind])
    with pytest.raises(SegmentDamaged):
        read_segment(path)


def forged(folder: Path, packed: bytes) -> Path:
    path = folder / f"segment-aa-000001-{hashlib.sha256(packed).hexdigest()[:16]}.jsonl.gz"
    path.write_bytes(packed)
    return path


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"segment": 1, "journal": "j", "rows": 7}',
        b'{"segment": 2, "journal": "j", "rows": 0}',
        b'{"segment": 1, "journal": "j", "rows": 1}\nno row',
    ],
)
def test_a_name_that_fits_does_not_make_a_segment(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(SegmentDamaged):
        read_rows(forged(tmp_path, gzip.compress(text)))


def test_bytes_that_are_no_gzip_do_not_make_a_segment(tmp_path: Path) -> None:
    with pytest.raises(SegmentDamaged):
        read_rows(forged(tmp_path, b"plain text"))


def test_segments_are_listed_oldest_first_and_other_files_left_out(tmp_path: Path) -> None:
    late, early, beside = (
        written(tmp_path, number=10),
        written(tmp_path, number=9),
        written(tmp_path, number=10, writer="zz"),
    )
    for name in (
        "journal.json",
        "segment-odd.jsonl.gz",
        "segment-aa-000003-0123456789abcdef.jsonl.gz.damaged",
    ):
        (tmp_path / name).write_bytes(b"")
    assert segments_in(tmp_path) == [early, late, beside]


def test_one_set_aside_is_listed_no_more_and_kept(tmp_path: Path) -> None:
    path = written(tmp_path)
    aside = set_aside(path)
    assert aside.name == path.name + ".damaged"
    assert segments_in(tmp_path) == []
    assert aside.exists()


def test_a_segment_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        written(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
