"""Photos that are nearly the same, by their hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_CANDIDATES = 1 << 20  # compared at once
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
    for pairs, bits in _compared(codes, most):
        alike += np.bincount(pairs.ravel(), minlength=len(codes))
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


def _compared(codes: NDArray[np.uint64], most: int) -> Iterator[tuple[Pairs, NDArray[np.int64]]]:
    """Pairs of near codes with the number of bits they differ in, each pair once, some at a time."""
    radius = most // _BANDS
    flips = [
        sum(1 << bit for bit in bits) for r in range(radius + 1) for bits in combinations(range(_BAND), r)
    ]
    bands = codes.view(np.uint16).reshape(len(codes), _BANDS)
    for band in range(_BANDS):
        keys = bands[:, band].astype(np.int64)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(_BUCKETS + 1))
        for flip in flips:
            for left, right in _candidates(keys, order, starts, flip):
                bits = np.bitwise_count(codes[left] ^ codes[right]).sum(axis=1, dtype=np.int64)
                near = np.flatnonzero(bits <= most)
                left, right, bits = left[near], right[near], bits[near]
                earlier = np.bitwise_count(bands[left, :band] ^ bands[right, :band]) <= radius
                new = ~earlier.any(axis=1)
                if new.any():
                    yield np.stack([left[new], right[new]], axis=1), bits[new]


def _candidates(
    keys: NDArray[np.int64], order: NDArray[np.int64], starts: NDArray[np.int64], flip: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows whose keys differ in exactly the bits of `flip`, each pair once, some at a time."""
    others = keys[order] ^ flip
    begin = np.maximum(starts[others], np.arange(len(order)) + 1)  # the later ones in the order, once each
    counts = np.clip(starts[others + 1] - begin, 0, _MOST_COMPARED)
    ends = np.cumsum(counts)
    at = 0
    while at < len(order):
        done = ends[at - 1] if at else 0
        stop = max(int(np.searchsorted(ends, done + _CANDIDATES, side="right")), at + 1)
        some = counts[at:stop]
        if total := int(some.sum()):
            offsets = np.arange(total) - np.repeat(np.cumsum(some) - some, some)
            right = np.repeat(begin[at:stop], some) + offsets
            yield np.repeat(order[at:stop], some), order[right]
        at = stop


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
