from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxolens.core.errors import DataError, UsageError
from taxolens.inference.scan import Shard
from taxolens.recipes.derive import DeriveRecipe, MergeRecipe, OutputRecipe
from taxolens.workflows.derive import derive
from taxolens.workflows.merge import MergeSummary, merge
from tests.unit.workflows.stored_rows import fill, row
from tests.unit.workflows.test_derive import Notes

LYNX = (0.9, 0.04, 0.03, 0.03)
FOX = (0.03, 0.04, 0.9, 0.03)
NAMES = st.sets(
    st.lists(st.sampled_from(["a", "b", "a b", "é", "Z", "_"]), min_size=1, max_size=3).map(
        lambda parts: "/".join(parts) + ".jpg"
    ),
    min_size=1,
    max_size=12,
)


def united(tmp_path: Path, *parts: Path, notes: Notes | None = None) -> MergeSummary:
    return merge(MergeRecipe(parts, OutputRecipe(tmp_path / "all.csv")), progress=notes)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES, count=st.integers(1, 4), asked=st.sampled_from([{}, {"threshold": 0.95, "top_k": 1}]))
def test_the_parts_together_are_the_whole_byte_by_byte(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], count: int, asked: dict[str, Any]
) -> None:
    place = tmp_path_factory.mktemp("merge")
    rows = [row(name) if "Z" in name else row(name, *(LYNX if len(name) % 2 else FOX)) for name in names]
    whole = fill(place / "whole.csv", rows, asked=asked)
    derive(DeriveRecipe(whole, OutputRecipe(place / "expected.csv")))
    parts = []
    for number in range(1, count + 1):
        own = [one for one in rows if Shard(number, count).holds(one.stamp.name)]
        parts.append(fill(place / f"{number}.csv", own, asked=asked, shard=f"{number}/{count}"))
    summary = united(place, *reversed(parts))
    assert summary.found == len(names)
    assert (place / "all.csv").read_bytes() == (place / "expected.csv").read_bytes()
    # The union is a folder of results like any other.
    derive(DeriveRecipe(place / "all.csv", OutputRecipe(place / "again.csv")))
    assert (place / "again.csv").read_bytes() == (place / "expected.csv").read_bytes()


@given(name=st.text(max_size=30), count=st.integers(1, 50))
def test_each_name_belongs_to_one_part(name: str, count: int) -> None:
    assert sum(Shard(number, count).holds(name) for number in range(1, count + 1)) == 1


def test_of_several_answers_about_one_photo_the_one_that_says_most_counts(tmp_path: Path) -> None:
    one = fill(tmp_path / "1.csv", [row("a.jpg"), row("b.jpg", *LYNX, mtime_ns=1)])
    other = fill(tmp_path / "2.csv", [row("a.jpg", *LYNX), row("b.jpg", *FOX, mtime_ns=2)])
    for parts in ((one, other), (other, one)):
        summary = united(tmp_path, *parts)
        assert (summary.found, summary.twice, summary.failed) == (2, 2, 0)
        lines = (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()
        assert [line.split(",")[4] for line in lines[1:]] == ["lynx", "fox"]


def test_two_photos_of_one_name_are_refused_not_lost(tmp_path: Path) -> None:
    one = fill(tmp_path / "1.csv", [row("a.jpg", *LYNX, size=1)])
    other = fill(tmp_path / "2.csv", [row("a.jpg", *FOX, size=2)])
    with pytest.raises(
        DataError, match=r"a.jpg is not the same photo in 1.csv.taxolens and in 2.csv.taxolens"
    ):
        united(tmp_path, one, other)


def test_other_models_and_outputs_that_would_be_lost_are_refused(tmp_path: Path) -> None:
    one = fill(tmp_path / "1.csv", [row("a.jpg", *LYNX)])
    other = fill(tmp_path / "2.csv", [row("b.jpg", *FOX)], sha256="b" * 64)
    with pytest.raises(UsageError, match="two models"):
        united(tmp_path, one, other)
    third = fill(tmp_path / "all.csv", [row("c.jpg", *FOX)])
    with pytest.raises(UsageError, match="would be lost"):
        united(tmp_path, one)
    with pytest.raises(UsageError, match="would be lost"):
        united(tmp_path, one, third)


def test_what_is_missing_is_told_and_more_can_be_united_later(tmp_path: Path) -> None:
    parts = [
        fill(tmp_path / f"{number}.csv", [row(f"{number}.jpg", *LYNX)], shard=f"{number}/3")
        for number in (1, 2)
    ]
    notes = Notes()
    assert united(tmp_path, *parts, notes=notes).found == 2
    assert notes.told == ["Parts of the photos are missing: 3/3."]
    third = fill(tmp_path / "3.csv", [row("3.jpg", *FOX)], shard="3/3", finished=False)
    notes = Notes()
    assert united(tmp_path, *parts, third, notes=notes).found == 3
    assert "has not reached its end. Photos answered: 1." in notes.told[0]


def test_corrections_of_all_parts_go_along(tmp_path: Path) -> None:
    one, other = (fill(tmp_path / f"{n}.csv", [row(f"{n}.jpg", *LYNX)]) for n in (1, 2))
    (tmp_path / "2.csv.taxolens" / "corrections.csv").write_text("file,label\n2.jpg,fox\n", encoding="utf-8")
    assert united(tmp_path, one, other).corrected == 1
    assert (tmp_path / "all.csv.taxolens" / "corrections.csv").exists()
