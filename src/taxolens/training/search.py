"""Searches settings with Optuna: a tree of Parzen estimators proposes, successive halving stops what lags.

Sources: TPE, Bergstra et al. 2011, multivariate and with a constant liar for several processes; asynchronous
successive halving, Li et al. 2018; importances by fANOVA, Hutter et al. 2014.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Their
from sqlalchemy.exc import SQLAlchemyError

from taxolens.core.errors import UsageError
from taxolens.core.search import (
    PHOTOS,
    RANGES,
    SETTINGS,
    STUDY,
    Attempt,
    Choice,
    Outcome,
    Parameter,
    SearchPlan,
    Trial,
    TrialState,
    Value,
    Whole,
)
from taxolens.core.texts import noted

_NAME = "taxolens"
_IDENTITY, _NUMBER, _OUTCOME = "identity", "number", "outcome"
_PATIENCE = 60.0  # seconds that a process waits for another one's writing
_REDUCTION = 3
_FIRST_RUNG = 5  # first look after a fifth of the epochs; sooner, warm-up and batches decide who leads
_WHOLE = 4  # trials that are never stopped: with fewer to compare with, halving keeps none but the leader
_BY_DESIGN = 10  # trials before the estimators have something to go by, Optuna's own default
_FEWEST = 4  # below, importances are noise
_OTHER = {
    PHOTOS: noted(
        "The search in {folder} was begun with other photos or another split. "
        "Begin anew with --restart, or name another folder with --out."
    ),
    RANGES: noted(
        "The search in {folder} was begun with other ranges. "
        "Begin anew with --restart, or name another folder with --out."
    ),
    SETTINGS: noted(
        "The search in {folder} was begun with other settings. "
        "Begin anew with --restart, or name another folder with --out."
    ),
}
_ENDED = {
    TrialState.COMPLETE: Their.COMPLETE,
    TrialState.PRUNED: Their.PRUNED,
    TrialState.FAILED: Their.FAIL,
    TrialState.UNFINISHED: Their.FAIL,
}


def open_study(folder: Path, plan: SearchPlan) -> OptunaStudy:
    """See `core.search.Searcher`."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = NumberedSampler(plan.seed)
    with _quietly(), _told_when_damaged(folder / STUDY), FileLock(folder / f"{STUDY}.lock"):
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{folder / STUDY}", engine_kwargs={"connect_args": {"timeout": _PATIENCE}}
        )
        study = optuna.create_study(
            storage=storage,
            study_name=_NAME,
            direction="maximize",
            sampler=sampler,
            pruner=_pruner(plan),
            load_if_exists=True,
        )
        if _IDENTITY in study.user_attrs:
            _check_same(study.user_attrs[_IDENTITY], plan, folder)
        else:
            study.set_user_attr(_IDENTITY, dict(plan.identity))
            study.enqueue_trial(dict(plan.first), user_attrs={_NUMBER: 0})
    return OptunaStudy(study, storage, sampler, folder, plan)


class OptunaStudy:
    """A study in a SQLite file. See `core.search.Study`.

    A trial belongs to a process for as long as this one holds the lock of the trial, which the system frees
    the moment that a process ends, however it ends; so no clock decides what is dead.
    """

    def __init__(
        self,
        study: optuna.Study,
        storage: optuna.storages.RDBStorage,
        sampler: NumberedSampler,
        folder: Path,
        plan: SearchPlan,
    ) -> None:
        self._study, self._storage, self._sampler = study, storage, sampler
        self._folder, self._plan = folder, plan

    def attempt(self, most: int, work: Callable[[Attempt], Outcome]) -> bool:
        """Makes one more trial, first of all one that a stopped process left."""
        with _quietly():
            with FileLock(self._folder / f"{STUDY}.lock"):
                made = self._asked(most)
            if made is None:
                return False
            outcome = Outcome(TrialState.UNFINISHED)
            try:
                outcome = work(made)
            finally:
                self._tell(made, outcome)
                made.lock.release()
        return True

    def trials(self) -> tuple[Trial, ...]:
        """All so far; of one that was gone on with, where it stands last."""
        found = {_number(one): _trial(one) for one in self._known()}
        return tuple(found[number] for number in sorted(found))

    def running(self) -> int:
        """How many trials are being made at this moment, by any process."""
        with FileLock(self._folder / f"{STUDY}.lock"):
            return sum(not self._is_left(one) for one in self._in(Their.RUNNING))

    def importances(self) -> Mapping[str, float]:
        """Nothing where there are too few trials, or none differs from another."""
        figures = [one.value for one in self._in(Their.COMPLETE)]
        if len(figures) < _FEWEST or len(set(figures)) < 2:
            return {}
        with _quietly(), suppress(RuntimeError, ValueError):
            evaluator = FanovaImportanceEvaluator(seed=self._plan.seed)
            found = get_param_importances(self._study, evaluator=evaluator)
            return {name: float(share) for name, share in found.items() if np.isfinite(share)}
        return {}

    def close(self) -> None:
        """Lets go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def _asked(self, most: int) -> OptunaAttempt | None:
        for left in self._in(Their.RUNNING):
            if self._is_left(left):
                self._study.tell(left.number, state=Their.FAIL)
                self._put_back(left)
        known = self._known()
        begun = {_number(one) for one in known}
        if len(begun) >= most and not any(one.state is Their.WAITING for one in known):
            return None
        self._sampler.number = len(begun)
        asked = self._study.ask()
        lock = self._lock_of(asked.number)
        lock.acquire(timeout=0)
        number = int(asked.user_attrs.get(_NUMBER, len(begun)))
        asked.set_user_attr(_NUMBER, number)
        values = {name: _suggested(asked, name, one) for name, one in self._plan.space.items()}
        for earlier in known:
            if _number(earlier) == number:
                _report_again(asked, earlier.intermediate_values)
        return OptunaAttempt(asked, number, values, lock)

    def _tell(self, made: OptunaAttempt, outcome: Outcome) -> None:
        """A pruned trial's figure is that of its last epoch, which Optuna knows already."""
        made.trial.set_user_attr(_OUTCOME, asdict(outcome))
        with FileLock(self._folder / f"{STUDY}.lock"):
            complete = outcome.state is TrialState.COMPLETE
            self._study.tell(made.trial, outcome.figure if complete else None, state=_ENDED[outcome.state])
            if outcome.state is TrialState.UNFINISHED:
                self._put_back(self._study.trials[made.trial.number])

    def _put_back(self, trial: FrozenTrial) -> None:
        if _NUMBER not in trial.user_attrs:
            return
        values = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        self._study.enqueue_trial(values, user_attrs={_NUMBER: _number(trial)})

    def _is_left(self, trial: FrozenTrial) -> bool:
        lock = self._lock_of(trial.number)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        lock.release()
        return True

    def _lock_of(self, number: int) -> FileLock:
        return FileLock(self._folder / f"trial-{number}.lock", is_singleton=False)

    def _known(self) -> Sequence[FrozenTrial]:
        """All but those that were stopped before they had begun."""
        return [one for one in self._study.get_trials(deepcopy=False) if _NUMBER in one.user_attrs]

    def _in(self, state: Their) -> Sequence[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=(state,))


