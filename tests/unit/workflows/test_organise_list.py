from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.workflows.organise_list import (
    LIST,
    OWN,
    Entry,
    Kind,
    OpenList,
    Settings,
    State,
    read_list,
    read_settings,
    state_of,
    write_list,
    write_settings,
)

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)
ENTRIES = st.builds(
    Entry,
    NAMES,
    NAMES,
    st.sampled_from([Kind.COPY, Kind.LINK, Kind.SIDECAR]),
    st.just("ab" * 32),
    st.integers(0, 2**40),
    st.integers(-(2**62), 2**62),
    st.integers(0, 2**40),
    st.just("0123456789abcdef"),
)
SLOW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@SLOW
@given(st.lists(ENTRIES, max_size=6, unique_by=lambda entry: entry.file))
def test_a_list_is_read_as_it_was_written(tmp_path: Path, entries: list[Entry]) -> None:
    write_list(tmp_path, entries)
    assert read_list(tmp_path) == (entries, True)


@SLOW
@given(st.lists(ENTRIES, min_size=1, max_size=5, unique_by=lambda entry: entry.file), st.data())
def test_a_list_that_is_cut_short_anywhere_loses_no_row_that_was_whole(
    tmp_path: Path, entries: list[Entry], data: st.DataObject
) -> None:
    write_list(tmp_path, [])
    ends = [(tmp_path / LIST).stat().st_size]
    for entry in entries:
        listed = OpenList(tmp_path)
        listed.add([entry])
        listed.close()
        ends.append((tmp_path / LIST).stat().st_size)
    content = (tmp_path / LIST).read_bytes()
    cut = data.draw(st.integers(ends[0], len(content)))
    (tmp_path / LIST).write_bytes(content[:cut])
    found, _ = read_list(tmp_path)
    whole = sum(end <= cut for end in ends[1:])
    # The line end alone may be missing of one row more.
    assert found in (entries[:whole], entries[: whole + 1])


def test_the_last_row_of_a_file_counts_and_one_that_was_removed_is_none(tmp_path: Path) -> None:
    first = Entry("a/1.jpg", "1.jpg", Kind.COPY, "", 1, 1, 1, "0" * 16)
    other = Entry("a/2.jpg", "2.jpg", Kind.COPY, "", 1, 1, 1, "0" * 16)
    anew = Entry("a/1.jpg", "1.jpg", Kind.COPY, "", 2, 2, 2, "1" * 16)
    gone = Entry("a/2.jpg", "2.jpg", Kind.GONE, "", 1, 1, 1, "0" * 16)
    write_list(tmp_path, [first, other, anew, gone])
    assert read_list(tmp_path) == ([anew], False)


def test_no_list_is_an_empty_one_and_one_that_is_a_folder_is_told(tmp_path: Path) -> None:
    assert read_list(tmp_path)[0] == []
    (tmp_path / LIST).mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        read_list(tmp_path)


def test_settings_are_read_as_they_were_written_and_damage_is_told(tmp_path: Path) -> None:
    assert read_settings(tmp_path) is None
    (tmp_path / OWN).mkdir()
    said = Settings("/cards/é\udc80", "--by species", {"a/b": "a_b"}, True)
    write_settings(tmp_path, said)
    assert read_settings(tmp_path) == said
    for text in ("", "[]", '{"version": 2}', '{"version": 1, "folders": []}'):
        (tmp_path / OWN / "recipe.json").write_text(text)
        with pytest.raises(UsageError, match="cannot be read"):
            read_settings(tmp_path)


def test_a_file_is_the_same_changed_or_missing(tmp_path: Path) -> None:
    file = tmp_path / "1.jpg"
    file.write_bytes(b"photo")
    stat = file.stat()
    entry = Entry("1.jpg", "1.jpg", Kind.COPY, "", 5, stat.st_mtime_ns, 5, "0" * 16)
    assert state_of(tmp_path, entry) is State.SAME
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    assert state_of(tmp_path, entry) is State.CHANGED
    file.write_bytes(b"longer than before")
    assert state_of(tmp_path, entry) is State.CHANGED
    file.write_bytes(b"")
    assert state_of(tmp_path, entry) is State.MISSING
    file.unlink()
    assert state_of(tmp_path, entry) is State.MISSING
