"""95 % intervals by resampling what is independent: groups where they are known, else images.

Images that share a true and a predicted class are alike to every figure, so drawing images with
replacement is drawing how many fall into each cell of the confusion matrix: a multinomial draw, exact
and fast. With groups, whole groups are drawn and their cells go with them.

Percentile limits of the draws; the caller widens them where the draws cannot show doubt (`limits`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.metrics import f1_of, macro_f1_of, precision_of, recall_of

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Limits = tuple[Floats, Floats]

DRAWS = 1000
_FEWEST_DRAWS = 200
_WORK = 30_000_000  # units drawn in all; with more units there are fewer draws
_AT_ONCE = 2_000_000  # numbers held at a time


@dataclass(frozen=True, slots=True)
class Spread:
    """Lower and upper limits of each figure over the draws; per class [c], else scalars."""

    accuracy: Limits
    macro_f1: Limits
    top5: Limits
    precision: Limits
    recall: Limits
    f1: Limits


@dataclass(frozen=True, slots=True)
class _Cells:
    """Entries (unit, true class, predicted class, in the best five) with their image counts."""

    unit: Counts
    truth: Counts
    predicted: Counts
    near: NDArray[np.bool_]
    count: Floats


def spread(
    truth: Counts,
    predicted: Counts,
    near: NDArray[np.bool_],
    classes: int,
    *,
    groups: Counts | None,
    seed: int,
) -> Spread:
    """Draws again and again, and reads off between what the middle 95 % of each figure lie.

    Args:
        truth: [n], true classes.
        predicted: [n], predicted classes.
        near: [n], whether the truth is among the five best.
        groups: [n], which images belong together; None where every image stands for itself.
    """
    cells, units, images = _count(truth, predicted, near, classes, groups)
    tables = [
        _figures(cells, weights, classes) for weights in unit_draws(units, images, len(cells.unit), seed=seed)
    ]
    return Spread(*(middle(np.concatenate(parts)) for parts in zip(*tables, strict=True)))


def _count(
    truth: Counts,
    predicted: Counts,
    near: NDArray[np.bool_],
    classes: int,
    groups: Counts | None,
) -> tuple[_Cells, Floats, int]:
    """Entries, how likely each unit is drawn, and how many units make one draw."""
    code = (truth * classes + predicted) * 2 + near
    if groups is None:
        kinds, count = np.unique(code, return_counts=True)
        unit, number = np.arange(len(kinds)), np.ones(len(kinds))
        likely, size = count / len(code), len(code)
    else:
        group = np.unique(groups, return_inverse=True)[1]
        span = classes * classes * 2
        both, count = np.unique(group * span + code, return_counts=True)
        unit, kinds, number = both // span, both % span, count.astype(np.float64)
        size = int(group.max()) + 1
        likely = np.full(size, 1 / size)
    cell = kinds // 2
    entries = _Cells(unit, cell // classes, cell % classes, kinds % 2 == 1, number)
    return entries, likely, size


def unit_draws(units: Floats, size: int, entries: int, *, seed: int) -> Iterator[Counts]:
    """How often each unit is in each draw, a batch of draws at a time.

    Args:
        units: [u], how likely each unit is; sums to 1.
        size: how many units make one draw.
        entries: numbers that a draw costs the caller; decides how many draws there are, and how many at once.

    Returns:
        int64 [draws of the batch, u], 200 to 1000 draws in all.
    """
    draws = int(np.clip(_WORK // max(len(units), entries), _FEWEST_DRAWS, DRAWS))
    at_once = max(1, _AT_ONCE // max(len(units), entries))
    rng = np.random.default_rng(seed)
    for begin in range(0, draws, at_once):
        yield rng.multinomial(size, units, size=min(at_once, draws - begin))


def _figures(cells: _Cells, weights: Counts, classes: int) -> tuple[Floats, ...]:
    images = weights[:, cells.unit] * cells.count
    hit = cells.truth == cells.predicted
    support = sums_by_class(images, cells.truth, classes)
    predicted = sums_by_class(images, cells.predicted, classes)
    right = sums_by_class(images[:, hit], cells.truth[hit], classes)
    total = images.sum(axis=1)
    return (
        right.sum(axis=1) / total,
        macro_f1_of(right, predicted, support),
        images[:, cells.near].sum(axis=1) / total,
        np.where(predicted > 0, precision_of(right, predicted), np.nan),
        np.where(support > 0, recall_of(right, support), np.nan),
        np.where(predicted + support > 0, f1_of(right, predicted, support), np.nan),
    )


def sums_by_class(images: Floats, label: Counts, classes: int) -> Floats:
    """Sums the columns of each class: [draws, entries] to [draws, classes]."""
    sums = np.zeros((len(images), classes))
    if len(label):
        order = np.argsort(label, kind="stable")
        present, begins = np.unique(label[order], return_index=True)
        sums[:, present] = np.add.reduceat(images[:, order], begins, axis=1)
    return sums


def middle(values: Floats) -> Limits:
    """The middle 95 % of the draws (first axis); 0 and 1 where no draw had a value."""
    ordered = np.sort(values, axis=0)  # not-a-number goes last
    known = np.isfinite(ordered).sum(axis=0)
    low = _quantile(ordered, known, 0.025)
    high = _quantile(ordered, known, 0.975)
    return np.where(known > 0, low, 0.0), np.where(known > 0, high, 1.0)


def _quantile(ordered: Floats, known: Counts, share: float) -> Floats:
    """Linear between neighbours, of the first `known` values of each column."""
    place = np.maximum(np.asarray(known) - 1, 0) * share
    below = np.floor(place).astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    if ordered.ndim == 1:
        left, right = ordered[below], ordered[above]
    else:
        columns = np.arange(ordered.shape[1])
        left, right = ordered[below, columns], ordered[above, columns]
    return np.asarray(left + (right - left) * (place - below))
