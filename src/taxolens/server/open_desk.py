"""A desk with processes, put together."""

from __future__ import annotations

import tempfile
from pathlib import Path

from taxolens.server.model_desk import ModelDesk
from taxolens.server.nursery import Nursery
from taxolens.server.options import DeskOptions
from taxolens.server.pool import LONGEST_OPENING, Pool
from taxolens.server.process_worker import ProcessWorker
from taxolens.server.wire import WorkerRule

_GRACE = 5.0
"""Seconds after which a worker ends itself where the server should have."""


def open_desk(options: DeskOptions) -> ModelDesk:
    """A desk whose models work in processes of their own, which begin to start at once. Then `start` it in an event loop.

    Only for systems with `fork`: Linux, macOS.
    """
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
    pool = Pool(
        lambda: ProcessWorker.start(nursery),
        workers=options.processes,
        max_queue=options.max_queue,
        seconds=options.seconds,
    )
    return ModelDesk(options, pool, folder, others=lambda: (nursery.pid,), finish=nursery.close)
