"""Units: photos that must stay on one side of a split."""

from __future__ import annotations

import hashlib
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from taxolens.data.columns import UNKNOWN, Columns
from taxolens.recipes.split import SplitBy


def units_of(columns: Columns, by: SplitBy) -> NDArray[np.int64]:
    """Numbers the units of photos: what shares a site, sequence or date, merged through identical files and
    through copies that were made from a photo.

    A photo without the site (or date) that is asked for stays with its sequence, else alone.

    Returns:
        int64 [n], unit of each photo, numbered in the order of first appearance.
    """
    unit = _numbered(_keys(columns, by))
    parent = list(range(int(unit.max(initial=-1)) + 1))
    for group in (*columns.duplicates(), *columns.made_of_one()):
        first = _root(parent, int(unit[group[0]]))
        for row in group[1:]:
            parent[_root(parent, int(unit[row]))] = first
    roots = np.fromiter((_root(parent, one) for one in range(len(parent))), np.int64, len(parent))
    return _numbered(roots[unit])


def shuffled_ranks(columns: Columns, units: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A random number for each unit that depends on the seed and its first photo alone, not on the order.

    Returns:
        uint64 [units].
    """
    first: dict[int, tuple[str, str]] = {}
    hashes = repeat("", len(columns)) if columns.hashes is None else columns.hashes
    for unit, name, sha256 in zip(units.tolist(), columns.names, hashes, strict=True):
        if unit not in first or (name, sha256) < first[unit]:
            first[unit] = (name, sha256)
    salt = str(seed).encode()[:64]
    ranks = np.empty(len(first), np.uint64)
    for unit, (name, sha256) in first.items():
        text = f"{name}\0{sha256}".encode("utf-8", "surrogateescape")
        ranks[unit] = int.from_bytes(hashlib.blake2b(text, digest_size=8, key=salt).digest(), "little")
    return ranks


def known_sites(columns: Columns) -> int:
    """How many different sites are known."""
    return len(np.unique(columns.site[columns.site != UNKNOWN]))


def has_sequences(columns: Columns) -> bool:
    """Whether at least one sequence holds more than one photo."""
    named = columns.sequence[columns.sequence != UNKNOWN]
    return len(np.unique(named)) < len(named)


def _keys(columns: Columns, by: SplitBy) -> NDArray[np.int64]:
    """int64 [n], the same for what shares a unit: each kind of key has numbers of its own."""
    alone = np.arange(len(columns), dtype=np.int64)
    if by is SplitBy.NONE:
        return alone
    keys = _over(alone, columns.sequence)
    chosen = {SplitBy.SITE: columns.site, SplitBy.DATE: columns.day}.get(by)
    return keys if chosen is None else _over(keys, chosen)


def _over(keys: NDArray[np.int64], better: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where something better is known it takes the place of the key, with a number that no key has."""
    return np.where(better == UNKNOWN, keys, better + int(keys.max(initial=-1)) + 1)


def _numbered(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers for keys in the order of their first appearance."""
    _, first_seen, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.empty(len(first_seen), np.int64)
    order[np.argsort(first_seen)] = np.arange(len(first_seen))
    return order[inverse]


def _root(parent: list[int], one: int) -> int:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one
