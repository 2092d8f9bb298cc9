from __future__ import annotations

from pathlib import Path

import numpy as np

from taxolens.core.records import Image, Part
from taxolens.workflows.inspect_twins import exact_pairs, twins_of, units_of_study


def photo(
    name: str,
    sha256: str,
    label: str = "fox",
    *,
    part: Part | None = None,
    sequence: str | None = None,
) -> Image:
    return Image(Path(name), name, label, part=part, sequence=sequence, sha256=sha256)


def pairs(*found: tuple[int, int]) -> np.ndarray:
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def test_identical_files_are_paired_with_the_first_of_their_kind() -> None:
    images = [photo("a", "1"), photo("b", "2"), photo("c", "1"), photo("d", "1")]
    assert exact_pairs(images).tolist() == [[0, 2], [0, 3]]


def test_copies_across_parts_come_before_copies_under_two_names_and_these_before_harmless_ones() -> None:
    images = [
        photo("a", "1"),
        photo("b", "1"),
        photo("c", "2"),
        photo("d", "2", "hare"),
        photo("e", "3", part=Part.TRAIN),
        photo("f", "3", part=Part.TEST),
    ]
    found = twins_of(images, exact_pairs(images))
    assert [one.rows for one in found] == [(4, 5), (2, 3), (0, 1)]
    assert [one.parts_differ for one in found] == [True, False, False]
    assert [one.contradiction for one in found] == [False, True, False]


def test_frames_of_one_event_may_bear_different_names_but_one_file_may_not() -> None:
    burst = [photo("a", "1", "empty", sequence="s"), photo("b", "2", "fox", sequence="s")]
    (near,) = twins_of(burst, pairs((0, 1)))
    assert near.one_event and near.labels_differ and not near.contradiction
    same = [photo("a", "1", "empty", sequence="s"), photo("b", "1", "fox", sequence="s")]
    (exact,) = twins_of(same, pairs((0, 1)))
    assert exact.exact and exact.contradiction


def test_many_that_look_alike_are_a_scene_and_no_contradiction() -> None:
    images = [photo(str(n), str(n), "fox" if n else "empty") for n in range(8)]
    (found,) = twins_of(images, pairs(*((n, n + 1) for n in range(7))))
    assert found.scene and found.labels_differ and not found.contradiction
    assert found.shown(3) == (0, 4, 7)


def test_sequences_and_copies_stay_together_where_something_is_judged() -> None:
    images = [photo("a", "1", sequence="s"), photo("b", "2", sequence="s"), photo("c", "2"), photo("d", "4")]
    units = units_of_study(images, twins_of(images, exact_pairs(images)))
    assert units[0] == units[1] == units[2] != units[3]


def test_a_scene_that_holds_most_photos_is_no_unit() -> None:
    images = [photo(str(n), str(n)) for n in range(40)]
    chain = twins_of(images, pairs(*((n, n + 1) for n in range(30))))
    assert len(set(units_of_study(images, chain).tolist())) == 40
