"""The course of a training as event files, which TensorBoard shows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.summary import image, scalar, text
from tensorboardX.utils import make_grid

from taxolens.core.tracking import EVENTS, Ending, TrackedEpoch, TrackedRun
from taxolens.core.trainer import Examples
from taxolens.tracking.points import points

_COLUMNS = 6
_CURVES: Mapping[str, str] = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
    "loss": "loss/train",
    "map50": "mAP50/validation",
    "map50_95": "mAP50-95/validation",
    "rate": "learning_rate",
    "seconds": "seconds",
}


class EventFiles:
    """Event files in the place of a run, copied into the run folder in the end."""

    def __init__(self, run: TrackedRun) -> None:
        self._run, self._folder = run, run.place / EVENTS
        self._writer: EventsWriter | None = None
        self._told, self._shown = 0, False

    @property
    def where(self) -> str:
        """The command that shows them, parts of the run beside it."""
        return f"tensorboard --logdir {self._run.place}"

    def learnt(self, epochs: Sequence[TrackedEpoch], examples: Examples) -> None:
        """Adds the points that are new; those of before a stop stand at about the time that they were made."""
        if not self._shown:
            self._shown = True
            self._show(examples())
        ended = time.time()
        times = [ended - sum(one.seconds for one in epochs[number:]) for number in range(1, len(epochs) + 1)]
        for epoch, moment in list(zip(epochs, times, strict=True))[self._told :]:
            for name, value in points(epoch).items():
                if value is not None:
                    self._write(scalar(_CURVES.get(name, f"loss/{name}"), value), epoch.number, moment)
        self._told = len(epochs)
        self._opened().flush()

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """Adds the figures and puts everything into the run folder."""
        for name, value in figures.items():
            self._write(scalar(f"test/{name}", value), self._told)
        self.close(Ending.DONE)
        shutil.copytree(self._folder, folder / EVENTS)
        for part in self._run.place.glob(f"*/{EVENTS}"):
            shutil.copytree(part, folder / EVENTS / part.parent.name)

    def close(self, ending: Ending) -> None:
        """Lets go of the files."""
        del ending
        if self._writer:
            self._writer.close()
            self._writer = None

    def _opened(self) -> EventsWriter:
        """Begun with the first point: several processes may search, of which one judges."""
        if self._writer is None:
            # What a stopped process left may be torn; all its epochs are told again.
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            # Not the library's SummaryWriter, whose thread would keep a full disk to itself.
            self._writer = EventsWriter(str(self._folder / "events"))
            self._write(text("settings", _table(self._run.settings)))
        return self._writer

    def _show(self, photos: NDArray[np.uint8]) -> None:
        if len(photos):
            grid = make_grid(photos.transpose(0, 3, 1, 2), ncols=_COLUMNS)
            self._write(image("photos_as_the_network_sees_them", grid, dataformats="CHW"))

    def _write(self, summary: Summary, step: int = 0, moment: float | None = None) -> None:
        self._opened().write_event(Event(wall_time=moment or time.time(), step=step, summary=summary))


def _table(settings: Mapping[str, str]) -> str:
    """Markdown, which TensorBoard shows as a table."""
    rows = (f"| {name} | {value.replace('|', ' ')} |" for name, value in settings.items())
    return "\n".join(("| setting | value |", "| --- | --- |", *rows))
