"""Two classifiers on the same photos: by how much they differ, and whether that could be luck.

Both are drawn together, so what makes a photo hard for both is no part of the doubt. What is independent
is drawn: groups (a site, a sequence) where they are known, else photos.

Tests of "both are right equally often":

- single photos: the exact McNemar test (McNemar 1947, Psychometrika 12): of the photos that one alone
  names rightly, each is as likely to be the other's;
- groups: the same within each group as a whole, that is, the exact sign-flip test of the groups' differences
  (Fisher 1935, The Design of Experiments, section 21), which is McNemar's where every photo is its own group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from taxolens.core.errors import UsageError
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.bootstrap import Limits, middle, sums_by_class, unit_draws
from taxolens.evaluation.metrics import macro_f1_of
from taxolens.evaluation.result import Interval

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_Z = 1.959963984540054  # 97.5 % point of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Photos by who named them rightly."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def n(self) -> int:
        """All photos."""
        return self.both + self.only_first + self.only_second + self.neither


@dataclass(frozen=True, slots=True)
class Paired:
    """The second classifier against the first, on the same photos.

    Attributes:
        groups: independent groups among the photos; None where unknown.
        accuracy: the second's less the first's, -1..1, with its 95 % interval.
        macro_f1: likewise.
        mcnemar: p-value of the exact McNemar test, which takes each photo as independent.
        p: p-value of the test that respects the groups; McNemar's where there are none.
    """

    outcomes: Outcomes
    groups: int | None
    accuracy: Interval
    macro_f1: Interval
    mcnemar: float
    p: float


def compare_paired(first: Answers, second: Answers, *, seed: int = 0) -> Paired:
    """Compares two classifiers on the same photos.

    Args:
        first: one's answers.
        second: the other's, on the same images in the same order, with the same classes.

    Raises:
        UsageError: the answers are not about the same photos, or about none.
    """
    if first.names != second.names or first.labels != second.labels or not first.n:
        raise UsageError(
            "Only answers on the same photos can be compared. Judge both models on the same data."
        )
    right = _right(first), _right(second)
    outcomes = Outcomes(
        both=int((right[0] & right[1]).sum()),
        only_first=int((right[0] & ~right[1]).sum()),
        only_second=int((~right[0] & right[1]).sum()),
        neither=int((~right[0] & ~right[1]).sum()),
    )
    drawn = _drawn(first, second, seed)
    mcnemar = mcnemar_p(outcomes.only_first, outcomes.only_second)
    accuracy = (outcomes.only_second - outcomes.only_first) / outcomes.n
    limits = paired_limits(outcomes)
    f1 = float(_macro_f1(second) - _macro_f1(first))
    groups = first.groups
    return Paired(
        outcomes=outcomes,
        groups=None if groups is None else len(np.unique(groups)),
        accuracy=_outer(accuracy, drawn[0], limits),
        # Macro-F1 rests on no more than accuracy does, so its doubt is not smaller either.
        macro_f1=_outer(f1, drawn[1], (f1 - accuracy + limits[0], f1 - accuracy + limits[1])),
        mcnemar=mcnemar,
        p=mcnemar if groups is None else sign_flip_p(_by_group(right[1], right[0], groups)),
    )


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Two-sided p-value of the exact McNemar test; 1 where the two never differ."""
    n = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n, 0.5))) if n else 1.0


def sign_flip_p(differences: Counts) -> float:
    """Two-sided p-value of a sum of whole numbers, were the sign of each a coin's: exact, up to 1e-12.

    The sum's distribution is a product of cosines in the frequency domain, one for each number.

    Args:
        differences: int64 [g].
    """
    sizes, times = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    most = int((sizes * times).sum())
    length = 2 * most + 1
    angle = 2 * np.pi * np.arange(length) / length
    spectrum = np.ones(length)
    for size, count in zip(sizes.tolist(), times.tolist(), strict=True):
        spectrum *= np.cos(angle * size) ** count
    chances = np.fft.ifft(spectrum).real  # of the sums 0, 1, ..., most, -most, ..., -1
    sums = np.concatenate([np.arange(most + 1), np.arange(-most, 0)])
    extreme = np.abs(sums) >= abs(int(differences.sum()))
    return float(np.clip(chances[extreme].sum(), 0.0, 1.0))


