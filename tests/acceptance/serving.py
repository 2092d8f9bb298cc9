"""A server as a user starts it, for tests that ask it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

import httpx

from tests.acceptance.conftest import TAXOLENS

_ADDRESS = re.compile(r"http://\S+?:(\d+)/")


class Server:
    """`taxolens serve` in a process of its own, on a free port; ready when the block begins.

    Args:
        arguments: of the command.
        home: of the user.
    """

    def __init__(self, *arguments: object, home: Path, log: Path) -> None:
        self._command = [TAXOLENS, "serve", *map(str, arguments), "--port", "0"]
        self._environment = {**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": "en"}
        self._log = log
        self.address = ""
        self.seconds = 0.0

    def __enter__(self) -> Server:
        self._errors = self._log.open("w+b")
        began = time.monotonic()
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._errors, env=self._environment, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := _ADDRESS.search(line):
                self.address = f"http://127.0.0.1:{found[1]}"
                break
        self.seconds = time.monotonic() - began
        assert self.address, self.log()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the server, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def log(self) -> str:
        """What it wrote to the error output."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def client(self, **options: object) -> httpx.Client:
        """What asks it."""
        return httpx.Client(base_url=self.address, timeout=60, **options)  # type: ignore[arg-type]
