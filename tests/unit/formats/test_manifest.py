"""The table of a prepared folder."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.formats.manifest import Entry, copies_in, manifest_files, write_manifest


def entry(number: int) -> Entry:
    return Entry(
        f"train/{number}.jpg", "fox", "creek", "", "2026-05-31 14:05:00", "train", None, f"{number}.jpg"
    )


def test_files_and_copies_are_read_back(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    write_manifest([entry(1), entry(2).copied("random-flip")], table, labelled=True, folded=False)
    assert manifest_files(table) == ("train/1.jpg", "train/2.jpg")
    assert copies_in(table) == {"train/2.jpg"}
    assert copies_in(tmp_path / "none.csv") == frozenset()


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'file,label\n"1.jpg', "file,label\n" + "x" * 200_000])
def test_another_table_is_told(text: str, tmp_path: Path) -> None:
    csv.field_size_limit(131_072)  # the usual one, which other libraries raise for the whole process
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match="not the table of a prepared folder"):
        manifest_files(tmp_path / "labels.csv")


def test_copies_are_found_without_holding_the_table(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    write_manifest(map(entry, range(20_000)), table, labelled=True, folded=False)
    tracemalloc.start()
    assert copies_in(table) == frozenset()
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
