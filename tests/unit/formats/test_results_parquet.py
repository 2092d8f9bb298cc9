from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxolens.core.errors import MissingExtra
from taxolens.formats.columns import columns
from taxolens.formats.result import Result
from taxolens.formats.results_parquet import check_parquet, is_parquet, write_results_parquet
from tests.unit.formats.answers import NOON, every_kind, said

parquet = pytest.importorskip("pyarrow.parquet")


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def test_a_file_holds_the_columns_of_the_table_with_their_types(tmp_path: Path) -> None:
    write_results_parquet(every_kind(), tmp_path / "r.parquet", top_k=2)
    found = rows(tmp_path / "r.parquet")
    assert list(found[0]) == [column.name for column in columns(2)]
    assert (found[0]["file"], found[0]["datetime"], found[0]["score"]) == ("east/fox.jpg", NOON, 0.9)
    assert (found[0]["x"], found[0]["failure"], found[1]["x"]) == (None, None, 0.1)
    assert [row["status"] for row in found].count("failed") == 1


def test_no_results_are_a_file_with_columns(tmp_path: Path) -> None:
    write_results_parquet([], tmp_path / "r.parquet", top_k=3)
    assert parquet.read_schema(tmp_path / "r.parquet").names == [column.name for column in columns(3)]


def test_more_results_than_are_held_at_once_are_all_there(tmp_path: Path) -> None:
    results = (Result(said(f"{number}.jpg", "fox")) for number in range(45_000))
    write_results_parquet(results, tmp_path / "r.parquet", top_k=1)
    assert parquet.read_metadata(tmp_path / "r.parquet").num_rows == 45_000


@settings(max_examples=60)
@given(name=st.text(min_size=1), label=st.text(min_size=1))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str, label: str) -> None:
    path = tmp_path_factory.mktemp("parquet") / "r.parquet"
    write_results_parquet([Result(said(name, label))], path, top_k=1)
    (row,) = rows(path)
    assert (row["file"], row["label"]) == (name, label)


def test_odd_bytes_of_a_name_are_told(tmp_path: Path) -> None:
    write_results_parquet([Result(said("caf\udce9.jpg", "fox"))], tmp_path / "r.parquet", top_k=1)
    assert rows(tmp_path / "r.parquet")[0]["file"] == "caf\\udce9.jpg"


def test_a_stop_in_the_middle_leaves_the_earlier_file(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    out.write_bytes(b"earlier")

    def torn() -> Iterator[Result]:
        yield every_kind()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_results_parquet(torn(), out, top_k=1)
    assert [path.name for path in tmp_path.iterdir()] == ["r.parquet"]
    assert out.read_bytes() == b"earlier"


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra, match="taxolens\\[tables\\]"):
        check_parquet()


def test_its_own_files_are_recognised(tmp_path: Path) -> None:
    write_results_parquet([], tmp_path / "r.parquet", top_k=1)
    assert is_parquet(tmp_path / "r.parquet")
    assert not is_parquet(tmp_path)
