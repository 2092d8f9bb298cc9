"""What is known of photos, column by column."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from taxolens.core.records import Image, Part
from taxolens.data.columns import UNKNOWN, columns_of


def test_images_become_numbers_and_what_is_not_known_has_none() -> None:
    columns = columns_of(
        [
            Image(Path("b.jpg"), "b.jpg", "fox", site="s", sha256="1", part=Part.TEST),
            Image(Path("a.jpg"), "a.jpg", "cow", sequence="q", sha256="2", taken=datetime(1, 1, 2)),
            Image(Path("c.jpg"), "c.jpg", "fox", site="s", sha256="1"),
        ]
    )
    assert len(columns) == 3 and columns.labels == ("cow", "fox") and columns.label.tolist() == [1, 0, 1]
    assert columns.site.tolist() == [0, UNKNOWN, 0] and columns.sequence.tolist() == [UNKNOWN, 0, UNKNOWN]
    assert columns.day.tolist() == [UNKNOWN, 2, UNKNOWN] and columns.part.tolist() == [2, UNKNOWN, UNKNOWN]
    assert columns.duplicates() == ((0, 2),)
    assert columns.without_parts().part.tolist() == [UNKNOWN] * 3


def test_files_that_were_not_hashed_are_the_same_only_by_their_place() -> None:
    columns = columns_of([Image(Path(name), name, "x") for name in ("a", "b", "a")])
    assert columns.duplicates() == ((0, 2),)


def test_some_photos_are_learners_without_a_part() -> None:
    columns = columns_of([Image(Path(n), n, "x", site=n, part=Part.TRAIN) for n in "abc"])
    some = columns.learners(columns.label.nonzero()[0] if columns.label.any() else columns.site[[0, 2]])
    assert some.names == ["a", "c"] and some.part.tolist() == [UNKNOWN, UNKNOWN]
