"""The best epoch is kept, and nobody waits in vain."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from taxolens.core.texts import plain  # noqa: E402
from taxolens.core.trainer import Epoch  # noqa: E402
from taxolens.training.progress import Course, told  # noqa: E402


def course(losses: list[float | None], *, patience: int = 0, phase: str = "network") -> Course:
    found = Course(patience)
    for number, loss in enumerate(losses, start=1):
        found.note(Epoch(phase, number, 0.1, 1.0, 0.5, loss, 0.5, 1.0))
        found.weigh({"epoch": torch.tensor(number)})
    return found


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([0.5, 0.3, 0.4], 2),
        ([0.3, 0.3, 0.3], 1),
        ([None, None, None], 3),
        ([math.nan, 0.9, 1.0], 2),
        ([0.9, math.nan, math.inf], 1),
    ],
)
def test_the_lowest_validation_loss_is_best_and_without_any_the_last(
    losses: list[float | None], best: int
) -> None:
    found = course(losses)
    assert found.best is not None and found.best.number == best
    assert int(found.weights["epoch"]) == best


def test_patience_counts_epochs_of_the_network_alone() -> None:
    found = course([0.1], patience=2, phase="head")
    found.weigh({"epoch": torch.tensor(0)})
    for number, loss in ((2, 0.9), (3, 0.8), (4, 0.85)):
        found.note(Epoch("network", number, 0.1, 1.0, 0.5, loss, 0.5, 1.0))
        assert not found.is_over
    found.note(Epoch("network", 5, 0.1, 1.0, 0.5, 0.9, 0.5, 1.0))
    assert found.is_over


def test_without_patience_or_validation_it_is_never_over() -> None:
    assert not course([0.1, 0.2, 0.3, 0.4]).is_over
    assert not course([None, None, None], patience=1).is_over


def test_a_course_goes_on_from_what_was_kept() -> None:
    kept = course([0.5, 0.3, 0.4], patience=3)
    found = Course(3)
    found.load(kept.state())
    assert found.epochs == kept.epochs and found.best == kept.best
    assert int(found.weights["epoch"]) == 2


def test_an_epoch_is_told_with_the_time_that_is_left() -> None:
    epochs = course([0.5, 0.25]).epochs
    assert "validation 0.250 and 50.0 % right, 0:03 left" in told(epochs[-1], epochs, 5, plain)
