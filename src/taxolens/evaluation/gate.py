"""Whether a faster model may take the place of the one that it was made from.

Kept is what loses little, surely loses not much, and is worth its while. How much is surely lost is read
off the photos that one of the two alone names rightly, and off how these lie in sites or sequences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, t

from taxolens.core.errors import UsageError
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import Outcomes, compare_paired

_DOUBT = 0.05
_Z = 1.6448536269514722  # 95 % point of the standard normal distribution
_TAIL = 1e-12


class Verdict(StrEnum):
    """What became of a candidate."""

    KEPT = "kept"
    LOSES = "loses"
    NOT_PROVEN = "not_proven"
    NOT_FASTER = "not_faster"


@dataclass(frozen=True, slots=True)
class GateRule:
    """What a candidate must keep to.

    Attributes:
        most_lost: accuracy that it may have lost on the photos of the comparison, 0..1.
        most_possible: accuracy that it may have lost at the worst: 95 % upper bound, 0..1.
        least_faster: how many times as fast it must be.
    """

    most_lost: float = 0.005
    most_possible: float = 0.01
    least_faster: float = 1.2

    def __post_init__(self) -> None:
        if not 0 <= self.most_lost <= self.most_possible < 1 or not self.least_faster > 0:
            raise UsageError(
                "A candidate may lose from 0 up to less than all of its accuracy, surely no more than at the "
                "worst, and its speed is above 0: not {lost:g}, {possible:g} and {faster:g}.",
                lost=self.most_lost,
                possible=self.most_possible,
                faster=self.least_faster,
            )


@dataclass(frozen=True, slots=True)
class Gated:
    """A candidate judged.

    Attributes:
        lost: the original's accuracy less the candidate's, -1..1.
        lost_at_most: one-sided 95 % upper bound of it, -1..1.
        faster: how many times as fast as the original.
        photos: compared.
        needed: photos with which the verdict "not proven" could become "kept", were things to stay as they
            are; None for other verdicts.
    """

    verdict: Verdict
    lost: float
    lost_at_most: float
    faster: float
    photos: int
    needed: int | None = None


def judge_candidate(
    original: Answers, candidate: Answers, *, faster: float, rule: GateRule | None = None
) -> Gated:
    """Judges a candidate against its original on the same photos.

    Args:
        original: its answers on photos that neither learnt from.
        candidate: likewise, the same photos in the same order.
        faster: how many times as fast as the original it is on this machine.

    Raises:
        UsageError: the answers are not about the same photos, or about none.
    """
    rule = rule or GateRule()
    pair = compare_paired(original, candidate)
    lost = 0.0 - pair.accuracy.value
    bound = max(loss_bound(pair.outcomes), _grouped_bound(original, candidate))
    verdict, needed = _verdict(pair.outcomes, lost, bound, faster, rule)
    return Gated(verdict, lost, bound, faster, pair.outcomes.n, needed)


def _verdict(
    outcomes: Outcomes, lost: float, bound: float, faster: float, rule: GateRule
) -> tuple[Verdict, int | None]:
    slack = 1e-9  # 5 of 1,000 photos are half a point, whatever binary fractions make of it
    if lost > rule.most_lost + slack:
        return Verdict.LOSES, None
    if faster < rule.least_faster:
        return Verdict.NOT_FASTER, None
    if bound > rule.most_possible + slack:
        return Verdict.NOT_PROVEN, _needed(outcomes, lost, bound, rule.most_possible)
    return Verdict.KEPT, None


def loss_bound(outcomes: Outcomes) -> float:
    """One-sided 95 % upper bound of the accuracy that the second classifier lost against the first.

    The largest loss d at which so good an outcome of the second (this many photos or fewer net lost) still
    has a probability of 5 %, by the exact distribution of the net loss of n photos, each of which the first
    alone names rightly with probability q + d and the second alone with q. The nuisance q takes its most
    likely value for each d (the restricted estimate of Tango 1998, Statistics in Medicine 17; with the exact
    tail of Lloyd 2008, Biometrics 64). Without a photo on which they differ this is 3 in n.
    """
    b, c, n = outcomes.only_first, outcomes.only_second, outcomes.n
    if n == 0:
        return 1.0
    seen = (b - c) / n

    def beyond(loss: float) -> float:
        return _tail(b, c, n, loss) - _DOUBT

    if beyond(1.0) >= 0:
        return 1.0
    return float(brentq(beyond, seen, 1.0, xtol=1e-7))


def photos_needed(outcomes: Outcomes, most: float) -> int | None:
    """Photos with which the bound would lie at `most`, if as large a share of them differed and were lost.

    Returns:
        None where no number of photos would do: as much is lost already.
    """
    n = outcomes.n
    lost = max(0.0, (outcomes.only_first - outcomes.only_second) / n)
    if lost >= most:
        return None
    differ = (outcomes.only_first + outcomes.only_second) / n
    fewest = math.log(_DOUBT) / math.log1p(-most)
    return max(math.ceil(fewest), math.ceil(_Z**2 * (differ - lost**2) / (most - lost) ** 2), n + 1)


def _needed(outcomes: Outcomes, lost: float, bound: float, most: float) -> int | None:
    """Photos needed; more where they hang together, as doubt falls with the root of their number."""
    alone, seen = photos_needed(outcomes, most), max(0.0, lost)
    if alone is None:
        return None
    return max(alone, math.ceil(outcomes.n * ((bound - seen) / (most - seen)) ** 2))


def _grouped_bound(first: Answers, second: Answers) -> float:
    """One-sided 95 % upper bound of the loss where photos of a group may be lost together; -1 without groups.

    The spread of the groups' own losses (Liang and Zeger 1986, Biometrika 73), with Student's t for few groups.
    """
    if first.groups is None:
        return -1.0
    of = np.unique(first.groups, return_inverse=True)[1]
    groups = int(of.max()) + 1
    if groups < 2:
        return 1.0
    right = [(one.probabilities.argmax(axis=1) == one.truth).astype(float) for one in (first, second)]
    each = right[0] - right[1]
    apart = np.bincount(of, weights=each - each.mean())
    spread = math.sqrt(groups / (groups - 1) * float(np.square(apart).sum())) / len(each)
    return min(1.0, float(each.mean()) + float(t.ppf(1 - _DOUBT, groups - 1)) * spread)


def _tail(b: int, c: int, n: int, loss: float) -> float:
    """Probability of a net loss of at most b - c photos where the loss in the long run is `loss`."""
    first_alone, second_alone = _restricted(b, c, n, loss)
    differ = min(1.0, first_alone + second_alone)
    if differ <= 0:
        return 1.0
    low, high = binom.ppf([_TAIL, 1 - _TAIL], n, differ)
    m = np.arange(int(low), int(high) + 1)
    # The first has at most k of m photos that differ where k - (m - k) <= b - c.
    most = np.floor((m + b - c) / 2)
    return float(np.sum(binom.pmf(m, n, differ) * binom.cdf(most, m, first_alone / differ)))


def _restricted(b: int, c: int, n: int, loss: float) -> tuple[float, float]:
    """The most likely shares that the first alone and the second alone name rightly, `loss` apart."""
    if loss < 0:
        second, first = _restricted(c, b, n, -loss)
        return first, second
    middle = (b + c) * (1 - loss) - 2 * loss * (n - b)
    share = (middle + math.sqrt(middle**2 + 8 * n * c * loss * (1 - loss))) / (4 * n)
    share = min(max(share, 0.0), (1 - loss) / 2)
    return share + loss, share