def holm(p_values: tuple[float, ...]) -> tuple[float, ...]:
    """P-values adjusted for their number (Holm 1979, Scandinavian Journal of Statistics 6), in their order."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)


def paired_limits(outcomes: Outcomes) -> tuple[float, float]:
    """95 % limits of a difference of two paired shares (Agresti and Min 2005, Statistics in Medicine 24).

    Half a photo is added to each of the four counts, so that few photos without a difference leave doubt.
    """
    n = outcomes.n + 2
    more, less = outcomes.only_second + 0.5, outcomes.only_first + 0.5
    centre = (more - less) / n
    half = _Z * float(np.sqrt(more + less - (more - less) ** 2 / n)) / n
    return max(-1.0, centre - half), min(1.0, centre + half)


def _called(answers: Answers) -> Counts:
    """The class that each photo got."""
    called: Counts = answers.probabilities.argmax(axis=1).astype(np.int64)
    return called


def _right(answers: Answers) -> NDArray[np.bool_]:
    return np.asarray(_called(answers) == answers.truth)


def _by_group(second: NDArray[np.bool_], first: NDArray[np.bool_], groups: Counts) -> Counts:
    """Right answers of the second less those of the first, in each group."""
    group = np.unique(groups, return_inverse=True)[1]
    return np.rint(np.bincount(group, weights=second.astype(float) - first)).astype(np.int64)


def _macro_f1(answers: Answers) -> float:
    classes = len(answers.labels)
    called = _called(answers)
    return float(
        macro_f1_of(
            np.bincount(answers.truth[called == answers.truth], minlength=classes).astype(float),
            np.bincount(called, minlength=classes).astype(float),
            np.bincount(answers.truth, minlength=classes).astype(float),
        )
    )


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Entries (unit, true class, both answers) with their image counts: photos alike to both figures."""

    unit: Counts
    truth: Counts
    first: Counts
    second: Counts
    count: Floats


def _drawn(first: Answers, second: Answers, seed: int) -> tuple[Limits, Limits]:
    """Limits of both differences over the draws; asked the other way round, the same with their signs turned."""
    if _called(first).tolist() > _called(second).tolist():
        turned = _drawn(second, first, seed)
        return (-turned[0][1], -turned[0][0]), (-turned[1][1], -turned[1][0])
    kinds, units, size = _kinds(first, second)
    classes = len(first.labels)
    tables = [
        _differences(kinds, weights, classes)
        for weights in unit_draws(units, size, max(len(kinds.unit), classes), seed=seed)
    ]
    accuracy, f1 = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    return middle(accuracy), middle(f1)


def _kinds(first: Answers, second: Answers) -> tuple[_Kinds, Floats, int]:
    """Entries, how likely each unit is drawn, and how many units make one draw."""
    classes = len(first.labels)
    code = (first.truth * classes + _called(first)) * classes + _called(second)
    kind, place = np.unique(code, return_inverse=True)
    if first.groups is None:
        unit, entry, number = np.arange(len(kind)), kind, np.ones(len(kind))
        likely, size = np.bincount(place) / first.n, first.n
    else:
        group = np.unique(first.groups, return_inverse=True)[1]
        pairs, count = np.unique(group * len(kind) + place, return_counts=True)
        unit, entry, number = pairs // len(kind), kind[pairs % len(kind)], count.astype(np.float64)
        size = int(group.max()) + 1
        likely = np.full(size, 1 / size)
    cell = entry // classes
    return _Kinds(unit, cell // classes, cell % classes, entry % classes, number), likely, size


def _differences(kinds: _Kinds, weights: Counts, classes: int) -> tuple[Floats, Floats]:
    images = weights[:, kinds.unit] * kinds.count
    total = images.sum(axis=1)
    support = sums_by_class(images, kinds.truth, classes)
    accuracy, f1 = [], []
    for called in (kinds.first, kinds.second):
        hit = called == kinds.truth
        right = sums_by_class(images[:, hit], kinds.truth[hit], classes)
        accuracy.append(right.sum(axis=1) / total)
        f1.append(macro_f1_of(right, sums_by_class(images, called, classes), support))
    return accuracy[1] - accuracy[0], f1[1] - f1[0]


def _outer(value: float, drawn: Limits, formula: tuple[float, float]) -> Interval:
    """The wider of two intervals, on each side."""
    low = min(float(drawn[0]), formula[0], value)
    high = max(float(drawn[1]), formula[1], value)
    return Interval(value, max(low, -1.0), min(high, 1.0))
