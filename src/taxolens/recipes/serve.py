"""Answer over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count, check_within
from taxolens.recipes.tile import TileRecipe

_MOST_SECONDS = 86_400.0


class LogForm(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """What the log tells at least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ServeRecipe:
    """Everything that decides how models answer over HTTP.

    Attributes:
        models: model files or pipelines, each FILE or NAME=FILE.
        host: address to listen at; "0.0.0.0": all of this machine.
        port: 0: any that is free.
        workers: processes that answer; 0: one per processor.
        max_queue: photos that may wait; who comes then is told to come again.
        seconds: from a request's last byte to its answer, at most.
        max_megabytes: of one request.
        max_megapixels: photos that announce more pixels are refused, unread.
        max_photos: in one request.
        max_connections: at once; whoever comes then takes the place of one that rests, or is told to come again.
        api_key_file: keys, one a line; None: everybody may ask.
        cors: pages of other addresses that browsers may let ask.
        alias: other names of models, each ALIAS=NAME or ALIAS=NAME:VERSION.
        watch: seconds between two looks at the files, which are loaded anew when they change; 0: never.
        detector: a model file that finds the boxes which the classifiers name.
        tile: how detectors cut photos.
        log: how the log is written.
        log_level: what it tells.
        examples: folder of photos that the page offers to try.
        export_triton: folder for a model repository of Triton; it is written, and nothing is served.
    """

    models: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 0
    max_queue: int = 64
    seconds: float = 30.0
    max_megabytes: float = 64.0
    max_megapixels: float = 50.0
    max_photos: int = 32
    max_connections: int = 512
    api_key_file: Path | None = None
    cors: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    watch: float = 0.0
    detector: Path | None = None
    tile: TileRecipe = field(default_factory=TileRecipe)
    log: LogForm = LogForm.TEXT
    log_level: LogLevel = LogLevel.INFO
    examples: Path | None = None
    export_triton: Path | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise UsageError("No model is named. Name one or more model files.")
        check_within("--port", self.port, 0, 65_535)
        check_count("--workers", self.workers)
        check_count("--max-queue", self.max_queue)
        check_within("--seconds", self.seconds, 0.1, _MOST_SECONDS)
        check_within("--max-megabytes", self.max_megabytes, 0.01, 10_000)
        check_within("--max-megapixels", self.max_megapixels, 0.01, 10_000)
        check_within("--max-photos", self.max_photos, 1, 10_000)
        check_within("--max-connections", self.max_connections, 1, 100_000)
        check_within("--watch", self.watch, 0, _MOST_SECONDS)
        for alias in self.alias:
            name, sign, model = alias.partition("=")
            if not (name and sign and model):
                raise UsageError(
                    "{alias} is no alias. Write it as champion=NAME or champion=NAME:VERSION.", alias=alias
                )

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to NAME or NAME:VERSION."""
        return {name: model for name, _, model in (alias.partition("=") for alias in self.alias)}
