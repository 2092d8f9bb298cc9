"""A desk with processes, put together."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from taxolens.core.errors import UsageError
from taxolens.server.nursery import Nursery
from taxolens.server.options import LONGEST_OPENING, DeskOptions
from taxolens.server.wire import WorkerRule
from taxolens.storage.atomic import told_as_output

if TYPE_CHECKING:
    from taxolens.server.model_desk import ModelDesk

_GRACE = 5.0
"""Seconds after which a worker ends itself where the server should have."""


def open_desk(options: DeskOptions) -> ModelDesk:
    """A desk whose models work in processes of their own, which begin to start at once. Then `start` it in an event loop.

    Its `close` is to be called even where `start` fails.

    Raises:
        UsageError: the system cannot fork processes.
        OutputError: there is no place for copies of the models.
    """
    if not hasattr(os, "fork"):
        raise UsageError("The model server needs Linux or macOS. On Windows, run it in WSL or a container.")
    with told_as_output(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix="taxolens-"))
    nursery = Nursery(
        WorkerRule(
            seconds=options.seconds + _GRACE,
            opening=LONGEST_OPENING + _GRACE,
            memory=options.memory,
            max_megapixels=options.max_megapixels,
            folder=str(folder),
        )
    )
    # Loaded while the other process does the same.
    from taxolens.server.model_desk import ModelDesk
    from taxolens.server.pool import Pool
    from taxolens.server.process_worker import ProcessWorker

    pool = Pool(
        lambda: ProcessWorker.start(nursery),
        workers=options.processes,
        max_queue=options.max_queue,
        seconds=options.seconds,
    )
    return ModelDesk(options, pool, folder, others=lambda: (nursery.pid,), finish=nursery.close)
