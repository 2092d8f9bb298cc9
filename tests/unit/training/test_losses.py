"""Losses against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from taxolens.recipes.network import Loss, NetworkRecipe, Sampling  # noqa: E402
from taxolens.training.losses import distilled, loss_of, soft_targets  # noqa: E402

# Softmax of these logits is exactly (1/2, 1/4, 1/4).
LOGITS = torch.tensor([[math.log(2.0), 0.0, 0.0]])
COUNTS = np.array([90, 9, 1])


def value(loss: Loss, truth: int, smoothing: float = 0.0) -> float:
    asked = loss_of(replace(NetworkRecipe("small_cnn"), loss=loss), COUNTS)
    return float(asked(LOGITS, soft_targets(torch.tensor([truth]), 3, smoothing)))


def test_cross_entropy_is_the_logarithm_of_the_belief_in_the_truth() -> None:
    assert value(Loss.CROSS_ENTROPY, 0) == pytest.approx(math.log(2))
    assert value(Loss.CROSS_ENTROPY, 1) == pytest.approx(math.log(4))


def test_label_smoothing_spreads_some_of_the_truth_over_all_classes() -> None:
    assert soft_targets(torch.tensor([1]), 4, 0.2).tolist() == [pytest.approx([0.05, 0.85, 0.05, 0.05])]
    assert value(Loss.CROSS_ENTROPY, 0, 0.3) == pytest.approx(0.8 * math.log(2) + 0.2 * math.log(4))


def test_the_focal_loss_weighs_by_the_doubt_squared() -> None:
    assert value(Loss.FOCAL, 0) == pytest.approx(0.5**2 * math.log(2))
    assert value(Loss.FOCAL, 2) == pytest.approx(0.75**2 * math.log(4))


def test_the_class_balanced_loss_weighs_by_the_effective_number_of_photos() -> None:
    effective = [(1 - 0.999**n) / (1 - 0.999) for n in (90, 9, 1)]
    weights = [1 / one for one in effective]
    mean = sum(weights) / 3
    assert value(Loss.CLASS_BALANCED, 0) == pytest.approx(weights[0] / mean * math.log(2), rel=1e-4)
    assert value(Loss.CLASS_BALANCED, 2) == pytest.approx(weights[2] / mean * math.log(4), rel=1e-4)


def test_logit_adjustment_adds_the_logarithm_of_the_share_of_each_class() -> None:
    powers = [2 * 0.90, 1 * 0.09, 1 * 0.01]
    for truth in range(3):
        expected = -math.log(powers[truth] / sum(powers))
        assert value(Loss.LOGIT_ADJUSTED, truth) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", [Loss.CLASS_BALANCED, Loss.LOGIT_ADJUSTED])
def test_rare_classes_are_made_up_for_once_not_twice(loss: Loss) -> None:
    recipe = replace(NetworkRecipe("small_cnn"), loss=loss, sampling=Sampling.BALANCED)
    for truth in range(3):
        told = float(loss_of(recipe, COUNTS)(LOGITS, soft_targets(torch.tensor([truth]), 3, 0.0)))
        assert told == pytest.approx(value(Loss.CROSS_ENTROPY, truth), rel=1e-5)


@pytest.mark.parametrize("loss", list(Loss))
def test_a_photo_without_a_class_adds_nothing(loss: Loss) -> None:
    asked = loss_of(replace(NetworkRecipe("small_cnn"), loss=loss), COUNTS)
    alone = float(asked(LOGITS, soft_targets(torch.tensor([1]), 3, 0.1)))
    beside = float(asked(LOGITS.repeat(4, 1), soft_targets(torch.tensor([-1, 1, -1, -1]), 3, 0.1)))
    assert beside == pytest.approx(alone / 4, rel=1e-5)


def test_a_class_without_photos_makes_no_loss_infinite() -> None:
    for loss in Loss:
        asked = loss_of(replace(NetworkRecipe("small_cnn"), loss=loss), np.array([5, 0, 5]))
        assert math.isfinite(float(asked(LOGITS, soft_targets(torch.tensor([1]), 3, 0.1))))


def test_a_pupil_that_says_what_its_teacher_says_has_nothing_to_learn() -> None:
    assert float(distilled(LOGITS, LOGITS + 3.0, 4.0)) == pytest.approx(0.0, abs=1e-6)


def test_distillation_is_the_divergence_of_softened_answers_times_the_temperature_squared() -> None:
    teacher = torch.tensor([[math.log(16.0), 0.0, 0.0]])
    # At temperature 2 the teacher says (4, 1, 1) / 6, the pupil (sqrt 2, 1, 1) / (2 + sqrt 2).
    wanted, own = [4 / 6, 1 / 6, 1 / 6], [one / (2 + math.sqrt(2)) for one in (math.sqrt(2), 1, 1)]
    divergence = sum(p * math.log(p / q) for p, q in zip(wanted, own, strict=True))
    assert float(distilled(LOGITS, teacher, 2.0)) == pytest.approx(4 * divergence, rel=1e-5)
