"""Photos that are nearly the same."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageEnhance

from taxolens.core.records import Image, Part
from taxolens.data.near import STILL_BITS, Kind, cluster, near_by_hash, near_groups
from taxolens.imaging.look import look

CROWDS = 10**9


def _codes(random: np.random.Generator, n: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    phash, dhash = (random.integers(0, 2**64, n, dtype=np.uint64) for _ in range(2))
    return phash, dhash


def _flipped(codes: NDArray[np.uint64], flips: int, random: np.random.Generator) -> NDArray[np.uint64]:
    """Each code with up to `flips` other bits."""
    for _ in range(flips):
        codes = codes ^ (np.uint64(1) << random.integers(0, 64, len(codes)).astype(np.uint64))
    return codes


def _all_pairs(phash: NDArray[np.uint64], dhash: NDArray[np.uint64], most: int) -> set[tuple[int, int]]:
    return {
        (i, j)
        for i in range(len(phash))
        for j in range(i + 1, len(phash))
        if (int(phash[i]) ^ int(phash[j])).bit_count() + (int(dhash[i]) ^ int(dhash[j])).bit_count() <= most
    }


def _found(pairs: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [(a, b) for a, b in pairs.tolist()]


@given(st.integers(0, 2**32 - 1), st.integers(0, 23))
def test_every_pair_within_reach_is_found_once_and_no_other(seed: int, most: int) -> None:
    random = np.random.default_rng(seed)
    phash, dhash = _codes(random, 12)
    near = [(_flipped(phash, k, random), _flipped(dhash, k, random)) for k in (2, 5, 8, 11)]
    phash, dhash = (np.concatenate(one) for one in zip((phash, dhash), *near, strict=True))
    found = _found(near_by_hash(phash, dhash, most=most, crowd=CROWDS))
    assert len(found) == len(set(found))
    distinct = len(set(zip(phash.tolist(), dhash.tolist(), strict=True))) == len(phash)
    if distinct:
        assert set(found) == _all_pairs(phash, dhash, most)
    else:
        assert cluster(np.array(found), len(phash)) == cluster(
            np.array(sorted(_all_pairs(phash, dhash, most))).reshape(-1, 2), len(phash)
        )


@given(st.integers(0, 2**32 - 1), st.integers(0, 23), st.integers(0, 8), st.integers(0, 12))
def test_of_crowds_only_the_close_pairs_are_found(seed: int, most: int, crowd: int, spread: int) -> None:
    """Against every pair there is, of codes so few that no other limit is reached."""
    random = np.random.default_rng(seed)
    scenes = [np.repeat(one, 9) for one in _codes(random, 2)]
    codes = np.unique(np.stack([_flipped(one, spread, random) for one in scenes], axis=1), axis=0)
    phash, dhash = codes[:, 0].copy(), codes[:, 1].copy()
    near = _all_pairs(phash, dhash, most)
    alike = [sum(row in pair for pair in near) for row in range(len(phash))]
    sparse = {(a, b) for a, b in near if max(alike[a], alike[b]) <= crowd}
    expected = sparse | _all_pairs(phash, dhash, min(STILL_BITS, most))
    assert set(_found(near_by_hash(phash, dhash, most=most, crowd=crowd))) == expected


@pytest.mark.slow
def test_a_season_of_one_still_scene_is_compared_in_seconds() -> None:
    random = np.random.default_rng(0)
    flicker = np.clip(random.beta(0.25, 3.5, 128), 0, 0.5)  # most bits stand still, some are noise
    noise = np.packbits(random.random((24_000, 128)) < flicker, axis=1).view(np.uint64)
    start = time.process_time()
    pairs = near_by_hash(noise[:, 0].copy(), noise[:, 1].copy())
    assert time.process_time() - start < 40
    assert len(pairs) < 24_000 * 20


def test_photos_that_say_nothing_are_left_out() -> None:
    same = np.zeros(4, dtype=np.uint64)
    usable = np.array([True, False, True, True])
    assert _found(near_by_hash(same, same, usable=usable)) == [(0, 2), (0, 3)]
    assert len(near_by_hash(same, same, usable=np.zeros(4, dtype=bool))) == 0


def test_without_photos_there_are_no_pairs() -> None:
    nothing = np.zeros(0, dtype=np.uint64)
    pairs = near_by_hash(nothing, nothing)
    assert pairs.shape == (0, 2)
    assert cluster(pairs, 0) == ()


def test_ten_thousand_photos_with_one_hash_hang_together_by_as_many_pairs() -> None:
    same = np.full(10_000, 7, dtype=np.uint64)
    pairs = near_by_hash(same, same)
    assert len(pairs) == 9_999
    assert len(cluster(pairs, 10_000)) == 1


def test_of_a_scene_that_stands_still_only_bursts_count() -> None:
    """Forty visits before one background, each a burst of three frames."""
    random = np.random.default_rng(3)
    background = np.full(40, 2**40 + 12345, dtype=np.uint64)
    visits = _flipped(background, 4, random), _flipped(background, 3, random)
    phash = np.repeat(visits[0], 3) ^ np.tile(np.array([0, 1, 2], np.uint64), 40)
    dhash = np.repeat(visits[1], 3)
    pairs = near_by_hash(phash, dhash)
    bursts = pairs // 3
    assert {(i, i) for i in range(40)} <= set(_found(bursts))
    assert (bursts[:, 0] == bursts[:, 1]).mean() > 0.6
    assert len(near_by_hash(phash, dhash, crowd=CROWDS)) > 10 * len(pairs)


def test_two_hundred_copies_among_many_photos_are_found_in_seconds() -> None:
    random = np.random.default_rng(0)
    phash, dhash = _codes(random, 24_000)
    copies = _flipped(phash[:200], 6, random), _flipped(dhash[:200], 6, random)
    start = time.process_time()
    pairs = near_by_hash(np.concatenate([phash, copies[0]]), np.concatenate([dhash, copies[1]]))
    assert _found(pairs) == [(i, 24_000 + i) for i in range(200)]
    assert time.process_time() - start < 15


@pytest.mark.parametrize("most", [-1, 24])
def test_more_bits_than_can_be_searched_are_refused(most: int) -> None:
    with pytest.raises(ValueError, match="bits from 0 to 23"):
        near_by_hash(np.zeros(1, np.uint64), np.zeros(1, np.uint64), most=most)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_groups_are_what_hangs_together(links: list[tuple[int, int]]) -> None:
    groups = cluster(np.array(links, dtype=np.int64).reshape(-1, 2), 31)
    of = {row: number for number, group in enumerate(groups) for row in group}
    assert len(of) == sum(len(group) for group in groups)
    assert all(len(group) > 1 and list(group) == sorted(group) for group in groups)
    assert list(groups) == sorted(groups)
    assert all(of[a] == of[b] for a, b in links if a != b)
    reached = [_reached(group[0], links) for group in groups]
    assert [set(group) for group in groups] == reached


def _reached(start: int, links: list[tuple[int, int]]) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for a, b in links:
            for there in {a, b} - {here} if here in (a, b) else ():
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
    return seen


def test_a_long_chain_is_one_group() -> None:
    chain = np.stack([np.arange(50_000), np.arange(1, 50_001)], axis=1)
    random = np.random.default_rng(1)
    names = random.permutation(50_001)
    assert len(cluster(names[chain], 50_001)) == 1


def test_groups_say_what_differs() -> None:
    def image(name: str, label: str, part: Part, sha256: str) -> Image:
        return Image(Path(name), name, label=label, part=part, sha256=sha256)

    images = [
        image("a", "cat", Part.TRAIN, "1"),
        image("b", "cat", Part.TEST, "1"),
        image("c", "dog", Part.TRAIN, "2"),
        image("d", "cat", Part.TRAIN, "3"),
    ]
    exact, near = near_groups(images, [(0, 1), (2, 3)])
    assert (exact.kind, exact.labels_differ, exact.parts_differ) == (Kind.EXACT, False, True)
    assert (near.kind, near.labels_differ, near.parts_differ) == (Kind.NEAR, True, False)


@pytest.mark.shared_data
def test_planted_copies_of_real_photos_are_found_and_no_other_pair(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "dogs3" / "dogs3_train.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")][::6]
        photos = [archive.read(name) for name in names]
    copies = [copy for content in photos[:12] for copy in _copies(content)]
    seen = [look(content) for content in [*photos, *copies]]
    looks = [np.array(one, dtype=np.uint64) for one in zip(*((s.phash, s.dhash) for s in seen), strict=True)]
    groups = cluster(near_by_hash(*looks), len(seen))
    ways = len(copies) // 12
    assert groups == tuple(
        (k, *range(len(photos) + k * ways, len(photos) + (k + 1) * ways)) for k in range(12)
    )


def _copies(content: bytes) -> list[bytes]:
    """Saved anew, resized, cropped by 3 %, brightened."""
    with Pillow.open(io.BytesIO(content)) as opened:
        photo = opened.convert("RGB")
    width, height = photo.size
    inside = (round(0.015 * width), round(0.015 * height), round(0.985 * width), round(0.985 * height))
    ways = (
        (photo, 70),
        (photo.resize((width * 4 // 5, height * 4 // 5), Pillow.Resampling.BICUBIC), 90),
        (photo.crop(inside), 90),
        (ImageEnhance.Brightness(photo).enhance(1.2), 90),
    )
    return [_jpeg(copy, quality) for copy, quality in ways]


def _jpeg(photo: Pillow.Image, quality: int) -> bytes:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=quality)
    return file.getvalue()


def test_frames_of_one_still_scene_make_few_pairs_and_none_stands_alone() -> None:
    n = 3000
    places = np.random.default_rng(5).integers(0, 64, (n, 2), dtype=np.uint64)
    phash, dhash = (np.uint64(1) << places).T.copy()
    pairs = near_by_hash(phash, dhash)
    assert len(pairs) <= 20 * n  # of millions
    assert sum(map(len, cluster(pairs, n))) == n
