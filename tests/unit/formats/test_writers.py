from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from taxolens.core.errors import MissingExtra, UsageError
from taxolens.formats.about import About
from taxolens.formats.result import Result
from taxolens.formats.writers import FORMATS, check_writable, format_of
from tests.unit.formats.answers import ABOUT, NOON, every_kind, failed, said


def out_of(name: str, folder: Path) -> Path:
    return folder / f"out{FORMATS[name].suffixes[0]}"


def test_the_formats_are_those_of_the_design() -> None:
    assert set(FORMATS) == {
        "csv",
        "xlsx",
        "parquet",
        "megadetector",
        "camtrap-dp",
        "coco",
        "timelapse",
        "dwca",
    }


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_recognised_and_may_be_written_anew(name: str, tmp_path: Path) -> None:
    format, out = FORMATS[name], out_of(name, tmp_path)
    check_writable(format, ABOUT)
    for _ in range(2):
        format.write(iter(every_kind()), out, ABOUT)
        assert format.recognises(out)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_names_that_are_no_utf_8(name: str, tmp_path: Path) -> None:
    FORMATS[name].write(
        [Result(said("east/caf\udce9.jpg", "fox"), NOON, "east")], out_of(name, tmp_path), ABOUT
    )


@pytest.mark.parametrize("name", FORMATS)
def test_what_goes_wrong_in_the_middle_leaves_nothing(name: str, tmp_path: Path) -> None:
    def torn() -> Iterator[Result]:
        yield from every_kind()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FORMATS[name].write(torn(), out_of(name, tmp_path), ABOUT)
    assert list(tmp_path.iterdir()) == []


def many(number: int) -> Iterator[Result]:
    yield failed("east/torn.jpg")
    for index in range(number):
        yield Result(
            said(f"east/{index:07d}.jpg", "fox"), NOON + timedelta(seconds=index), "east", f"e{index}"
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "parquet"])
def test_memory_stays_flat_as_results_grow(name: str, tmp_path: Path) -> None:
    peaks = []
    for number in (200, 2_000):
        tracemalloc.start()
        FORMATS[name].write(many(number), out_of(name, tmp_path), replace(ABOUT, top_k=1))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.csv", "csv"),
        ("a.CSV", "csv"),
        ("a.xlsx", "xlsx"),
        ("a.parquet", "parquet"),
        ("a.json", "megadetector"),
    ],
)
def test_the_end_of_a_name_tells_the_format(file: str, name: str) -> None:
    assert format_of(Path(file)) is FORMATS[name]


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("a.csv", "timelapse"),
        ("a.json", "coco"),
        ("a.zip", "dwca"),
        ("a.zip", "camtrap-dp"),
        ("a", "camtrap-dp"),
    ],
)
def test_a_format_that_is_asked_for_counts(file: str, asked: str) -> None:
    assert format_of(Path(file), asked) is FORMATS[asked]


def test_a_zip_asks_which_format_is_meant() -> None:
    with pytest.raises(UsageError, match="camtrap-dp, dwca"):
        format_of(Path("a.zip"))


@pytest.mark.parametrize("file", ["a.txt", "a", "a.csv.gz"])
def test_a_name_that_tells_no_format_lists_them_all(file: str) -> None:
    with pytest.raises(UsageError, match="megadetector"):
        format_of(Path(file))


def test_a_format_does_not_take_a_name_of_another_kind() -> None:
    with pytest.raises(UsageError, match=r"\.xlsx"):
        format_of(Path("a.csv"), "xlsx")


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="parquet"):
        format_of(Path("a.parquet"), "parket")


def test_what_writing_would_lack_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    with pytest.raises(UsageError, match="--deployments"):
        check_writable(FORMATS["camtrap-dp"], About())
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match="tables"):
        check_writable(FORMATS["xlsx"], About())
