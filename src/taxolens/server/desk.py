"""Where the doors of the server hand in work: the one thing that routes know of models and workers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from taxolens.modelfile.card import Card
from taxolens.server.work import Answer, Work


class State(StrEnum):
    """Whether a model answers."""

    LOADING = "loading"
    READY = "ready"
    UNLOADED = "unloaded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a graph: its name, "UINT8" or "FP32", and its shape with -1 for what varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """One version of one model.

    Attributes:
        name: that requests use.
        version: "1", "2", ...: counts up with each file that was loaded under the name.
        sha256: of the file.
        card: what the model says of itself.
        kind: "classify", "detect", or "pipeline" (photos only, no tensors).
        inputs: of the graph.
        outputs: of the graph.
        state: whether it answers.
        reason: why not, one sentence; empty where it does.
        aliases: other names of this very version, as "champion".
    """

    name: str
    version: str
    sha256: str
    card: Card
    kind: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    state: State
    reason: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the server is.

    Attributes:
        waiting: pieces of work in the queue.
        running: pieces of work at a worker.
        workers: processes that answer.
        restarts: how often a worker had to be replaced since the start.
        memory: bytes, the sum over all processes (proportional set size where the system tells, else resident).
    """

    waiting: int
    running: int
    workers: int
    restarts: int
    memory: int


class Desk(Protocol):
    """Answers work with the models it holds. For one event loop."""

    async def start(self) -> None:
        """Loads the models that the desk was opened with.

        Raises:
            UsageError: two have one name, or an alias means none.
            ModelError: a file cannot be used; says why.
        """

    @property
    def alive(self) -> bool:
        """Whether work can be answered at all: at least one worker lives, or is just being replaced. A desk that is
        closing lives until its last work is done."""

    @property
    def ready(self) -> bool:
        """Alive, its first models loaded, and not closing."""

    def models(self) -> tuple[Served, ...]:
        """Every version that is known, in the order of names and versions."""

    def find(self, name: str | None = None, version: str | None = None) -> Served:
        """The version that answers.

        Args:
            name: of a model or an alias; None: the first that was named at the start.
            version: None: the newest that is ready.

        Raises:
            UnknownModel: no such name or version.
            NotReady: it is being loaded, unloaded, or failed.
        """

    def hold(self, name: str | None = None, version: str | None = None) -> AbstractContextManager[Served]:
        """As `find`, for a request that asks several times or only after its body has come: until the block ends, the
        version answers, however many newer ones are loaded meanwhile. What `find` gave answers for a second more.
        """

    async def ask(self, model: Served, work: Work, *, deadline: float) -> Answer:
        """Answers one piece of work.

        Args:
            model: from `find`: this version answers, also when another becomes the newest meanwhile.
            deadline: seconds from now; later the answer is of no use.

        Raises:
            Busy: the queue is full; nothing was done.
            TooLate: the deadline passed, in the queue or at work.
            WorkerDied: the process died at this very work (a decoder that crashed, memory at its limit).
            UsageError: a tensor of another shape or type than the graph takes.
            ModelError: the graph failed.
            NotReady: the desk is closing, or the version was replaced long ago; see `hold`.
        """

    async def load(self, name: str) -> Served:
        """Loads the file of a name as it lies there now, beside the version that answers, and swaps when it has
        proven itself. On failure the old one stays.

        Raises:
            UnknownModel: no such name.
            ModelError: the file cannot be used; says why.
        """

    async def unload(self, name: str) -> None:
        """Takes a model out of service once its work is done.

        Raises:
            UnknownModel: no such name.
        """

    async def load_now(self) -> Load:
        """How busy the server is."""

    async def close(self, *, patience: float) -> None:
        """Takes no more work, finishes what is waiting and running for up to `patience` seconds, ends the workers."""
