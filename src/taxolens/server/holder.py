"""The models that one process holds, and what it does when told."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from pathlib import Path

from taxolens.server.admitted import Admitted
from taxolens.server.done import Done
from taxolens.server.keeping import keep
from taxolens.server.kept import Kept, Source
from taxolens.server.opened import OpenedModel
from taxolens.server.proof import prove
from taxolens.server.work import Work


class Holder:
    """Holds models under numbers. For one thread.

    Args:
        max_megapixels: photos that announce more pixels become failures, unread.
    """

    def __init__(self, max_megapixels: float) -> None:
        self._most = max_megapixels
        self._models: dict[int, OpenedModel] = {}

    def admit(self, source: Source, folder: Path) -> Admitted:
        """Copies a model into a new folder and has it prove itself; it is not held.

        Raises:
            TaxolensError: it cannot be served; says why.
        """
        kept = keep(source, folder)
        model = self._opened(kept)
        return Admitted(kept, model.described, prove(model))

    def open(self, number: int, kept: Kept) -> str:
        """Holds a model and has it prove itself.

        Raises:
            TaxolensError: it cannot be opened.
        """
        model = self._opened(kept)
        proof = prove(model)
        self._models[number] = model
        _give_back()
        return proof

    def drop(self, number: int) -> None:
        """Lets a model go."""
        self._models.pop(number, None)
        _give_back()

    def answer(self, number: int, work: Work) -> Done:
        """Has a model do one piece of work.

        Raises:
            TaxolensError: the work cannot be meant, or the graph fails.
        """
        return self._models[number].answer(work)

    def _opened(self, kept: Kept) -> OpenedModel:
        return OpenedModel(kept.path, tile=kept.tile, max_megapixels=self._most)


def _give_back() -> None:
    """Gives the system the memory that is free, which the C library of Linux else keeps: after ten reloads a third."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
