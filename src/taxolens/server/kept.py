"""Models as they were named, and the copies of them that are served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxolens.recipes.tile import TileRecipe

FileState = tuple[tuple[int, int], ...]
"""Size and time of change of each file."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model as it was named at the start; see `taxolens.server.options.DeskOptions`."""

    path: Path
    detector: Path | None
    tile: TileRecipe


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy of a model.

    Attributes:
        path: a model file or a pipeline.
        sha256: of what was copied: of the model file, or of what the pipeline says, its models' hashes among it.
    """

    path: Path
    sha256: str
    tile: TileRecipe


def state_of(source: Source) -> FileState | None:
    """Size and time of change of the files that were named; None where one is absent."""
    files = [source.path] if source.detector is None else [source.path, source.detector]
    try:
        return tuple((one.st_size, one.st_mtime_ns) for one in (file.stat() for file in files))
    except OSError:
        return None
