"""A server that really listens, in a thread of the test."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from taxolens.server.app import make_app
from taxolens.server.doors import Doors, Limits
from taxolens.server.keys import Keys
from taxolens.server.options import DeskOptions, NamedFile
from taxolens.server.page.examples import Examples
from taxolens.server.testing import inline_desk

KEY = "open-sesame-open-sesame"


@dataclass(frozen=True, slots=True)
class Options:
    """How the server is set up."""

    limits: Limits = field(default_factory=Limits)
    keyed: bool = False
    examples: Examples | None = None
    delay: float = 0.0
    max_queue: int = 64
    origins: tuple[str, ...] = ()


@contextmanager
def served(*models: str | Path, options: Options | None = None) -> Iterator[str]:
    """The address of a server of these models ("FILE" or "NAME=FILE"), which ends with the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    house = _House(models, options or Options(), listener)
    thread = threading.Thread(target=house.run, name="server")
    thread.start()
    try:
        assert house.up.wait(60), "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        house.down()
        thread.join(30)
        listener.close()


class _House:
    def __init__(self, models: tuple[str | Path, ...], options: Options, listener: socket.socket) -> None:
        self.up = threading.Event()
        self._models = models
        self._options = options
        self._listener = listener
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        asyncio.run(self._run())

    def down(self) -> None:
        if self._server is not None:
            self._server.should_exit = True

    async def _run(self) -> None:
        named = tuple(NamedFile.parse(str(one)) for one in self._models)
        desk = inline_desk(
            DeskOptions(named, workers=1, max_queue=self._options.max_queue), delay=self._options.delay
        )
        await desk.start()
        keys = Keys({hashlib.sha256(KEY.encode()).digest(): "tester"}) if self._options.keyed else None
        doors = Doors(desk, limits=self._options.limits, keys=keys, origins=self._options.origins)
        app = make_app(doors, self._options.examples)
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        self.up.set()
        try:
            await self._server.serve([self._listener])
        finally:
            await desk.close(patience=5)
