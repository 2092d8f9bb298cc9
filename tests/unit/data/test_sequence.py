"""Sites and events."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.core.records import Image
from taxolens.data.sequence import with_sequences, with_sites
from taxolens.recipes.source import SequenceBy, SiteBy

START = datetime(2024, 1, 6, 3, 35, 0)


def photo(name: str, seconds: float | None = None, **fields: object) -> Image:
    *folders, label, _ = ("", *name.split("/"))
    taken = None if seconds is None else START + timedelta(seconds=seconds)
    groups = tuple(filter(None, folders))
    return Image(Path(name), name, label, **{"groups": groups, "taken": taken, **fields})  # type: ignore[arg-type]


def events(images: list[Image], by: SequenceBy, gap: float) -> list[set[str]]:
    found: dict[str | None, set[str]] = {}
    for image in with_sequences(images, by, gap):
        key = image.sequence or f"alone {image.name}"
        found.setdefault(key, set()).add(image.name)
    return sorted(found.values(), key=min)


def test_numbers_run_on_across_class_folders() -> None:
    names = ["cow/CA-01_0009.jpg", "elk/CA-01_0010.jpg", "empty/CA-01_0011.jpg", "cow/CA-01_0013.jpg"]
    found = events([photo(name) for name in names], SequenceBy.FILENAME, 1)
    assert found == [{names[0], names[1], names[2]}, {names[3]}]
    assert events([photo(name) for name in names], SequenceBy.FILENAME, 2) == [set(names)]


@pytest.mark.parametrize(
    "other",
    ["north/cow/IMG_11.jpg", "cow/DSC_11.jpg", "cow/IMG_12.jpg", "cow/IMG.jpg", "cow/IMG_10_11.jpg"],
)
def test_other_folders_prefixes_and_steps_are_other_events(other: str) -> None:
    assert len(events([photo("cow/IMG_10.jpg"), photo(other)], SequenceBy.FILENAME, 1)) == 2


@pytest.mark.parametrize(
    "other", ["cow/IMG_0011.jpg", "cow/IMG_11.png", "elk/IMG_11 copy.jpg", "cow/IMG_10b.jpg"]
)
def test_zeros_suffixes_and_words_after_the_number_do_not_matter(other: str) -> None:
    assert len(events([photo("cow/IMG_10.jpg"), photo(other)], SequenceBy.FILENAME, 1)) == 1


def test_times_run_on_across_class_folders_of_one_camera() -> None:
    images = [
        photo("A/cow/1.jpg", 0, camera="x"),
        photo("A/elk/2.jpg", 60, camera="x"),
        photo("A/cow/3.jpg", 121, camera="x"),
        photo("A/cow/4.jpg", 30, camera="y"),
        photo("B/cow/5.jpg", 30, camera="x"),
        photo("A/cow/6.jpg", None, camera="x"),
    ]
    random.Random(1).shuffle(images)
    assert events(images, SequenceBy.EXIF, 60) == [
        {"A/cow/1.jpg", "A/elk/2.jpg"},
        {"A/cow/3.jpg"},
        {"A/cow/4.jpg"},
        {"A/cow/6.jpg"},
        {"B/cow/5.jpg"},
    ]
    without_time = next(
        image for image in with_sequences(images, SequenceBy.EXIF, 60) if image.name == "A/cow/6.jpg"
    )
    assert without_time.sequence is None


def test_a_change_of_zone_is_no_pause_where_every_photo_tells_its_zone() -> None:
    """The clock goes from 01:59 (+01:00) to 03:00 (+02:00), and in autumn an hour comes twice."""
    spring = [photo("A/cow/1.jpg", 0, utc_offset=60), photo("A/cow/2.jpg", 3630, utc_offset=120)]
    assert len(events(spring, SequenceBy.EXIF, 60)) == 1
    autumn = [photo("A/cow/1.jpg", 0, utc_offset=120), photo("A/cow/2.jpg", 10, utc_offset=60)]
    assert len(events(autumn, SequenceBy.EXIF, 60)) == 2


def test_photos_without_a_zone_are_compared_by_local_time_alone() -> None:
    mixed = [photo("A/cow/1.jpg", 0, utc_offset=60), photo("A/cow/2.jpg", 10), photo("A/cow/3.jpg", 20)]
    assert len(events(mixed, SequenceBy.EXIF, 60)) == 1
    other = [
        photo("A/elk/4.jpg", 0, camera="y", utc_offset=0),
        photo("A/elk/5.jpg", 3590, camera="y", utc_offset=60),
    ]
    assert len(events([*mixed, *other], SequenceBy.EXIF, 60)) == 2


def test_a_folder_above_the_class_folder_is_an_event() -> None:
    images = [photo("s1/cow/1.jpg"), photo("s1/elk/2.jpg"), photo("x/s1/cow/3.jpg"), photo("cow/4.jpg")]
    assert [image.sequence for image in with_sequences(images, SequenceBy.FOLDER, 0)] == [
        "s1",
        "s1",
        "x/s1",
        None,
    ]


def test_what_a_column_says_stays() -> None:
    images = [photo("s1/cow/1.jpg", 0, sequence="own", site="here"), photo("s1/cow/2.jpg", 0)]
    for by in SequenceBy:
        assert with_sequences(images, by, 60)[0].sequence == "own"
    assert [image.site for image in with_sites(images, SiteBy.FOLDER)] == ["here", "s1"]
    assert [image.site for image in with_sites(images, SiteBy.NONE)] == ["here", None]


@pytest.mark.parametrize("gap", [-1, float("nan")])
def test_a_gap_that_cannot_be_meant_is_refused(gap: float) -> None:
    with pytest.raises(UsageError, match="gap"):
        with_sequences([], SequenceBy.EXIF, gap)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), unique=True, max_size=20),
    st.integers(0, 4),
    st.randoms(),
)
def test_neighbours_within_the_gap_share_an_event_whatever_the_order(
    places: list[tuple[str, int]], gap: int, order: random.Random
) -> None:
    images = [photo(f"c{number % 3}/{prefix}{number}.jpg", number) for prefix, number in places]
    by_name = {image.name: image.sequence for image in with_sequences(images, SequenceBy.FILENAME, gap)}
    order.shuffle(images)
    assert {
        image.name: image.sequence for image in with_sequences(images, SequenceBy.FILENAME, gap)
    } == by_name
    for prefix in "ab":
        numbers = sorted(number for own, number in places if own == prefix)
        events = [by_name[f"c{number % 3}/{prefix}{number}.jpg"] for number in numbers]
        for at in range(1, len(numbers)):
            assert (events[at] == events[at - 1]) == (numbers[at] - numbers[at - 1] <= gap)
