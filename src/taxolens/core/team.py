"""Processes that train one network together, as the rooms see them that know nothing of PyTorch."""

from __future__ import annotations

from typing import Protocol

from taxolens.core.trainer import AnyTrainer


class Team(Protocol):
    """This process and those that were started beside it, on this machine or on others."""

    @property
    def first(self) -> bool:
        """Whether this one reads photos, judges and writes; the others only learn with it."""
        ...

    def trainer(self, alone: AnyTrainer) -> AnyTrainer:
        """The same trainer, which shares its steps out to the team."""
        ...

    def assist(self) -> None:
        """Learns with the first process until this one is done.

        Raises:
            TrainingFailed: another process has ended before its time.
        """
        ...

    def close(self) -> None:
        """Lets the others go."""
        ...
