"""Where the course of a training is written for people to watch: what is told, and to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from taxolens.core.detection_trainer import DetectionEpoch
from taxolens.core.trainer import Epoch, Examples

TrackedEpoch = Epoch | DetectionEpoch
"""One pass over the photos, of a network that names them or of a detector; a training has those of one kind."""
EVENTS = "tensorboard"
"""Name of the folder of event files in a run folder."""


class Ending(StrEnum):
    """How a training that is tracked came to its end."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What is to be tracked.

    Attributes:
        name: of the run.
        group: under which runs are listed together, such as the name of the photos.
        settings: what was asked, as text by dotted name.
        place: folder that outlives a stop; a tracker keeps there what it needs to go on. It goes when all
            went well.
        out: the run folder to be.
        home: the user's Taxolens folder.
        parent: place of the run that this one is a part of.
    """

    name: str
    group: str
    settings: Mapping[str, str]
    place: Path
    out: Path
    home: Path
    parent: Path | None = None


class Tracker(Protocol):
    """Somewhere that the course of one training is written to.

    Whatever it raises ends the tracking and not the training.
    """

    @property
    def where(self) -> str:
        """Where one can look: a file, an address or the command that shows it."""
        ...

    def learnt(self, epochs: Sequence[TrackedEpoch], examples: Examples) -> None:
        """Takes all epochs so far, before the first step and after each epoch; writes those that are new."""
        ...

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        """Takes what came out.

        Args:
            figures: by name, on the photos that were held back.
            folder: the run folder, complete, a moment before it is put in its place.
        """
        ...

    def close(self, ending: Ending) -> None:
        """Lets go; after a stop the same run can be opened again."""
        ...


class TrackerOpener(Protocol):
    """Something that tracks, found by the name of an entry point."""

    def __call__(self, run: TrackedRun) -> Tracker:
        """Begins to track a run, or goes on with what lies in its place."""
        ...
