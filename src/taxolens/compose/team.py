"""Training in several processes, which torchrun or a cluster has started and which find each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import cast

from taxolens.compose.trainers import load_trainer
from taxolens.core.errors import MissingExtra
from taxolens.core.team import Team
from taxolens.core.trainer import AnyTrainer

TEAMS = "taxolens.teams"
_PROCESSES = "WORLD_SIZE"
_JOIN = "torch"


@contextmanager
def shared_trainers() -> Iterator[Callable[[str], AnyTrainer] | None]:
    """Gives what loads trainers, by the method's name.

    In a process that only learns with the first one, it gives nothing, once all is learnt.

    Raises:
        MissingExtra: there are several processes and nothing that lets them work together.
        TrainingFailed: another process has ended before its time.
    """
    if os.environ.get(_PROCESSES, "1") in ("", "0", "1"):
        yield load_trainer
        return
    team = _joined()
    try:
        if team.first:
            yield lambda method: team.trainer(load_trainer(method))
        else:
            team.assist()
            yield None
    finally:
        team.close()


def _joined() -> Team:
    offered = entry_points(group=TEAMS)
    try:
        return cast(Callable[[], Team], offered[_JOIN].load())()
    except (ImportError, KeyError) as error:
        raise MissingExtra(
            "Several processes need the training extra: pip install 'taxolens[train]'"
        ) from error
