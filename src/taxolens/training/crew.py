"""Several processes, brought together by torch and accelerate; loaded only where there are several."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from numpy.typing import NDArray
from torch import distributed, nn

from taxolens.core.errors import TaxolensError, TrainingFailed, UsageError
from taxolens.core.progress import Silent
from taxolens.core.texts import plain
from taxolens.core.trainer import AnyTrainer, Pixels, TrainingRequest
from taxolens.recipes.network import Device, NetworkRecipe
from taxolens.recipes.parse import parse_recipe, recipe_document
from taxolens.training.precision import device_of
from taxolens.training.team import Failure
from taxolens.training.trainer import NetworkTrainer, Training, told_when_it_cannot_go_on

Value = TypeVar("Value")

_PATIENCE = timedelta(
    days=2
)  # the first process may decode photos for a long time before the others are needed
_INTERRUPTED = 130
_LEFT = TrainingFailed(
    "Another process of this training has ended. What was learnt so far is kept; the same command goes on."
)


@dataclass(frozen=True, slots=True)
class Order:
    """A training as the first process describes it to the others; recipes travel as plain values."""

    pretrained: bool
    settings: dict[str, Any]
    labels: tuple[str, ...]
    pixels: Pixels
    truth: NDArray[np.int64]
    train: NDArray[np.int64]
    folder: Path
    fingerprint: str
    unnamed: NDArray[np.int64]
    wide: Pixels | None

    @classmethod
    def of(cls, request: TrainingRequest[NetworkRecipe], pretrained: bool) -> Order:
        """Without what only the first process needs."""
        return cls(
            pretrained,
            recipe_document(request.settings),
            request.labels,
            request.pixels,
            request.truth,
            request.train,
            request.folder,
            request.fingerprint,
            request.unnamed,
            request.wide,
        )

    def request(self) -> TrainingRequest[NetworkRecipe]:
        """As a trainer wants it; nothing is validated here."""
        return TrainingRequest(
            settings=parse_recipe(NetworkRecipe, self.settings),
            labels=self.labels,
            pixels=self.pixels,
            truth=self.truth,
            train=self.train,
            val=np.empty(0, np.int64),
            folder=self.folder,
            fingerprint=self.fingerprint,
            unnamed=self.unnamed,
            wide=self.wide,
        )


class Crew:
    """This process and the others. See `training.team.Team` and `core.team.Team`."""

    def __init__(self) -> None:
        signal.signal(signal.SIGTERM, _ended)
        _meet()
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self.neighbours = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        self._accelerator: Accelerator | None = None
        self._at_work = False

    @property
    def first(self) -> bool:
        """Whether this one reads photos, judges and writes."""
        return self.rank == 0

    @property
    def _means(self) -> Accelerator:
        if self._accelerator is None:
            raise RuntimeError("no training has begun")
        return self._accelerator

    def trainer(self, alone: AnyTrainer) -> AnyTrainer:
        """See `core.team.Team`."""
        return alone.in_team(self) if isinstance(alone, NetworkTrainer) else alone

    def assist(self) -> None:
        """See `core.team.Team`."""
        try:
            while (order := self._next_order()) is not None:
                request = order.request()
                self._begin(request.settings)
                with told_when_it_cannot_go_on(request.settings), told_when_others_end():
                    Training(request, order.pretrained, Silent(), plain, self).assist()
        except KeyboardInterrupt:
            raise SystemExit(_INTERRUPTED) from None  # the first process tells

    def close(self) -> None:
        """See `core.team.Team`."""
        # What there is to tell is told in peace, though torchrun ends all when one has ended.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with suppress(RuntimeError):
            if self.first and not self._at_work:
                self.told(None)
            distributed.destroy_process_group()

    @contextmanager
    def at_work(self, request: TrainingRequest[NetworkRecipe], pretrained: bool) -> Iterator[None]:
        """See `training.team.Team`."""
        self._at_work = True
        with told_when_others_end():
            self.told(Order.of(request, pretrained))
            self._begin(request.settings)
            yield
        self._at_work = False

    def device(self, wanted: torch.device) -> torch.device:
        """See `training.team.Team`."""
        return self._means.device if wanted.type == "cuda" else wanted

    def sharing(self, network: nn.Module) -> nn.Module:
        """See `training.team.Team`."""
        shared: nn.Module = self._means.prepare_model(network)
        return shared

    def apart(self, shared: nn.Module) -> AbstractContextManager[object]:
        """See `training.team.Team`."""
        context: AbstractContextManager[object] = self._means.no_sync(shared)
        return context

    def told(self, value: Value) -> Value:
        """See `training.team.Team`."""
        box: list[Any] = [value]
        distributed.broadcast_object_list(box, src=0)
        said: Value = box[0]
        return said

    def summed(self, *numbers: float) -> tuple[float, ...]:
        """See `training.team.Team`."""
        box = torch.tensor(numbers, dtype=torch.float64)
        distributed.all_reduce(box)
        return tuple(box.tolist())

    def gathered(self, mine: torch.Tensor, sizes: list[int]) -> torch.Tensor:
        """See `training.team.Team`."""
        even = self._means.pad_across_processes(mine)
        rows: torch.Tensor = self._means.gather(even)
        most = max(sizes)
        return torch.cat([rows[rank * most : rank * most + size] for rank, size in enumerate(sizes)])

    def averaged(self, numbers: torch.Tensor) -> None:
        """See `training.team.Team`."""
        numbers.copy_(self._means.reduce(numbers, reduction="mean"))

    def failed(self, error: Failure) -> Failure | SystemExit:
        """See `training.team.Team`."""
        if self.first:
            return error
        return SystemExit(error.exit_code if isinstance(error, TaxolensError) else 1)

    def _next_order(self) -> Order | None:
        with told_when_others_end():
            return self.told(None)

    def _begin(self, recipe: NetworkRecipe) -> None:
        if self._accelerator is None:
            on_cpu = device_of(recipe).type == Device.CPU.value
            # Statistics of norms are averaged once an epoch; until then each process has its own.
            handler = DistributedDataParallelKwargs(broadcast_buffers=False)
            self._accelerator = Accelerator(cpu=on_cpu, kwargs_handlers=[handler])


def _meet() -> None:
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        distributed.init_process_group(backend, timeout=_PATIENCE)
    except (ValueError, RuntimeError) as error:
        raise UsageError(
            "The {n} processes that WORLD_SIZE announces cannot meet: {why}. "
            "Start them with torchrun, or unset WORLD_SIZE.",
            n=os.environ.get("WORLD_SIZE"),
            why=str(error).partition("\n")[0].rstrip("."),
        ) from error


def join() -> Crew:
    """Meets the processes that were started beside this one."""
    return Crew()


@contextmanager
def told_when_others_end() -> Iterator[None]:
    """A connection that broke means that whoever was at its other end is there no more."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, distributed.DistError) and "gloo" not in str(error):
            raise
        raise _LEFT from error


def _ended(signal_number: int, frame: FrameType | None) -> NoReturn:
    """torchrun ends the others when one of them has ended."""
    del frame
    signal.signal(signal_number, signal.SIG_IGN)
    raise _LEFT
