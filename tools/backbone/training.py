"""Teaches the trunk to tell generated categories apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from tools.backbone.pictures import Painter
from tools.backbone.trunk import Pupil, Trunk

EVERY = 100  # steps between two lines of progress, and two checkpoints
STEPS = 3500


@dataclass(frozen=True, slots=True)
class Lesson:
    """How long and on what the trunk is taught."""

    steps: int = STEPS
    batch: int = 128
    figures: int = 250
    surfaces: int = 150
    rate: float = 2e-3
    decay: float = 0.05
    seed: int = 0

    @property
    def categories(self) -> int:
        """How many there are to tell apart."""
        return self.figures + self.surfaces


class Pictures(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches from a painter, drawn in a process of their own."""

    def __init__(self, bank: NDArray[np.uint8], lesson: Lesson, step: int) -> None:
        self.bank, self.lesson, self.step = bank, lesson, step

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        lesson = self.lesson
        painter = Painter(self.bank, lesson.figures, lesson.surfaces, seed=lesson.seed)
        painter.reseed(lesson.seed, self.step)
        while True:
            yield painter.batch(lesson.batch)


class Teacher:
    """A pupil with its optimiser; can be put down and taken up again."""

    def __init__(self, lesson: Lesson) -> None:
        torch.manual_seed(lesson.seed)
        self.pupil = Pupil(Trunk(), lesson.categories)
        self.pupil.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(self.pupil.parameters(), lesson.rate, weight_decay=lesson.decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, lesson.rate, lesson.steps, pct_start=0.1
        )
        self.step = 0

    def learn(self, pictures: Tensor, labels: Tensor) -> tuple[float, int]:
        """One step on pictures 0..1 [n, 3, s, s]; its loss and how many were right."""
        logits = self.pupil((pictures * 2 - 1).to(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return loss.item(), int((logits.argmax(1) == labels).sum())

    def _parts(self) -> dict[str, Any]:
        return {"pupil": self.pupil, "optimiser": self.optimiser, "schedule": self.schedule}

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on, atomically."""
        part = path.with_suffix(".part")
        states = {name: thing.state_dict() for name, thing in self._parts().items()}
        torch.save({"step": self.step, **states}, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what `save` left."""
        states = torch.load(path, weights_only=True)
        self.step = states["step"]
        for name, thing in self._parts().items():
            thing.load_state_dict(states[name])


def teach(bank: NDArray[np.uint8], lesson: Lesson, checkpoint: Path) -> Trunk:
    """Train a trunk, going on from the checkpoint where there is one; prints its progress.

    One thread learns while another process draws: two threads gain little on an idle machine and
    lose much on a busy one.
    """
    torch.set_num_threads(1)
    teacher = Teacher(lesson)
    if checkpoint.exists():
        teacher.load(checkpoint)
    loader = DataLoader(
        Pictures(bank, lesson, teacher.step), batch_size=None, num_workers=1, prefetch_factor=4
    )
    started, right = time.monotonic(), 0
    for pictures, labels in loader:
        if teacher.step >= lesson.steps:
            break
        loss, found = teacher.learn(pictures, labels)
        right += found
        if teacher.step % EVERY == 0 or teacher.step == lesson.steps:
            share, seconds = right / (EVERY * lesson.batch), time.monotonic() - started
            print(f"step {teacher.step} loss {loss:.3f} right {share:.3f} {seconds:.0f} s", flush=True)
            right = 0
            teacher.save(checkpoint)
    teacher.pupil.eval()
    return teacher.pupil.trunk
