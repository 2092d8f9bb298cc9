"""What a desk is opened with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.execution.local import default_workers
from taxolens.imaging.container import DEFAULT_MEGAPIXELS
from taxolens.recipes.tile import TileRecipe

MEMORY = 2 * 1024**3
"""Bytes that one piece of work may take beside the models."""

LONGEST_OPENING = 300.0
"""Seconds that the opening of a model may take."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A model file, or a pipeline, and what requests call it.

    Attributes:
        path: of the file.
        name: None: as its card says, or for a pipeline as the file is called.
    """

    path: Path
    name: str | None = None

    @classmethod
    def parse(cls, text: str) -> NamedFile:
        """Reads "FILE" or "NAME=FILE"; what lies there under the whole text is a file.

        Raises:
            UsageError: the name or the file is empty.
        """
        name, sign, path = text.partition("=")
        if not sign or Path(text).exists():
            return cls(Path(text))
        if not name or not path:
            raise UsageError("{text} is neither FILE nor NAME=FILE. Name a model file.", text=text)
        return cls(Path(path), name)


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What is served, and by how much.

    Attributes:
        models: at least one; requests that name none are answered by the first.
        aliases: other names, each for a model ("beetles": always its newest version) or a version ("beetles:2").
        workers: processes that answer; 0: one per processor.
        max_queue: pieces of work that may wait, beside those at a worker; 0: none waits.
        seconds: longest that one piece of work may take at a worker, which is ended then.
        memory: bytes that one piece of work may take beside the models.
        max_megapixels: photos that announce more pixels become failures, unread.
        detector: model file that finds the boxes which the classifiers among `models` name; they become pipelines.
        tile: how detectors cut photos.
        watch: seconds between two looks at the files, which are loaded when they changed and rest since; 0: never.
        keep_versions: how many versions of a model answer, the newest included, at least 1.

    Raises:
        UsageError: a value that cannot be meant.
    """

    models: tuple[NamedFile, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    workers: int = 0
    max_queue: int = 64
    seconds: float = 30.0
    memory: int = MEMORY
    max_megapixels: float = DEFAULT_MEGAPIXELS
    detector: Path | None = None
    tile: TileRecipe = field(default_factory=TileRecipe)
    watch: float = 0.0
    keep_versions: int = 1

    def __post_init__(self) -> None:
        if not self.models:
            raise UsageError("No model is named. Name one or more model files.")
        least = {"workers": 0, "max_queue": 0, "watch": 0, "keep_versions": 1}
        for name, low in least.items():
            if not getattr(self, name) >= low:
                raise UsageError(
                    "{name} is {low} or more, not {value}.", name=name, low=low, value=getattr(self, name)
                )
        for name in ("seconds", "memory", "max_megapixels"):
            if not getattr(self, name) > 0:
                raise UsageError("{name} is more than 0, not {value}.", name=name, value=getattr(self, name))

    @property
    def processes(self) -> int:
        """Workers, counted."""
        return self.workers or default_workers()
