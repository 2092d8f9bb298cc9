"""Dealing units out to parts so that every part has its share of every class.

Greedy, largest unit first. A unit goes where the sum of squared differences from the wanted counts,
each divided by the wanted count, grows least (Pearson's chi-square over classes and over the whole). For
units of one photo of one class this is Sainte-Lague's rule of apportionment: every class is divided to
within a photo. The idea of dealing out what is hardest to place first is that of Sechidis, Tsoumakas and
Vlahavas, "On the stratification of multi-label data" (2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FREE = -1
"""Part of a unit that is yet to be dealt out."""


@dataclass(frozen=True, slots=True)
class Deal:
    """Units to be dealt out.

    Attributes:
        unit: int64 [n], unit of each photo, 0..u-1.
        label: int64 [n], class of each photo, 0..c-1.
        rank: uint64 [u], random order among units of like size.
        fixed: int64 [u], part of units that have one already, else `FREE`.
        shares: wanted share of each part, summing to 1, each above 0.
        least: for each part, how many units a class must have for the part to get one of them for sure.
            Where these claims meet in one unit, earlier parts win.
    """

    unit: NDArray[np.int64]
    label: NDArray[np.int64]
    rank: NDArray[np.uint64]
    fixed: NDArray[np.int64]
    shares: tuple[float, ...]
    least: tuple[int, ...]


def stratify(deal: Deal) -> NDArray[np.int64]:
    """Deals units out.

    Returns:
        int64 [u], part of each unit. It depends on the units' ranks, not on their order.
    """
    rows = _counted(deal)
    dealer = _Dealer(deal, rows)
    part = deal.fixed.copy()
    for unit in np.flatnonzero(part != FREE).tolist():
        dealer.put(rows.of(unit), part[unit])
    for unit in _largest_first(deal).tolist():
        holds = rows.of(unit)
        part[unit] = place = dealer.choose(holds)
        dealer.put(holds, place)
    return part


Holding = list[tuple[int, int]]
"""What a unit holds: classes and how many photos of each."""


class _Rows:
    """Photos per unit and class, without the zeros: a million units of one photo stay small.

    Args:
        starts: where the classes of each unit begin.
        labels: classes, unit after unit.
        counts: photos of each.
    """

    def __init__(self, starts: NDArray[np.int64], labels: list[int], counts: list[int]) -> None:
        self._starts: list[int] = starts.tolist()
        self._labels = labels
        self._counts = counts

    def of(self, unit: int) -> Holding:
        """What one unit holds."""
        start, end = self._starts[unit], self._starts[unit + 1]
        return list(zip(self._labels[start:end], self._counts[start:end], strict=True))


def _counted(deal: Deal) -> _Rows:
    classes = int(deal.label.max(initial=0)) + 1
    pairs, counts = np.unique(deal.unit * classes + deal.label, return_counts=True)
    starts = np.searchsorted(pairs, np.arange(len(deal.rank) + 1) * classes)
    return _Rows(starts, (pairs % classes).tolist(), counts.tolist())


def _largest_first(deal: Deal) -> NDArray[np.int64]:
    """Free units by size class (1, 2-3, 4-7, ... photos), shuffled within: else the seed would change little."""
    sizes = np.bincount(deal.unit, minlength=len(deal.rank))
    bands = np.frexp(sizes.astype(np.float64))[1]
    order: NDArray[np.int64] = np.lexsort((deal.rank, -bands)).astype(np.int64)
    free: NDArray[np.int64] = order[deal.fixed[order] == FREE]
    return free


class _Dealer:
    """What has been dealt so far.

    Args:
        deal: what is dealt out.
        rows: what each unit holds.
    """

    def __init__(self, deal: Deal, rows: _Rows) -> None:
        labels = int(deal.label.max(initial=0)) + 1
        photos = np.bincount(deal.label, minlength=labels)
        pairs = np.unique(deal.unit * labels + deal.label)
        units = np.bincount(pairs % labels, minlength=labels)
        self._parts = range(len(deal.shares))
        self._wanted = [[share * float(count) for count in photos] for share in deal.shares]
        self._have = [[0] * labels for _ in self._parts]
        self._whole = [share * float(len(deal.label)) for share in deal.shares]
        self._whole_have = [0 for _ in self._parts]
        self._left: list[int] = units.tolist()
        self._claims = [{part for part in self._parts if count >= deal.least[part]} for count in self._left]

    def put(self, holds: Holding, part: int) -> None:
        """Notes that a unit went to a part."""
        have = self._have[part]
        for label, count in holds:
            have[label] += count
            self._whole_have[part] += count
            self._left[label] -= 1
            self._claims[label].discard(part)

    def choose(self, holds: Holding) -> int:
        """The part that a unit should go to."""
        claimed = self._claimed(holds)
        return min(claimed or self._parts, key=lambda part: self._growth(holds, part))

    def _claimed(self, holds: Holding) -> set[int]:
        """The part that must have this unit now, because too few are left to serve it later."""
        if any(self._left[label] == 1 and 0 in self._claims[label] for label, _ in holds):
            return {0}
        urgent = [self._claims[label] for label, _ in holds if self._is_urgent(label)]
        if len(urgent) < 2:
            return urgent[0] if urgent else set()
        return {max(self._parts, key=lambda part: (sum(part in claim for claim in urgent), -part))}

    def _is_urgent(self, label: int) -> bool:
        return bool(self._claims[label]) and self._left[label] <= len(self._claims[label])

    def _growth(self, holds: Holding, part: int) -> float:
        """By how much the difference from the wanted counts grows."""
        wanted, have = self._wanted[part], self._have[part]
        size, growth = 0, 0.0
        for label, count in holds:
            growth += count * (count + 2 * (have[label] - wanted[label])) / wanted[label]
            size += count
        return growth + size * (size + 2 * (self._whole_have[part] - self._whole[part])) / self._whole[part]
