"""The course of a training as event files, which TensorBoard shows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboardX import SummaryWriter

from taxolens.core.tracking import EVENTS, Ending, TrackedRun
from taxolens.core.trainer import Epoch, Examples

_CURVES: Mapping[str, str] = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
    "rate": "learning rate",
    "seconds": "seconds",
}


class EventFiles:
    """Event files in the place of a run, copied into the run folder in the end."""

    def __init__(self, run: TrackedRun) -> None:
        self._folder = run.place / EVENTS
        # What a stopped process left may be torn; all its epochs are told again.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writer = SummaryWriter(str(self._folder))
        self._writer.add_text("settings", _table(run.settings))
        self._told, self._shown = 0, False

    @property
    def where(self) -> str:
        """The command that shows them."""
        return f"tensorboard --logdir {self._folder}"

    def learnt(self, epochs: Sequence[Epoch], examples: Examples) -> None:
        """Adds the points that are new; those of before a stop stand at about the time that they were made."""
        if not self._shown:
            self._shown = True
            self._writer.add_images("photos as the network sees them", examples(), dataformats="NHWC")
        ended = time.time()
        times = [ended - sum(one.seconds for one in epochs[number:]) for number in range(1, len(epochs) + 1)]
        for epoch, moment in list(zip(epochs, times, strict=True))[self._told :]:
            for name, curve in _CURVES.items():
                value = getattr(epoch, name)
                if value is not None:
                    self._writer.add_scalar(curve, value, epoch.number, walltime=moment)
        self._told = len(epochs)
        self._writer.flush()

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """Adds the figures and puts everything into the run folder."""
        for name, value in figures.items():
            self._writer.add_scalar(f"test/{name}", value, self._told)
        self._writer.close()
        shutil.copytree(self._folder, folder / EVENTS)

    def close(self, ending: Ending) -> None:
        """Lets go of the files."""
        del ending
        self._writer.close()


def _table(settings: Mapping[str, str]) -> str:
    """Markdown, which TensorBoard shows as a table."""
    rows = (f"| {name} | {value.replace('|', ' ')} |" for name, value in settings.items())
    return "\n".join(("| setting | value |", "| --- | --- |", *rows))
