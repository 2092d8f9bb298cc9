"""Whether a faster detector may take the place of the one that it was made from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.paired import PairedBoxes, SizeChange, compare_boxes
from taxolens.evaluation.gate import Gated, GateRule, Verdict

_DOUBT = 0.05
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class GatedBoxes(Gated):
    """A detector judged: `lost` is mAP50.

    Attributes:
        sizes: true boxes of every size by who found them.
        blind: name of the size of which it clearly loses too many boxes; "" for none.
    """

    sizes: tuple[SizeChange, ...] = ()
    blind: str = ""


def judge_box_candidate(
    original: BoxAnswers,
    candidate: BoxAnswers,
    *,
    scores: tuple[float, float],
    faster: float,
    rule: GateRule | None = None,
) -> GatedBoxes:
    """Judges a detector against its original on the same photos.

    What holds of classifiers' accuracy holds of mAP50. And no size of animal may pay for the speed: a candidate also
    loses where it finds fewer boxes of a size by more than the rule's worst, and that is no chance (exact test, 5 %):
    whole numbers cost the smallest most, which a mean hides.

    Args:
        original: its boxes on photos that neither learnt from.
        candidate: likewise, the same photos in the same order.
        scores: from which each one's boxes count when they are looked for by size.
        faster: how many times as fast as the original it is on this machine.

    Raises:
        UsageError: the answers are not about the same photos, or there is no true box.
    """
    rule = rule or GateRule()
    pair = compare_boxes(original, candidate, scores=scores)
    lost, bound = pair.first - pair.second, pair.lost_at_most
    blind = _blind(pair, rule)
    needed = None
    if lost > rule.most_lost + _SLACK or blind:
        verdict = Verdict.LOSES
    elif faster < rule.least_faster:
        verdict = Verdict.NOT_FASTER
    elif bound > rule.most_possible + _SLACK:
        verdict = Verdict.NOT_PROVEN
        needed = _needed(original.n, max(0.0, lost), bound, rule.most_possible)
    else:
        verdict = Verdict.KEPT
    return GatedBoxes(verdict, lost, bound, faster, original.n, needed, pair.sizes[1:], blind)


def _blind(pair: PairedBoxes, rule: GateRule) -> str:
    worst = max(pair.sizes[1:], key=lambda one: one.lost if one.p < _DOUBT else -1.0)
    return worst.name if worst.p < _DOUBT and worst.lost > rule.most_possible + _SLACK else ""


def _needed(photos: int, lost: float, bound: float, most: float) -> int | None:
    """Photos with which the bound would lie at `most`, were things to stay as they are: doubt falls with the root."""
    if lost >= most:
        return None
    return max(photos + 1, math.ceil(photos * ((bound - lost) / (most - lost)) ** 2))
