"""Whether a smaller network is kept."""

from __future__ import annotations

from taxolens.core.errors import TrainingFailed
from taxolens.core.texts import Say
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.shrink_facts import ShrinkFacts
from taxolens.workflows.shrink_words import told_shrink


def check_worth(facts: ShrinkFacts, recipe: ShrinkRecipe, say: Say) -> None:
    """Only what pays is kept.

    Raises:
        TrainingFailed: it is not faster, or loses more than was allowed.
    """
    if facts.is_worth_it:
        return
    wording = Wording(say, recipe.language)
    if facts.faster <= 1:
        raise TrainingFailed(
            "{told} It is not faster, so it is not kept. Ask for more with --speedup.",
            told=told_shrink(facts, wording),
        )
    raise TrainingFailed(
        "{told} That is more than the {allowed} that may be lost, so it is not kept. Lower --speedup, raise --epochs, "
        "or allow more with --at-most-lost: what was learnt is still there, and the same command goes on from it.",
        told=told_shrink(facts, wording),
        allowed=wording.decimal(facts.at_most_lost, 1),
    )
