"""What a variant says of itself: of its own scores, not of its original's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import conformal_quantile, unsure_threshold
from taxolens.evaluation.result import Interval
from taxolens.modelfile.card import Conformal, Thresholds
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.compare_speed import Speed
from taxolens.workflows.variant_card import card_of_variant
from taxolens.workflows.variant_facts import Candidate, Judged, VariantFacts, Way
from tests.unit.workflows.made_run import COLOURS, write_model_of

ONE = Interval(1.0, 1.0, 1.0)
SPEED = Speed(1, ONE, ONE)
PROMISED = {
    "thresholds": Thresholds(unsure=0.97, precision=0.9),
    "conformal": Conformal(coverage=0.9, quantile=0.02),
}


def answers(n: int) -> Answers:
    """Scores from 0.5 to 0.9, the lower fifth of them for a wrong class."""
    best = np.linspace(0.5, 0.9, n)
    truth = np.arange(n) % 3
    named = np.where(np.arange(n) < n / 5, (truth + 1) % 3, truth)
    table = np.repeat((1 - best)[:, None] / 2, 3, axis=1)
    table[np.arange(n), named] = best
    return Answers(COLOURS, tuple(map(str, range(n))), truth, table, None)


def chosen(tmp_path: Path, way: Way, n: int, **promised: object) -> tuple[VariantRecipe, VariantFacts]:
    model = write_model_of(tmp_path / "model.onnx", COLOURS, **promised)
    original, variant = (
        Judged(Candidate(one, model, answers(n), ONE, 1.0), SPEED, None) for one in (Way(), way)
    )
    recipe = VariantRecipe(model.path, SourceRecipe(tmp_path), tmp_path / "out.onnx")
    return recipe, VariantFacts("photos", n, 1, original, (variant,), (), variant)


@pytest.mark.parametrize("way", [Way(integers="U8S8"), Way(side=(64, 64)), Way("pruned", (64, 64))])
def test_what_is_unsure_is_chosen_on_the_variants_own_scores(way: Way, tmp_path: Path) -> None:
    found = card_of_variant(*chosen(tmp_path, way, 200, **PROMISED))
    scores, truth = answers(200).probabilities, answers(200).truth
    assert found.thresholds == Thresholds(unsure=unsure_threshold(scores, truth, 0.9), precision=0.9)
    assert found.conformal == Conformal(coverage=0.9, quantile=conformal_quantile(scores, truth, 0.9))
    assert found.thresholds.unsure < 0.7 and found.conformal.quantile > 0.3, "not what the original promised"
    assert "chosen anew on the 200 photos" in " ".join(found.notes)


@pytest.mark.parametrize(("way", "n"), [(Way("pruned"), 200), (Way(integers="U8S8"), 9)])
def test_a_rival_as_it_came_and_too_few_photos_change_no_promise(way: Way, n: int, tmp_path: Path) -> None:
    found = card_of_variant(*chosen(tmp_path, way, n, **PROMISED))
    assert {name: getattr(found, name) for name in PROMISED} == PROMISED
    assert "chosen anew" not in " ".join(found.notes)


def test_what_was_never_promised_is_not_promised_now(tmp_path: Path) -> None:
    given = Thresholds(unsure=0.8)
    found = card_of_variant(*chosen(tmp_path, Way(integers="U8S8"), 200, thresholds=given, conformal=None))
    assert (found.thresholds, found.conformal) == (given, None)
    assert "chosen anew" not in " ".join(found.notes)


@pytest.mark.parametrize(("integers", "told"), [("U8S8", True), ("U8S7", False), ("", False)])
def test_whole_numbers_that_some_processors_multiply_wrongly_say_so(
    integers: str, told: bool, tmp_path: Path
) -> None:
    found = card_of_variant(*chosen(tmp_path, Way(integers=integers), 20, **PROMISED))
    assert ("without VNNI" in " ".join(found.notes)) is told
