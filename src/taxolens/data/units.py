"""Units: photos that must stay on one side of a split."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image
from taxolens.recipes.split import SplitBy


def units_of(
    images: Sequence[Image], by: SplitBy, duplicates: Sequence[tuple[int, ...]]
) -> NDArray[np.int64]:
    """Numbers the units of images: what shares a site, sequence or date, merged through identical files.

    An image without the site (or date) that is asked for stays with its sequence, else alone.

    Returns:
        int64 [n], unit of each image, numbered in the order of first appearance.
    """
    numbers: dict[Hashable, int] = {}
    unit = [numbers.setdefault(_key(image, index, by), len(numbers)) for index, image in enumerate(images)]
    parent = list(range(len(numbers)))
    for group in duplicates:
        first = _root(parent, unit[group[0]])
        for index in group[1:]:
            parent[_root(parent, unit[index])] = first
    roots = np.fromiter((_root(parent, one) for one in range(len(parent))), np.int64, len(parent))
    merged = roots[np.array(unit, dtype=np.int64)]
    _, first_seen, inverse = np.unique(merged, return_index=True, return_inverse=True)
    order = np.empty(len(first_seen), np.int64)
    order[np.argsort(first_seen)] = np.arange(len(first_seen))
    return order[inverse]


def shuffled_ranks(images: Sequence[Image], units: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A random number for each unit that depends on the seed and its first photo alone, not on the order.

    Returns:
        uint64 [units].
    """
    first: dict[int, tuple[str, str]] = {}
    for unit, image in zip(units.tolist(), images, strict=True):
        own = (image.name, image.sha256 or "")
        if unit not in first or own < first[unit]:
            first[unit] = own
    salt = str(seed).encode()[:64]
    ranks = np.empty(len(first), np.uint64)
    for unit, (name, sha256) in first.items():
        text = f"{name}\0{sha256}".encode("utf-8", "surrogateescape")
        ranks[unit] = int.from_bytes(hashlib.blake2b(text, digest_size=8, key=salt).digest(), "little")
    return ranks


def known_sites(images: Sequence[Image]) -> int:
    """How many different sites are known."""
    return len({image.site for image in images if image.site})


def has_sequences(images: Sequence[Image]) -> bool:
    """Whether at least one sequence holds more than one photo."""
    named = [image.sequence for image in images if image.sequence]
    return len(set(named)) < len(named)


def _key(image: Image, index: int, by: SplitBy) -> Hashable:
    if by is SplitBy.SITE and image.site:
        return ("site", image.site)
    if by is SplitBy.DATE and image.taken:
        return ("date", image.taken.date())
    if by is not SplitBy.NONE and image.sequence:
        return ("sequence", image.sequence)
    return index


def _root(parent: list[int], one: int) -> int:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one
