"""Photos that are nearly the same, by their hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image

Pairs = NDArray[np.int64]
"""int64 [p, 2], the lower row first; sorted, each pair once."""

MOST_BITS = 15
"""Bits of the 128 of both hashes in which near copies differ at most.

By eye on 24,000 photos of CIFAR-10: of 151 pairs up to here all but one or two show the same photo, saved
anew, cropped or recoloured; of the 83 pairs at 17 to 19 bits one in eight does not, beyond that one in four.
Copies saved anew at quality 70, resized to 80 %, brightened or with more contrast are within 15 bits in 99 %
of photos of animals, leaves and camera traps; cropped by 3 % (half at either side) in 90 to 100 %, by 3 % at
one side in 95 %, by 3 % at every side in half.
"""

CROWD = 5
"""Look-alikes beyond which a photo shows a scene that stands still, as a camera trap's: its hashes then tell
the scene and not what walks through it.

On 668 photos of one camera trap this leaves 368 pairs, 90 % of them within ten frames of each other, in groups
of at most nine; without it 1,873 pairs, 38 % within ten frames, and one group of 138 photos of the dark. The
price: of copies of such photos that were cropped by 3 % about half are found, of brightened ones 93 %.
"""

STILL_BITS = 4
"""Bits in which near copies of such a scene differ at most: frames of one burst."""

_BAND = 16  # bits
_BANDS = 8
_BUCKETS = 1 << _BAND
_CANDIDATES = 1 << 20  # pairs whose outcome is weighed at once
_AT_ONCE = 1 << 16  # pairs compared at once: they fit into the processor's own memory
_MOST_COMPARED = 500  # of those in one bucket: a crowd need not be compared in full to be known as one
_MOST_STILL = 20  # pairs kept of each photo of a still scene


class Kind(StrEnum):
    """How alike the photos of a group are."""

    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class NearGroup:
    """Photos that are copies of each other.

    Attributes:
        rows: two and more, ascending.
        kind: exact where all have the same bytes.
        labels_differ: they are called differently.
        parts_differ: they lie in different parts of the data's own split.
    """

    rows: tuple[int, ...]
    kind: Kind
    labels_differ: bool
    parts_differ: bool


def near_by_hash(
    phash: NDArray[np.uint64],
    dhash: NDArray[np.uint64],
    *,
    most: int = MOST_BITS,
    usable: NDArray[np.bool_] | None = None,
    crowd: int = CROWD,
) -> Pairs:
    """Pairs of photos whose two hashes together differ in at most `most` of 128 bits.

    Of a photo with more than `crowd` look-alikes only those count that differ in at most 4 bits. Photos with
    the very same hashes are each paired with the first of them, and only that one with others. So ten
    thousand frames of one still scene do not make fifty million pairs.

    By multi-index hashing (Norouzi, Punjani and Fleet 2012): cut into 8 bands of 16 bits, two codes at most
    8 r + 7 bits apart agree in one band up to r bits, so no pair is missed, but for scenes of more than 500
    look-alikes. A million pairs are compared at once; memory grows with the photos, not with their square.

    Args:
        phash: uint64 [n].
        dhash: uint64 [n].
        most: 0..23.
        usable: bool [n], photos whose hashes say something; all where None.
        crowd: look-alikes that a photo may have, photos with the same hashes counted once.

    Returns:
        int64 [p, 2], the lower row first, sorted.

    Raises:
        ValueError: `most` is out of range.
    """
    if not 0 <= most < 3 * _BANDS:
        raise ValueError(f"bits from 0 to {3 * _BANDS - 1}, not {most}")
    rows = np.arange(len(phash)) if usable is None else np.flatnonzero(usable)
    codes = np.stack([phash[rows], dhash[rows]], axis=1)
    distinct, first, same = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    leaders = first[same.ravel()]
    copies = np.flatnonzero(leaders != np.arange(len(rows)))
    others = first[_distinct_pairs(distinct, most, crowd)]
    pairs = np.concatenate([np.stack([leaders[copies], copies], axis=1), others])
    joined: Pairs = np.unique(np.sort(rows[pairs].astype(np.int64), axis=1), axis=0)
    return joined


def _distinct_pairs(codes: NDArray[np.uint64], most: int, crowd: int) -> Pairs:
    """Pairs of different codes that are near, without the far ones of crowded codes."""
    alike = np.zeros(len(codes), dtype=np.int64)
    still = np.zeros(len(codes), dtype=np.int64)
    near, far = [np.zeros((0, 2), np.int64)], [np.zeros((0, 2), np.int64)]
    for pairs, bits in _compared(codes, most, lambda: alike > crowd):
        np.add(alike, np.bincount(pairs.ravel(), minlength=len(codes)), out=alike)
        close = pairs[bits <= STILL_BITS]
        before = _times_before(close.ravel()).reshape(-1, 2)
        close = close[(still[close] + before).min(axis=1) < _MOST_STILL]
        still += np.bincount(close.ravel(), minlength=len(codes))
        near.append(close)
        apart = pairs[bits > STILL_BITS]
        far.append(apart[alike[apart].max(axis=1) <= crowd])
    apart = np.concatenate(far)
    return np.concatenate([*near, apart[alike[apart].max(axis=1) <= crowd]])


def _times_before(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 [m], how often each number stands before its place."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    times = np.empty(len(rows), dtype=np.int64)
    times[order] = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    return times


def _compared(
    codes: NDArray[np.uint64], most: int, crowded: Callable[[], NDArray[np.bool_]]
) -> Iterator[tuple[Pairs, NDArray[np.int64]]]:
    """Pairs of near codes with the number of bits they differ in, each pair once, some at a time.

    Args:
        crowded: bool [n], codes that are known to have too many look-alikes; the far ones among such are of no
            use to anybody and are left out.
    """
    radius = most // _BANDS
    flips = [
        sum(1 << bit for bit in bits) for r in range(radius + 1) for bits in combinations(range(_BAND), r)
    ]
    bands = codes.view(np.uint16).reshape(len(codes), _BANDS)
    for band in range(_BANDS):
        shelf = _Shelf(codes, bands[:, band].astype(np.int64))
        for flip in flips:
            for left, right, bits in shelf.near(flip, most, crowded):
                earlier = np.bitwise_count(bands[left, :band] ^ bands[right, :band]) <= radius
                new = ~earlier.any(axis=1)
                if new.any():
                    yield np.stack([left[new], right[new]], axis=1), bits[new]


_Compared = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Two rows, and the bits in which they differ."""


