from __future__ import annotations

import numpy as np
import pytest

from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import reliability
from taxolens.evaluation.metrics import log_loss
from taxolens.evaluation.score_spread import score_spread


def made(n: int, groups: np.ndarray | None = None, seed: int = 0) -> Answers:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet((1.0, 0.6, 0.4), n)
    truth = np.array([rng.choice(3, p=row) for row in probabilities], dtype=np.int64)
    return Answers(("a", "b", "c"), tuple(map(str, range(n))), truth, probabilities, groups)


def test_the_figures_are_those_of_the_report() -> None:
    answers = made(300)
    found = score_spread(answers)
    assert found.loss.value == pytest.approx(log_loss(answers.probabilities, answers.truth))
    assert found.ece.value == pytest.approx(reliability(answers.probabilities, answers.truth).ece)
    for figure in (found.loss, found.ece):
        assert figure.low <= figure.value <= figure.high


def test_drawing_sums_is_drawing_photos() -> None:
    answers = made(200)
    rng = np.random.default_rng(1)
    losses = [
        log_loss(answers.probabilities[row], answers.truth[row]) for row in rng.integers(0, 200, (2000, 200))
    ]
    found = score_spread(answers)
    assert [found.loss.low, found.loss.high] == pytest.approx(np.quantile(losses, [0.025, 0.975]), abs=0.02)


def test_photos_of_one_event_count_together() -> None:
    alone = made(20, seed=3)
    event = np.repeat(np.arange(20), 10)
    many = Answers(
        alone.labels,
        tuple(map(str, range(200))),
        alone.truth[event],
        alone.probabilities[event],
        event.astype(np.int64),
    )
    once, grouped = score_spread(alone), score_spread(many)
    assert (grouped.loss.low, grouped.loss.high) == pytest.approx((once.loss.low, once.loss.high), abs=0.05)
