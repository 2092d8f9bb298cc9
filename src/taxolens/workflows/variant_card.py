"""What a variant that was chosen says of itself."""

from __future__ import annotations

from math import floor

from taxolens.core.texts import plain
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import conformal_quantile, unsure_threshold
from taxolens.evaluation.detection.answers import BoxAnswers
from taxolens.evaluation.detection.working import score_like
from taxolens.inference.decision import kept_from, least_of
from taxolens.modelfile.card import Card, Metric, Thresholds
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.variant_boxes import boxes_found
from taxolens.workflows.variant_facts import VariantFacts, Way

_ROUGH = "U8S8"
_ELSEWHERE = (
    "Judged on a processor that multiplies its whole numbers (U8S8) exactly; older x86 ones, without VNNI, may not: "
    "make the variant there, or judge it there."
)
_FEWEST = 10  # photos that a threshold can be chosen on, as in a training


def card_of_variant(recipe: VariantRecipe, facts: VariantFacts) -> Card:
    """The card of the chosen model."""
    found = facts.chosen.candidate
    card = found.model.card
    told = Metric(
        name="map50" if facts.boxes else "accuracy",
        value=found.accuracy.value,
        low=found.accuracy.low,
        high=found.accuracy.high,
        n=facts.n,
        data=facts.data,
    )
    changes: dict[str, object] = {
        "name": recipe.name or _name(card, found.way),
        "metrics": (told,),
        "variant_of": facts.original.candidate.model.sha256,
    }
    if found.way.integers == _ROUGH:
        changes["notes"] = (*card.notes, _ELSEWHERE)
    # A rival as it came has scores of its own, and what was chosen on them.
    if not (found.way.side or found.way.integers):
        return card.changed(**changes)
    if isinstance(found.answers, Answers):
        return _chosen_anew(card.changed(**changes), found.answers)
    return _shown_alike(card.changed(**changes), boxes_found(facts.original.candidate), found.answers)


def _chosen_anew(card: Card, answers: Answers) -> Card:
    """What the card promises of scores is of the original's; it is chosen anew where that was promised at all."""
    if answers.n < _FEWEST:
        return card
    scores, truth = answers.probabilities, answers.truth
    changes: dict[str, object] = {}
    if card.thresholds.precision is not None:
        unsure = unsure_threshold(scores, truth, card.thresholds.precision)
        changes["thresholds"] = Thresholds(unsure=unsure, precision=card.thresholds.precision)
    if card.conformal:
        quantile = conformal_quantile(scores, truth, card.conformal.coverage)
        changes["conformal"] = card.conformal.changed(quantile=quantile)
    if changes:
        told = f"What counts as unsure was chosen anew on the {answers.n} photos that chose this variant."
        changes["notes"] = (*card.notes, told)
    return card.changed(**changes)


def _shown_alike(card: Card, original: BoxAnswers, answers: BoxAnswers) -> Card:
    """Scores moved with the numbers: the card's thresholds move with them, and as many boxes are shown as before."""
    typical = least_of(card, None)
    shown = min(max(floor(score_like(original.score, typical, answers.score) * 1000) / 1000, 0.01), 0.99)
    kept = min(kept_from(card) * shown / typical, shown) if typical else kept_from(card)
    thresholds = card.thresholds.changed(typical=shown, conservative=kept)
    told = (
        f"Its threshold was moved so that as many boxes are shown on {answers.n} photos as by the original."
    )
    return card.changed(thresholds=thresholds, notes=(*card.notes, told))


def _name(card: Card, way: Way) -> str:
    """The original's name with the way behind it, in English as all of a card."""
    return f"{card.name} ({way.told(plain)})"[:200]
