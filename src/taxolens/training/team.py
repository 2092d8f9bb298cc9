"""How processes that train one network together exchange what they have learnt; and the usual team of one.

Every process sees its own part of each step's photos. Gradients are averaged, so that weights stay the same
in all processes; only the first one decides, judges and writes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeVar

import torch
from torch import nn

from taxolens.core.trainer import TrainingRequest
from taxolens.recipes.network import NetworkRecipe

Value = TypeVar("Value")
Failure = TypeVar("Failure", bound=BaseException)


class Team(Protocol):
    """The processes, seen from one of them."""

    @property
    def rank(self) -> int:
        """This process's number; the first is 0."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    @property
    def neighbours(self) -> int:
        """How many of them are on this machine."""
        ...

    def device(self, wanted: torch.device) -> torch.device:
        """This process's own graphics card where one is wanted."""
        ...

    def sharing(self, network: nn.Module) -> nn.Module:
        """The same network, whose gradients become the mean over the processes as soon as they are known."""
        ...

    def apart(self, shared: nn.Module) -> AbstractContextManager[object]:
        """Keeps gradients to this process while they are only added up."""
        ...

    def told(self, value: Value) -> Value:
        """What the first process says, in all of them."""
        ...

    def summed(self, *numbers: float) -> tuple[float, ...]:
        """Numbers of all processes, added up."""
        ...

    def gathered(self, mine: torch.Tensor, sizes: list[int]) -> torch.Tensor:
        """The rows of all processes, one after another, in all of them.

        Args:
            sizes: how many rows each process has.
        """
        ...

    def averaged(self, numbers: torch.Tensor) -> None:
        """Puts the mean over the processes in place of numbers."""
        ...

    def failed(self, error: Failure) -> Failure | SystemExit:
        """What to raise for something that all processes see alike: one sentence is enough."""
        ...

    def at_work(
        self, request: TrainingRequest[NetworkRecipe], pretrained: bool
    ) -> AbstractContextManager[object]:
        """Calls the others to a training, which must end in all of them alike."""
        ...


class Alone:
    """One process, which exchanges nothing."""

    rank, size, neighbours = 0, 1, 1

    def device(self, wanted: torch.device) -> torch.device:
        """As wanted."""
        return wanted

    def sharing(self, network: nn.Module) -> nn.Module:
        """The network itself."""
        return network

    def apart(self, shared: nn.Module) -> AbstractContextManager[object]:
        """As always."""
        del shared
        return nullcontext()

    def told(self, value: Value) -> Value:
        """Its own word."""
        return value

    def summed(self, *numbers: float) -> tuple[float, ...]:
        """The numbers."""
        return numbers

    def gathered(self, mine: torch.Tensor, sizes: list[int]) -> torch.Tensor:
        """The rows."""
        del sizes
        return mine

    def averaged(self, numbers: torch.Tensor) -> None:
        """Leaves them."""
        del numbers

    def failed(self, error: Failure) -> Failure | SystemExit:
        """The error."""
        return error

    def at_work(
        self, request: TrainingRequest[NetworkRecipe], pretrained: bool
    ) -> AbstractContextManager[object]:
        """There is nobody to call."""
        del request, pretrained
        return nullcontext()


ALONE = Alone()


def part_sizes(photos: int, processes: int) -> list[int]:
    """How many photos of a step each process has, as even as can be."""
    each, more = divmod(photos, processes)
    return [each + (rank < more) for rank in range(processes)]


def same_everywhere(team: Team, whole: nn.Module, *copies: nn.Module) -> None:
    """Averages what batch norms have seen, each of its own photos, in a network and in copies of it."""
    for name, norm in whole.named_modules():
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.training:
            for module in (norm, *(copy.get_submodule(name) for copy in copies)):
                statistics: Any = module
                if statistics.running_mean is not None:
                    team.averaged(statistics.running_mean)
                    team.averaged(statistics.running_var)
