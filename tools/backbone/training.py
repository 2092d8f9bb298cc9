"""Teaches the trunk to tell generated categories apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from tools.backbone.pictures import Painter
from tools.backbone.trunk import Pupil, Trunk


@dataclass(frozen=True, slots=True)
class Lesson:
    """How long and on what the trunk is taught."""

    steps: int = 3500
    batch: int = 128
    figures: int = 250
    surfaces: int = 150
    rate: float = 2e-3
    decay: float = 0.05
    seed: int = 0


class Pictures(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches from a painter, drawn in a process of their own."""

    def __init__(self, bank: NDArray[np.uint8], lesson: Lesson) -> None:
        self.bank, self.lesson = bank, lesson

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        torch.manual_seed(self.lesson.seed + 7)
        painter = Painter(self.bank, self.lesson.figures, self.lesson.surfaces, seed=self.lesson.seed)
        while True:
            yield painter.batch(self.lesson.batch)


def teach(bank: NDArray[np.uint8], lesson: Lesson, checkpoint: Path | None = None) -> Trunk:
    """Train a trunk from nothing; prints its progress, the same seed gives the same lesson."""
    torch.manual_seed(lesson.seed)
    trunk = Trunk()
    pupil = Pupil(trunk, lesson.figures + lesson.surfaces).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(pupil.parameters(), lesson.rate, weight_decay=lesson.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lesson.rate, lesson.steps, pct_start=0.1)
    loader = DataLoader(Pictures(bank, lesson), batch_size=None, num_workers=1, prefetch_factor=4)
    started, right, seen = time.monotonic(), 0, 0
    for step, (pictures, labels) in zip(range(1, lesson.steps + 1), loader, strict=False):
        logits = pupil((pictures * 2 - 1).to(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        right, seen = right + int((logits.argmax(1) == labels).sum()), seen + len(labels)
        if step % 100 == 0:
            seconds = time.monotonic() - started
            print(
                f"step {step}/{lesson.steps} loss {loss:.3f} accuracy {right / seen:.3f} {seconds:.0f} s",
                flush=True,
            )
            right = seen = 0
            if checkpoint:
                torch.save(trunk.state_dict(), checkpoint)
    return trunk.eval()
