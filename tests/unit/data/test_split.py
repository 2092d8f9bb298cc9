"""Dividing photos so that nothing leaks."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import DataError, UsageError
from taxolens.core.records import Image, Part
from taxolens.data.split import (
    ALONE,
    COMPLETED,
    CONTRADICTED,
    CROSSED,
    EMPTY_PART,
    TOO_FEW_SITES,
    Split,
    folds,
    split_images,
    write_split,
)
from taxolens.formats.labelled import read_labelled
from taxolens.formats.table import read_table
from taxolens.recipes.split import SplitBy, SplitRecipe

START = datetime(2024, 1, 1)


def photo(number: int, label: str, **fields: object) -> Image:
    name = f"{label}/{number}.jpg"
    return Image(Path("/photos") / name, name, label, **{"sha256": f"{number:064x}", **fields})  # type: ignore[arg-type]


@st.composite
def photo_sets(draw: st.DrawFn) -> list[Image]:
    """Photos with some sites, sequences, times and copies."""
    images = []
    for number in range(draw(st.integers(1, 60))):
        site = draw(st.sampled_from([None, "A", "B", "C", "D"]))
        event = draw(st.none() | st.integers(0, 8))
        images.append(
            photo(
                number,
                draw(st.sampled_from(["cow", "elk", "fox"])),
                site=site,
                sequence=None if event is None else f"{site} {event}",
                taken=draw(st.none() | st.integers(0, 5).map(lambda days: START + timedelta(days=days))),
                sha256=f"{draw(st.integers(0, 80)):064x}",
            )
        )
    return images


SOME = [
    photo(1, "cow", site="x", sequence="x", taken=START),
    photo(2, "elk", site="y", sequence="y", taken=START),
]
recipes = st.builds(
    SplitRecipe,
    train=st.just(65.0),
    val=st.sampled_from([0.0, 15.0, 35.0]),
    by=st.sampled_from(SplitBy),
    seed=st.integers(0, 3),
).map(lambda recipe: replace(recipe, test=35.0 - recipe.val))


def crossing(split: Split, keys: list[object]) -> list[object]:
    """Keys found in more than one part."""
    parts = defaultdict(set)
    for key, part in zip(keys, split.parts, strict=True):
        if key is not None:
            parts[key].add(part)
    return [key for key, found in parts.items() if len(found) > 1]


@given(photo_sets(), recipes)
def test_nothing_that_belongs_together_is_on_two_sides(images: list[Image], recipe: SplitRecipe) -> None:
    images = images + SOME
    split = split_images(images, recipe)
    assert len(split.parts) == len(images) and set(split.parts) <= set(Part)
    assert split.by is not SplitBy.AUTO
    assert crossing(split, [image.sha256 for image in images]) == []
    kept = {
        SplitBy.SITE: [image.site for image in images],
        SplitBy.SEQUENCE: [image.sequence for image in images],
        SplitBy.DATE: [image.taken and image.taken.date() for image in images],
        SplitBy.NONE: [None for _ in images],
    }
    assert crossing(split, kept[split.by]) == []
    assert crossing(split, split.groups.tolist()) == []
    assert set(split.groups.tolist()) == set(range(split.groups.max() + 1))
    for image, part in zip(images, split.parts, strict=True):
        assert part is not Part.VAL or recipe.val, image
    learnt = {image.label for image, part in zip(images, split.parts, strict=True) if part is Part.TRAIN}
    assert learnt == {image.label for image in images}


@given(photo_sets(), recipes, st.randoms())
def test_the_same_photos_and_seed_give_the_same_split_in_any_order(
    images: list[Image], recipe: SplitRecipe, order: random.Random
) -> None:
    images = images + SOME
    places = list(range(len(images)))
    order.shuffle(places)
    split = split_images(images, recipe)
    other = split_images([images[place] for place in places], recipe)
    assert other.parts == tuple(split.parts[place] for place in places)
    assert other.by is split.by and set(other.notes) == set(split.notes)


@given(photo_sets(), st.sampled_from(SplitBy), st.integers(2, 6), st.randoms())
def test_folds_keep_together_what_belongs_together(
    images: list[Image], by: SplitBy, k: int, order: random.Random
) -> None:
    images = images + SOME
    places = list(range(len(images)))
    order.shuffle(places)
    fold = folds(images, k, by, 0)
    assert fold.dtype == np.int64 and fold.shape == (len(images),) and set(fold.tolist()) <= set(range(k))
    assert np.array_equal(folds([images[place] for place in places], k, by, 0), fold[places])
    of_file = defaultdict(set)
    for image, own in zip(images, fold.tolist(), strict=True):
        of_file[image.sha256].add(own)
    assert all(len(found) == 1 for found in of_file.values())


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=1), st.integers(0, 5))
def test_single_photos_are_divided_to_within_two_photos_of_each_class(
    counts: dict[str, int], seed: int
) -> None:
    images = [photo(n, label) for label, count in counts.items() for n in range(count)]
    images = [replace(image, sha256=image.name) for image in images]
    split = split_images(images, SplitRecipe(seed=seed))
    shares = {Part.TRAIN: 0.65, Part.VAL: 0.15, Part.TEST: 0.20}
    for label, count in counts.items():
        found = Counter(part for image, part in zip(images, split.parts, strict=True) if image.label == label)
        for part, share in shares.items():
            assert abs(found[part] - share * count) <= 2
        assert found[Part.TRAIN] >= 1
        assert count < 3 or (found[Part.VAL] >= 1 and found[Part.TEST] >= 1)
        assert count > 1 or ALONE in split.notes


@pytest.mark.parametrize("by", [SplitBy.SITE, SplitBy.SEQUENCE])
def test_shares_are_close_to_those_asked_when_units_differ_much_in_size(by: SplitBy) -> None:
    rng = random.Random(0)
    images = []
    for unit in range(120):
        label = rng.choice(["cow", "elk", "empty"])
        for _ in range(int(rng.expovariate(0.1)) + 1):
            own = label if rng.random() < 0.7 else "empty"
            images.append(photo(len(images), own, site=f"s{unit}", sequence=f"q{unit}"))
    split = split_images(images, SplitRecipe(by=by))
    assert split.by is by and split.grouped
    for label in ("cow", "elk", "empty"):
        found = Counter(part for image, part in zip(images, split.parts, strict=True) if image.label == label)
        for part, share in ((Part.TRAIN, 0.65), (Part.VAL, 0.15), (Part.TEST, 0.20)):
            assert abs(found[part] / found.total() - share) < 0.05


def test_the_seed_decides() -> None:
    images = [photo(number, "cow", site=f"s{number // 7}") for number in range(200)]
    splits = {split_images(images, SplitRecipe(seed=seed, by=SplitBy.SITE)).parts for seed in range(6)}
    assert len(splits) == 6


def test_rare_classes_at_shared_sites_still_reach_every_part_they_can() -> None:
    images = [photo(n, "common", site=f"s{n % 30}") for n in range(600)]
    images += [photo(1000 + n, "rare", site=f"s{n}") for n in range(3)]
    images += [photo(2000 + n, "rarer", site="s3") for n in range(4)]
    split = split_images(images, SplitRecipe())
    found = defaultdict(set)
    for image, part in zip(images, split.parts, strict=True):
        found[image.label].add(part)
    assert split.by is SplitBy.SITE
    assert found == {"common": set(Part), "rare": set(Part), "rarer": {Part.TRAIN}}


def by_auto(images: list[Image]) -> tuple[SplitBy, bool, tuple[str, ...]]:
    split = split_images(images, SplitRecipe())
    return split.by, split.grouped, split.notes


def test_auto_keeps_sites_together_then_sequences_then_nothing() -> None:
    plain = [photo(n, "cow" if n % 2 else "elk") for n in range(60)]
    two_sites = [replace(image, site=f"s{n % 2}") for n, image in enumerate(plain)]
    many_sites = [replace(image, site=f"s{n % 10}") for n, image in enumerate(plain)]
    events = [replace(image, sequence=f"q{n // 4}") for n, image in enumerate(two_sites)]
    singles = [replace(image, sequence=f"q{n}") for n, image in enumerate(plain)]
    assert by_auto(plain) == (SplitBy.NONE, False, ())
    assert by_auto(two_sites) == (SplitBy.NONE, False, (TOO_FEW_SITES,))
    assert by_auto(many_sites)[:2] == (SplitBy.SITE, True)
    assert by_auto(events) == (SplitBy.SEQUENCE, True, (TOO_FEW_SITES,))
    assert by_auto(singles) == (SplitBy.NONE, False, ())


def test_auto_does_not_split_by_site_when_classes_and_sites_are_the_same() -> None:
    images = [photo(n, f"c{n % 3}", site=f"s{n % 3}", sequence=f"q{n // 4}") for n in range(60)]
    split = split_images(images, SplitRecipe())
    assert split.by is SplitBy.SEQUENCE and TOO_FEW_SITES in split.notes
    assert EMPTY_PART in split_images(images, SplitRecipe(by=SplitBy.SITE)).notes


def test_identical_files_with_different_labels_are_told_and_left_out() -> None:
    images = [photo(n, "cow" if n % 2 else "elk") for n in range(40)]
    images += [
        replace(photo(99, "elk"), sha256=images[1].sha256),
        replace(photo(98, "elk"), sha256=images[2].sha256),
    ]
    split = split_images(images, SplitRecipe())
    assert split.duplicates == ((1, 40), (2, 41)) and split.contradictions == ((1, 40),)
    assert CONTRADICTED in split.notes and not split.grouped
    chosen = sorted(index for part in Part for index in split.indices(part).tolist())
    assert chosen == [index for index in range(42) if index not in (1, 40)]
    for part in Part:
        assert all(split.parts[index] is part for index in split.indices(part))


def test_the_sources_own_split_wins() -> None:
    parts = [Part.TRAIN] * 3 + [Part.VAL] * 3 + [Part.TEST] * 6
    images = [photo(n, "cow" if n % 2 else "elk", part=part) for n, part in enumerate(parts)]
    split = split_images(images, SplitRecipe())
    assert split.parts == tuple(parts) and split.notes == ()


def test_photos_that_the_sources_split_leaves_out_follow_their_unit_or_are_dealt_out() -> None:
    images = [photo(n, "cow", part=part) for n, part in enumerate([*Part] * 4)]
    images += [photo(50, "cow", sha256=images[2].sha256), *(photo(n, "cow") for n in range(60, 80))]
    split = split_images(images, SplitRecipe())
    assert split.parts[:12] == tuple(image.part for image in images[:12])
    assert split.parts[12] is Part.TEST
    assert set(split.parts[13:]) >= {Part.TRAIN}


@pytest.mark.parametrize(
    ("given_parts", "lacking"), [(("train", "test"), Part.VAL), (("train", "val"), Part.TEST)]
)
def test_a_part_that_the_sources_split_lacks_is_taken_from_training(
    given_parts: tuple[str, ...], lacking: Part
) -> None:
    images = [
        photo(n, "cow" if n % 2 else "elk", part=Part(given_parts[n % 3 // 2]), sequence=f"q{n // 6}")
        for n in range(120)
    ]
    split = split_images(images, SplitRecipe(by=SplitBy.NONE))
    assert COMPLETED[lacking,] in split.notes and f"no part {lacking.value}" in COMPLETED[lacking,]
    for image, part in zip(images, split.parts, strict=True):
        assert part is image.part or (image.part is Part.TRAIN and part is lacking)
    assert 10 <= split.parts.count(lacking) <= 25
    unasked = split_images(
        images,
        SplitRecipe(
            65 if lacking is Part.TEST else 80,
            *((35, 0) if lacking is Part.TEST else (0, 20)),
            by=SplitBy.NONE,
        ),
    )
    assert not {*COMPLETED.values()} & {*unasked.notes} and lacking not in unasked.parts


def test_both_parts_that_the_sources_split_lacks_are_named() -> None:
    images = [photo(n, "cow" if n % 2 else "elk", part=Part.TRAIN) for n in range(60)]
    split = split_images(images, SplitRecipe())
    assert COMPLETED[Part.VAL, Part.TEST] in split.notes and set(split.parts) == set(Part)


def test_a_leak_in_the_sources_split_is_told_and_not_claimed_as_kept_together() -> None:
    leaking = [photo(n, "cow", part=[*Part][n % 3], sequence=f"q{n // 4}") for n in range(24)]
    split = split_images(leaking, SplitRecipe())
    assert split.by is SplitBy.NONE and CROSSED in split.notes
    copies = [replace(image, sequence=None, sha256="a") for image in leaking]
    assert CROSSED in split_images(copies, SplitRecipe()).notes


@pytest.mark.parametrize(
    "shares", [(50, 20, 20), (0, 50, 50), (110, -10, 0), (float("nan"), 50, 50), (65, 15, 21)]
)
def test_shares_that_make_no_whole_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(UsageError, match="100"):
        split_images([photo(1, "cow")], SplitRecipe(*shares))


@pytest.mark.parametrize("by", [SplitBy.SITE, SplitBy.SEQUENCE, SplitBy.DATE])
def test_keeping_together_what_is_not_known_is_refused(by: SplitBy) -> None:
    with pytest.raises(DataError, match=by.value):
        split_images([photo(1, "cow")], SplitRecipe(by=by))
    with pytest.raises(DataError, match=by.value):
        folds([photo(1, "cow")], 3, by, 0)


def test_fewer_than_two_folds_are_refused() -> None:
    with pytest.raises(UsageError, match="2 folds"):
        folds([photo(1, "cow")], 1, SplitBy.NONE, 0)


def test_no_photos_make_an_empty_split() -> None:
    split = split_images([], SplitRecipe())
    assert (split.parts, split.groups.shape, split.duplicates) == ((), (0,), ())


def test_a_split_that_was_written_is_the_sources_own_split_when_read(tmp_path: Path) -> None:
    images = [
        replace(
            photo(n, "forêt" if n % 2 else "elk;a"), path=tmp_path / f"photos/{n}.jpg", site="s", taken=START
        )
        for n in range(30)
    ]
    split = split_images(images, SplitRecipe())
    write_split(split, images, tmp_path / "split.csv")
    assert (
        (tmp_path / "split.csv")
        .read_text(encoding="utf-8")
        .startswith("file,label,site,sequence,datetime,split,sha256\n")
    )
    back = read_labelled(tmp_path / "split.csv", unpack_to=tmp_path).images
    assert [(image.path, image.label, image.part, image.site, image.taken) for image in back] == [
        (image.path, image.label, part, "s", START) for image, part in zip(images, split.parts, strict=True)
    ]
    assert split_images(back, SplitRecipe(seed=5)).parts == split.parts


@pytest.mark.slow
def test_a_hundred_thousand_photos_take_seconds() -> None:
    images = [photo(n, f"c{n % 97}", sequence=f"q{n // 5}") for n in range(100_000)]
    begin = time.perf_counter()
    split = split_images(images, SplitRecipe())
    assert time.perf_counter() - begin < 40
    assert abs(split.parts.count(Part.TRAIN) - 65_000) < 100


def test_a_photo_and_its_copies_stay_on_one_side_where_the_source_leaves_out_a_part() -> None:
    """As in the table of a fold: who is held back is said, who validates is not."""
    sources = [replace(photo(n, f"c{n % 4}"), part=Part.TRAIN) for n in range(80)]
    copies = [
        replace(
            one, name=f"{one.name}-{turn}", path=Path(f"{one.path}-{turn}"), sha256=None, copy_of=one.name
        )
        for one in sources
        for turn in range(3)
    ]
    judged = [replace(photo(n, f"c{n % 4}"), part=Part.TEST) for n in range(80, 100)]
    images = [*sources, *copies, *judged]

    split = split_images(images, SplitRecipe())

    part = {image.name: one for image, one in zip(images, split.parts, strict=True)}
    assert Part.VAL in split.parts
    assert all(part[one.name] is part[one.copy_of] for one in copies if one.copy_of)


def test_the_table_of_a_prepared_folder_says_what_is_a_copy(tmp_path: Path) -> None:
    table = tmp_path / "fold-1.csv"
    rows = ["file,label,copy_of", "a.png,x,", "a-1.png,x,a.png", "b.png,y,"]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")

    assert [image.copy_of for image in read_table(table).images] == [None, "a.png", None]
