"""What a pool knows of the process that works for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from taxolens.core.errors import TaxolensError
from taxolens.server.admitted import Admitted
from taxolens.server.done import Done
from taxolens.server.kept import Kept, Source
from taxolens.server.work import Work


class Died(TaxolensError):
    """A worker is no more. Never leaves a pool."""


class NotBegun(Died):
    """A worker was no more before it took up what it was given."""


class Worker(Protocol):
    """Does one thing at a time; see `taxolens.server.holder.Holder` for what. Each raises `Died` where it ends at it,
    and `NotBegun` where it is known to have ended before.
    """

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done as soon as it is known to be no more."""

    @property
    def held(self) -> set[int]:
        """Numbers of the models that it holds."""

    @property
    def pid(self) -> int:
        """Of its process."""

    async def admit(self, source: Source, folder: Path) -> Admitted:
        """Copies a model and has it prove itself."""

    async def open(self, number: int, kept: Kept) -> str:
        """Holds a model; returns its proof."""

    async def drop(self, number: int) -> None:
        """Lets a model go."""

    async def answer(self, number: int, work: Work) -> Done:
        """Has a model do one piece of work."""

    async def end(self) -> None:
        """Ends it at once, whatever it does."""
