"""What a variant that was chosen says of itself."""

from __future__ import annotations

from taxolens.core.texts import plain
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import conformal_quantile, unsure_threshold
from taxolens.modelfile.card import Card, Metric, Thresholds
from taxolens.recipes.variant import VariantRecipe
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
        name="accuracy",
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
    if found.way.side or found.way.integers:
        return _chosen_anew(card.changed(**changes), found.answers)
    return card.changed(**changes)


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


def _name(card: Card, way: Way) -> str:
    """The original's name with the way behind it, in English as all of a card."""
    return f"{card.name} ({way.told(plain)})"[:200]
