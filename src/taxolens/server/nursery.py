"""Where workers come from, seen from the server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from threading import Lock

from taxolens.server.wire import WorkerRule
from taxolens.server.worker_orders import BURY, FORK, PID

_PATIENCE = 60.0
"""Seconds in which a process answers an order; its start on a busy machine is among them."""


class Nursery:
    """A process that forks workers; see `taxolens.server.worker_process`. Safe to use from several threads.

    It is started at once and loads what it needs while the server goes on.
    """

    def __init__(self, rule: WorkerRule) -> None:
        self._rule = rule
        self._lock = Lock()
        self._closed = False
        self._begin()

    @property
    def pid(self) -> int:
        """Of the process that forks."""
        return self._process.pid

    def fork(self) -> tuple[int, socket.socket]:
        """A new worker: its pid and the connection to it.

        Raises:
            OSError: none can be started.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                try:
                    pid = self._ordered(FORK, theirs)
                except OSError:
                    # The process that forks was ended from outside. Its workers go on.
                    self._begin_again()
                    pid = self._ordered(FORK, theirs)
        except BaseException:
            ours.close()
            raise
        return pid, ours

    def bury(self, pid: int) -> int:
        """Ends a worker at once, whatever it does.

        Returns:
            Its exit code, negative for a signal; 0 where that is not known.
        """
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        try:
            return self._ordered(BURY + PID.pack(pid))
        except OSError:
            return 0

    def close(self) -> None:
        """Ends the process, and with it all workers that are left."""
        with self._lock:
            self._closed = True
            self._orders.close()
        self._process.wait()

    def _ordered(self, order: bytes, connection: socket.socket | None = None) -> int:
        with self._lock:
            if self._closed:
                raise OSError("The nursery is closed.")
            try:
                socket.send_fds(self._orders, [order], [connection.fileno()] if connection else [])
                return self._answer()
            except OSError:
                # An answer that comes late after all must not be taken for that to another order.
                self._orders.close()
                raise

    def _answer(self) -> int:
        answer = b""
        while len(answer) < PID.size:
            arrived = self._orders.recv(PID.size - len(answer))
            if not arrived:
                raise ConnectionResetError("The process that forks workers is gone.")
            answer += arrived
        return int(PID.unpack(answer)[0])

    def _begin_again(self) -> None:
        with self._lock:
            if self._closed:
                raise OSError("The nursery is closed.")
            self._orders.close()
            self._process.kill()
            self._process.wait()
            self._begin()

    def _begin(self) -> None:
        self._orders, theirs = socket.socketpair()
        self._orders.settimeout(_PATIENCE)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "taxolens.server.worker_process",
                    str(theirs.fileno()),
                    json.dumps(self._rule.fields()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
