"""What tracks is found by name, or missed in one sentence."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from taxolens.compose import trackers
from taxolens.core.errors import MissingExtra, UsageError
from taxolens.tracking.history import History


def test_a_tracker_is_loaded_by_its_name() -> None:
    assert trackers.load_tracker("csv") is History


def test_a_missing_library_is_answered_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = EntryPoints([EntryPoint("mlflow", "no_such_library:Run", trackers.TRACKERS)])
    monkeypatch.setattr(trackers, "entry_points", lambda group: points.select(group=group))
    with pytest.raises(MissingExtra, match=r"no_such_library.*pip install 'taxolens\[mlflow\]'"):
        trackers.load_tracker("mlflow")


def test_an_unknown_tracker_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no tracker wandb.*csv, mlflow, tensorboard"):
        trackers.load_tracker("wandb")
