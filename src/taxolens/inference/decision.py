"""From a model's scores to an answer: pure, by numbered rules.

1. A photo that could not be read has failed. It is never a blank.
2. Classes that are excluded (asked for, or impossible where the photo was taken) are set aside, and the
   probabilities of the others sum to 1 again. Where nothing is left to them, the answer is "unsure".
3. Where the best score lies below the threshold, the answer is "unsure"; the best class stays in the ranking.
   This holds for blanks too: a photo that may hold an animal is not set aside unseen.
4. Where roll-up is asked for, an unsure answer becomes the lowest taxon above it whose classes together
   reach the threshold, if there is one.
5. Where the best class has the role `blank`, the photo is blank and its label is that class.
6. Else the answer is the best class.

Equal scores keep the model's own order of classes, so an answer never depends on chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.records import UNSURE, Failure, Prediction, Score, Status
from taxolens.core.taxonomy import Role, Taxon
from taxolens.inference.cascade_rule import CascadeRule
from taxolens.inference.ladder import Ladder
from taxolens.modelfile.card import Card, Task

USUAL_TYPICAL, USUAL_CONSERVATIVE = 0.25, 0.05
"""Thresholds of detectors whose card does not say them."""

_NOTHING = 1e-6
"""What rounding may leave to classes that a model rules out."""


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """What decides beside the scores.

    Attributes:
        labels: the c classes in the model's order.
        blanks: those that mean that nothing is there.
        threshold: a best score below it is "unsure", 0..1; None: every answer is accepted.
        quantile: conformal quantile q: a class is a candidate where its score is at least 1 - q;
            None: no candidates.
        top_k: length of the ranking, at least 1.
        excluded: classes that no answer may be.
        ladder: the taxa above the classes, where an unsure answer may be rolled up.
        least: of a detector: boxes that are less sure are not there, 0..1; None: the model draws no boxes.
        temperature: of the class distributions of a detector's boxes; 1: their scores' own shares.
        cascade: what decides between a detector and the classifier; None: one model answers alone.
        roles: what the classes stand for, in the model's order; empty where nobody says it.
        allowed: bool [c], classes that are not excluded; None: all.
    """

    labels: tuple[str, ...]
    blanks: frozenset[str] = frozenset()
    threshold: float | None = None
    quantile: float | None = None
    top_k: int = 5
    excluded: frozenset[str] = frozenset()
    ladder: Ladder | None = None
    least: float | None = None
    cascade: CascadeRule | None = None
    temperature: float = 1.0
    roles: tuple[Role | None, ...] = ()
    allowed: NDArray[np.bool_] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.top_k < 1:
            raise UsageError(
                "At least one label is ranked, not {top_k}. Ask for 1 or more.", top_k=self.top_k
            )
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise _no_threshold(self.threshold)
        if self.labels and self.excluded.issuperset(self.labels):
            raise UsageError("All classes of the model are excluded. Leave at least one.")
        if self.excluded:
            allowed = np.array([label not in self.excluded for label in self.labels], dtype=np.bool_)
            object.__setattr__(self, "allowed", allowed)

    def rank_of(self, label: str) -> str | None:
        """The rank of an answer that is a taxon above several classes; None for a class."""
        if self.ladder is None or label in self.labels:
            return None
        return self.ladder.ranks.get(label)


def rule_of(card: Card, *, top_k: int, threshold: float | None) -> DecisionRule:
    """What decides beside a model's scores; a threshold of None is the card's.

    The threshold of a detector is that of its boxes.

    Raises:
        UsageError: the threshold is no score, or the model does not keep boxes of so little.
    """
    if card.task is Task.DETECT:
        return DecisionRule(
            labels=card.labels,
            blanks=blanks_of(card.taxa),
            threshold=card.thresholds.unsure,
            top_k=top_k,
            least=least_of(card, threshold),
            temperature=card.temperature,
            roles=tuple(taxon.role for taxon in card.taxa),
        )
    return DecisionRule(
        labels=card.labels,
        blanks=blanks_of(card.taxa),
        threshold=card.thresholds.unsure if threshold is None else threshold,
        quantile=card.conformal.quantile if card.conformal else None,
        top_k=top_k,
        roles=tuple(taxon.role for taxon in card.taxa),
    )


def kept_from(card: Card) -> float:
    """How sure a detector must be of a box that is kept, 0..1; of those, fewer are shown."""
    said = card.thresholds.conservative
    return USUAL_CONSERVATIVE if said is None else said


def least_of(card: Card, threshold: float | None, *, at_least: float = 0.0) -> float:
    """How sure a detector must be of a box that is shown; a threshold of None is the card's typical one.

    Args:
        at_least: boxes that are less sure were not looked at further.

    Raises:
        UsageError: the threshold is no score, or boxes of so little are not kept.
    """
    typical, kept = card.thresholds.typical, max(kept_from(card), at_least)
    if threshold is None:
        return max(kept, USUAL_TYPICAL if typical is None else typical)
    if not 0 <= threshold <= 1:
        raise _no_threshold(threshold)
    if threshold < kept:
        raise UsageError(
            "The threshold {threshold} is lower than {kept}, from which on boxes are kept. Give {kept} or more.",
            threshold=threshold,
            kept=kept,
        )
    return threshold


def _no_threshold(threshold: float) -> UsageError:
    return UsageError("The threshold {threshold} is no score. Give one from 0 to 1.", threshold=threshold)


def blanks_of(taxa: Sequence[Taxon]) -> frozenset[str]:
    """The labels of classes that mean that nothing is there."""
    return frozenset(taxon.id for taxon in taxa if taxon.role is Role.BLANK)


def decide(name: str, scores: NDArray[np.float32], rule: DecisionRule) -> Prediction:
    """The answer for a photo that was read (rules 2 to 6).

    Args:
        scores: float32 [c], probabilities in the order of the rule's labels.
    """
    scores = without(scores, rule)
    order = np.argsort(-scores, kind="stable")
    if rule.allowed is not None:
        order = order[: int(rule.allowed.sum())]
    ranking = tuple(Score(rule.labels[i], float(scores[i])) for i in order[: rule.top_k])
    best = ranking[0]
    unsure = not best.score or (rule.threshold is not None and best.score < rule.threshold)
    above = (
        rule.ladder.climb(np.maximum(scores, 0), rule.threshold or 0.0) if unsure and rule.ladder else None
    )
    blank = not unsure and best.label in rule.blanks
    return Prediction(
        name=name,
        label=above.label if above else UNSURE if unsure else best.label,
        score=above.score if above else best.score,
        ranking=ranking,
        candidates=_candidates(scores, order, rule),
        status=Status.BLANK if blank else Status.OK,
    )


def without(scores: NDArray[np.float32], rule: DecisionRule) -> NDArray[np.float32]:
    """Scores of which those that are excluded are -1 and the others sum to 1 (rule 2).

    Scores that nothing is excluded from stay as they are, bit by bit.
    """
    if rule.allowed is None:
        return scores
    total = float(scores[rule.allowed].sum(dtype=np.float64))
    kept = scores / np.float32(total) if total > _NOTHING else np.zeros_like(scores)
    return np.where(rule.allowed, kept, np.float32(-1))


def failed(failure: Failure) -> Prediction:
    """The answer for a photo that could not be read (rule 1)."""
    return Prediction(
        name=failure.name, label="", score=0.0, ranking=(), status=Status.FAILED, failure=failure
    )


def _candidates(scores: NDArray[np.float32], order: NDArray[np.intp], rule: DecisionRule) -> tuple[str, ...]:
    """The conformal set, best first; the best class belongs to it always, so it is never empty."""
    if rule.quantile is None:
        return ()
    inside = int((1.0 - scores[order].astype(np.float64) <= rule.quantile).sum())
    return tuple(rule.labels[i] for i in order[: max(1, inside)])
