"""Write a pipeline: a detector and a classifier that work together, named in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PipelineRecipe:
    """What a pipeline names.

    Attributes:
        model: the classifier's file.
        detector: the detector's file.
        out: TOML to write.
        name: for people; None: as the file is called.
    """

    model: Path
    detector: Path
    out: Path
    name: str | None = None
