from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from taxolens.core.errors import UsageError
from taxolens.core.search import (
    PHOTOS,
    RANGES,
    SETTINGS,
    STUDY,
    Attempt,
    Choice,
    Outcome,
    Real,
    SearchPlan,
    TrialState,
    Whole,
    best_of,
)
from taxolens.training.search import OptunaStudy, open_study

PLAN = SearchPlan(
    space={
        "rate": Real(1e-4, 1e-1, log=True),
        "units": Whole(16, 64, 16),
        "policy": Choice(("none", "light")),
    },
    first={"rate": 1e-2, "units": 32, "policy": "none"},
    epochs=9,
    seed=3,
    prune=True,
    identity={PHOTOS: "p", SETTINGS: "s", RANGES: "r"},
)


@pytest.fixture
def opened() -> Iterator[Callable[..., OptunaStudy]]:
    studies: list[OptunaStudy] = []

    def begin(folder: Path, plan: SearchPlan = PLAN) -> OptunaStudy:
        studies.append(open_study(folder, plan))
        return studies[-1]

    yield begin
    for study in studies:
        study.close()


def scored(attempt: Attempt) -> Outcome:
    """The more units, the better."""
    return Outcome(TrialState.COMPLETE, figure=int(attempt.values["units"]) / 100, loss=1.0)


def made(study: OptunaStudy, most: int, work: Callable[[Attempt], Outcome] = scored) -> None:
    while study.attempt(most, work):
        pass


def test_the_first_trial_is_the_default_and_the_others_lie_in_their_ranges(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    study = opened(tmp_path)
    made(study, 6)
    trials = study.trials()
    assert [one.number for one in trials] == list(range(6))
    assert trials[0].values == PLAN.first
    assert all(1e-4 <= float(one.values["rate"]) <= 1e-1 for one in trials)
    assert {one.values["units"] for one in trials} <= {16, 32, 48, 64}
    best = best_of(trials)
    assert best is not None and best.outcome.figure == max(one.outcome.figure or 0 for one in trials)
    importances = study.importances()
    assert max(importances, key=lambda name: importances[name]) == "units"
    assert sum(importances.values()) == pytest.approx(1)


def test_the_same_seed_gives_the_same_trials_stopped_or_not(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    for name in ("whole", "halves", "other"):
        (tmp_path / name).mkdir()
    whole = opened(tmp_path / "whole")
    made(whole, 5)
    made(opened(tmp_path / "halves"), 2)
    halves = opened(tmp_path / "halves")

    def stopped(attempt: Attempt) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        halves.attempt(5, stopped)
    made(halves, 5)
    assert [one.values for one in halves.trials()] == [one.values for one in whole.trials()]
    other = opened(tmp_path / "other", replace(PLAN, seed=4))
    made(other, 5)
    assert [one.values for one in other.trials()] != [one.values for one in whole.trials()]


def test_a_trial_that_was_stopped_is_gone_on_with_and_remembers_its_epochs(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    study = opened(tmp_path)

    def stopped(attempt: Attempt) -> Outcome:
        attempt.report(1, 0.5)
        return Outcome(TrialState.UNFINISHED, figure=0.5)

    assert study.attempt(2, stopped)
    (left,) = study.trials()
    assert left.outcome.state is TrialState.UNFINISHED and left.values == PLAN.first
    assert best_of(study.trials()) is None
    seen: list[int] = []

    def whole(attempt: Attempt) -> Outcome:
        seen.append(attempt.number)
        attempt.report(2, 0.6)
        return Outcome(TrialState.COMPLETE, figure=0.6)

    assert study.attempt(2, whole)
    (done,) = study.trials()
    assert seen == [0]
    assert done.curve == {1: 0.5, 2: 0.6}


_KILLED = """
import os, sys
from pathlib import Path
from tests.unit.training.test_search import PLAN
from taxolens.training.search import open_study
open_study(Path(sys.argv[1]), PLAN).attempt(3, lambda attempt: os._exit(9))
"""


def test_a_trial_of_a_killed_process_is_made_by_the_next_one_at_once(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[3]
    )
    assert killed.returncode == 9
    study = opened(tmp_path)
    assert study.running() == 0
    made(study, 3)
    assert [(one.number, one.outcome.state) for one in study.trials()] == [
        (number, TrialState.COMPLETE) for number in range(3)
    ]
    assert study.trials()[0].values == PLAN.first


def test_two_processes_make_as_many_trials_as_were_asked_for_and_none_twice(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    beside: list[int] = []

    def with_another(attempt: Attempt) -> Outcome:
        assert second.running() == 1

        def noted(other: Attempt) -> Outcome:
            beside.append(other.number)
            return scored(other)

        assert second.attempt(4, noted)
        return scored(attempt)

    assert first.attempt(4, with_another)
    assert beside == [1]
    made(second, 4)
    values = [tuple(one.values.items()) for one in first.trials()]
    assert len(values) == 4 == len(set(values))


def test_trials_that_lag_are_stopped_but_never_the_first_ones(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    study = opened(tmp_path)
    going: dict[int, bool] = {}

    def worse_and_worse(attempt: Attempt) -> Outcome:
        going[attempt.number] = all(
            attempt.report(epoch, 0.1 / (1 + attempt.number)) for epoch in range(1, 9)
        )
        state = TrialState.COMPLETE if going[attempt.number] else TrialState.PRUNED
        return Outcome(state, figure=0.1)

    made(study, 6, worse_and_worse)
    assert going == {0: True, 1: True, 2: True, 3: True, 4: False, 5: False}
    unpruned = tmp_path / "unpruned"
    unpruned.mkdir()
    made(opened(unpruned, replace(PLAN, prune=False)), 6, worse_and_worse)
    assert all(going.values())


@pytest.mark.parametrize("what", [PHOTOS, SETTINGS, RANGES])
def test_a_search_of_something_else_is_refused(
    opened: Callable[..., OptunaStudy], tmp_path: Path, what: str
) -> None:
    opened(tmp_path)
    other = replace(PLAN, identity={**PLAN.identity, what: "another"})
    with pytest.raises(UsageError, match=f"other {what}"):
        opened(tmp_path, other)


def test_a_damaged_study_is_told_in_a_sentence(opened: Callable[..., OptunaStudy], tmp_path: Path) -> None:
    (tmp_path / STUDY).write_bytes(b"torn" * 1000)
    with pytest.raises(UsageError, match="cannot be read"):
        opened(tmp_path)


def test_importances_are_not_told_of_too_few_or_equal_trials(
    opened: Callable[..., OptunaStudy], tmp_path: Path
) -> None:
    study = opened(tmp_path)
    assert study.importances() == {}
    made(study, 5, lambda attempt: Outcome(TrialState.COMPLETE, figure=0.5))
    assert study.importances() == {}


def test_among_equals_the_least_loss_is_best(opened: Callable[..., OptunaStudy], tmp_path: Path) -> None:
    study = opened(tmp_path)
    losses = iter([0.5, 0.3, 0.4])
    made(study, 3, lambda attempt: Outcome(TrialState.COMPLETE, figure=0.5, loss=next(losses)))
    best = best_of(study.trials())
    assert best is not None and best.number == 1
