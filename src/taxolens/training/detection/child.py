"""The inside of a process that trains a detector: hears its order, tells how it goes, ends with its parent."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

import numpy as np
import torch
from torch import nn

from taxolens.core.detection_trainer import DetectionEpoch, ToldBoxes
from taxolens.core.errors import TaxolensError, TrainingFailed
from taxolens.storage.atomic import PART
from taxolens.training.detection.messages import Message, Refused, to_line
from taxolens.training.detection.order import BEST, EPOCHS, FACTS, LAST, TOLD, Order

_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


class Teller:
    """Tells the parent, and keeps the epochs beside the checkpoint."""

    def __init__(self, order: Order, out: TextIO) -> None:
        self.order = order
        self._out = out
        self._file = order.folder / EPOCHS

    def tell(self, message: Message) -> None:
        """One line, at once."""
        print(to_line(message), file=self._out, flush=True)

    def learnt(self, epoch: DetectionEpoch, last: Path, best: Path) -> None:
        """Keeps an epoch with its checkpoints, so that a stop at any moment finds them whole; then tells it.

        Raises:
            TrainingFailed: its loss is no number; nothing of it is kept.
        """
        if not math.isfinite(epoch.loss):
            raise TrainingFailed(
                "In epoch {number} the loss was no number any more. What was learnt before is kept. Give a lower "
                "--rate, and --restart.",
                number=epoch.number,
            )
        # The epoch before its checkpoint: after a stop between them it is learnt and told once more.
        with self._file.open("a", encoding="utf-8") as file:
            file.write("\n" + to_line(epoch) + "\n")
        _kept(best, self.order.folder / BEST)
        _kept(last, self.order.folder / LAST)
        self.tell(epoch)


def _kept(file: Path, place: Path) -> None:
    part = place.with_name(place.name + PART)
    if file.is_file():
        shutil.copyfile(file, part)
        part.replace(place)


def serve(work: Callable[[Order, Teller], None]) -> None:
    """What such a process does: takes its order from the file that it is told, and answers on its output.

    Libraries print as they like; that goes to the log, where a person may read it when something went wrong.
    """
    order = Order.read(Path(sys.argv[1]))
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        Thread(target=_end_with_parent, daemon=True).start()
        teller = Teller(order, out)
        try:
            with _told_when_memory_ends(order):
                work(order, teller)
        except TaxolensError as error:
            # Numbers stay numbers, for a template may say how they are written.
            fields = {
                name: value if isinstance(value, int | float) else str(value)
                for name, value in error.fields.items()
            }
            teller.tell(Refused(type(error).__name__, error.template, fields))
            sys.exit(1)


@contextmanager
def _told_when_memory_ends(order: Order) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not any(one in str(error) for one in _NO_MEMORY):
            raise
        raise TrainingFailed(
            "There is not enough memory for steps of {batch} photos. Lower --batch or --size, and add --restart.",
            batch=order.batch,
        ) from error


def _end_with_parent() -> None:
    """The parent holds the other end of the input open as long as it lives, however it ends."""
    # Not `sys.stdin`, whose lock this thread would hold where the interpreter wants to end.
    while os.read(0, 1):
        pass
    os._exit(1)


def write_told(told: Sequence[ToldBoxes], folder: Path) -> None:
    """What was found in the shown photos, one after another."""
    np.savez(
        folder / TOLD,
        counts=np.array([len(one.scores) for one in told], np.int64),
        corners=np.concatenate([np.empty((0, 4), np.float32), *(one.corners for one in told)]),
        scores=np.concatenate([np.empty(0, np.float32), *(one.scores for one in told)]),
        kinds=np.concatenate([np.empty(0, np.int64), *(one.kinds for one in told)]),
    )


def write_facts(folder: Path, **facts: object) -> None:
    """What else is to be known of the network."""
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def multiplications(network: nn.Module, side: int) -> int | None:
    """Multiply-accumulate operations of convolutions and dense layers for one photo; None: it takes no such input."""
    counted = 0

    def count(layer: nn.Module, given: Any, made: Any) -> None:
        nonlocal counted
        if isinstance(layer, nn.Conv2d):
            counted += made.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            counted += made.numel() * layer.in_features

    try:
        with _hooked(network, count), torch.no_grad():
            network.eval()(torch.zeros(1, 3, side, side))
    except (RuntimeError, TypeError, ValueError):
        return None
    return counted


@contextmanager
def _hooked(network: nn.Module, count: Callable[[nn.Module, Any, Any], None]) -> Iterator[None]:
    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