class _Shelf:
    """Codes in the order of one band: those that may be alike stand side by side.

    Args:
        codes: uint64 [n, 2].
        keys: int64 [n], the band of each.
    """

    def __init__(self, codes: NDArray[np.uint64], keys: NDArray[np.int64]) -> None:
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        self._starts = np.searchsorted(self._keys, np.arange(_BUCKETS + 1))
        self._first, self._second = (np.ascontiguousarray(codes[self._order, half]) for half in (0, 1))

    def near(self, flip: int, most: int, crowded: Callable[[], NDArray[np.bool_]]) -> Iterator[_Compared]:
        """Near rows whose keys differ in exactly the bits of `flip`, each pair once, some at a time."""
        others = self._keys ^ flip
        begin = np.maximum(self._starts[others], np.arange(len(others)) + 1)  # the later ones, once each
        counts = np.clip(self._starts[others + 1] - begin, 0, _MOST_COMPARED)
        ends = np.cumsum(counts)
        at = 0
        while at < len(ends):
            stop = _stop(ends, at, _CANDIDATES)
            limit = np.where(crowded()[self._order], min(STILL_BITS, most), most).astype(np.uint8)
            blocks = []
            while at < stop:
                end = min(_stop(ends, at, _AT_ONCE), stop)
                blocks.append(self._block(slice(at, end), begin[at:end], counts[at:end], limit))
                at = end
            yield tuple(np.concatenate(one) for one in zip(*blocks, strict=True))  # type: ignore[misc]

    def _block(
        self,
        places: slice,
        begin: NDArray[np.int64],
        counts: NDArray[np.int64],
        limit: NDArray[np.uint8],
    ) -> _Compared:
        """Compares each of some codes with as many that stand from `begin` on; one half of the bits first,
        for most pairs differ too much in these already."""
        right = np.repeat(begin - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
        bits = np.bitwise_count(np.repeat(self._first[places], counts) ^ self._first[right])
        most = np.maximum(np.repeat(limit[places], counts), limit[right])
        some = np.flatnonzero(bits <= most)
        left = np.repeat(np.arange(places.start, places.stop), counts)[some]
        right, most = right[some], most[some]
        bits = bits[some] + np.bitwise_count(self._second[left] ^ self._second[right])
        near = np.flatnonzero(bits <= most)
        return self._order[left[near]], self._order[right[near]], bits[near].astype(np.int64)


def _stop(ends: NDArray[np.int64], at: int, most: int) -> int:
    """Where to stop so that at most so many are compared, but one place at least."""
    done = ends[at - 1] if at else 0
    return max(int(np.searchsorted(ends, done + most, side="right")), at + 1)


def cluster(pairs: Pairs, n: int) -> tuple[tuple[int, ...], ...]:
    """Groups of rows that hang together by pairs, of two and more; rows ascending, groups by their first.

    Args:
        pairs: int64 [p, 2], rows below `n`.
    """
    group = _components(np.asarray(pairs, dtype=np.int64), n)
    members = np.flatnonzero(np.bincount(group, minlength=n)[group] > 1)
    ordered = members[np.argsort(group[members], kind="stable")]
    cuts = np.flatnonzero(np.diff(group[ordered])) + 1
    return tuple(tuple(part.tolist()) for part in np.split(ordered, cuts) if len(part))


def _components(pairs: Pairs, n: int) -> NDArray[np.int64]:
    """int64 [n], the lowest row that each row hangs together with."""
    group = np.arange(n)
    left, right = pairs[:, 0], pairs[:, 1]
    while True:
        low = np.minimum(group[left], group[right])
        high = np.maximum(group[left], group[right])
        if (low == high).all():
            return group
        np.minimum.at(group, high, low)
        while (group != group[group]).any():
            group = group[group]


def near_groups(images: Sequence[Image], groups: Sequence[Sequence[int]]) -> tuple[NearGroup, ...]:
    """What there is to say of groups of copies.

    Args:
        images: photos by row.
        groups: rows, as `cluster` gives them.
    """
    return tuple(_near_group(images, tuple(rows)) for rows in groups)


def _near_group(images: Sequence[Image], rows: tuple[int, ...]) -> NearGroup:
    members = [images[row] for row in rows]
    hashes = {image.sha256 or str(image.path) for image in members}
    labels = {image.label for image in members if image.label is not None}
    parts = {image.part for image in members if image.part is not None}
    return NearGroup(rows, Kind.EXACT if len(hashes) == 1 else Kind.NEAR, len(labels) > 1, len(parts) > 1)