@dataclass(frozen=True, slots=True)
class OptunaAttempt:
    """See `core.search.Attempt`.

    Attributes:
        lock: held for as long as the trial is being made.
    """

    trial: optuna.Trial
    number: int
    values: Mapping[str, Value]
    lock: FileLock

    def report(self, epoch: int, figure: float) -> bool:
        """The first trials are never stopped; the pruner hears of them all the same."""
        self.trial.report(figure, epoch)
        lags = self.trial.should_prune()
        return self.number < _WHOLE or not lags


class NumberedSampler(BaseSampler):
    """TPE whose chance hangs on the number of the trial alone.

    Otherwise a search that was gone on with, or a second process, would draw the same trials once more.

    Attributes:
        number: of the trial that is asked next.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self.number = seed, 0
        self._inner = self._of(0)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begins anew from seed and number."""
        self._inner = self._of(self.number)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """As TPE."""
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As TPE."""
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As TPE."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: Their, values: Sequence[float] | None
    ) -> None:
        """As TPE."""
        self._inner.after_trial(study, trial, state, values)

    def _of(self, number: int) -> TPESampler:
        seed = int(np.random.default_rng((self._seed, number)).integers(2**31))
        with _quietly():
            return TPESampler(
                seed=seed,
                multivariate=True,
                constant_liar=True,
                n_startup_trials=_BY_DESIGN,
                warn_independent_sampling=False,
            )


def _pruner(plan: SearchPlan) -> BasePruner:
    if not plan.prune:
        return NopPruner()
    return SuccessiveHalvingPruner(
        min_resource=max(1, plan.epochs // _FIRST_RUNG), reduction_factor=_REDUCTION
    )


def _suggested(trial: optuna.Trial, name: str, parameter: Parameter) -> Value:
    if isinstance(parameter, Choice):
        return cast(Value, trial.suggest_categorical(name, parameter.values))
    if isinstance(parameter, Whole):
        return trial.suggest_int(name, parameter.low, parameter.high, step=parameter.step)
    return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)


def _report_again(trial: optuna.Trial, told: Mapping[int, float]) -> None:
    """Epochs that lie behind a trial that is gone on with are not learnt again, so they must be told again."""
    for epoch, figure in told.items():
        trial.report(figure, epoch)


def _trial(found: FrozenTrial) -> Trial:
    told = found.user_attrs.get(_OUTCOME)
    outcome = Outcome(**{**told, "state": TrialState(told["state"])}) if told else None
    return Trial(
        number=_number(found),
        values={**found.system_attrs.get("fixed_params", {}), **found.params},
        outcome=outcome or Outcome(TrialState.UNFINISHED),
        curve=dict(found.intermediate_values),
    )


def _number(trial: FrozenTrial) -> int:
    """Ours: Optuna counts a trial that is gone on with as another one."""
    return int(trial.user_attrs[_NUMBER])


def _check_same(known: Mapping[str, str], plan: SearchPlan, folder: Path) -> None:
    for what, sentence in _OTHER.items():
        if known.get(what) != plan.identity[what]:
            raise UsageError(sentence, folder=folder)


@contextmanager
def _quietly() -> Iterator[None]:
    """What Optuna calls experimental is ours to judge, and users can do nothing about it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="optuna")
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


@contextmanager
def _told_when_damaged(file: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, RuntimeError, json.JSONDecodeError) as error:
        raise UsageError(
            "The search {file} cannot be read: {why}. Begin anew with --restart.",
            file=file,
            why=str(error).splitlines()[0],
        ) from error
