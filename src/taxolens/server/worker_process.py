"""The processes that open untrusted bytes. One is started, loads what all need and never anything foreign; each worker is a
fork of it, ready in milliseconds, that shares its memory.

Run by `taxolens.server.nursery` only. All of them end when the server does, however it ends.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from taxolens.core.errors import TaxolensError
from taxolens.modelfile.protobuf import parse_model
from taxolens.server.guard import Guard
from taxolens.server.holder import Holder
from taxolens.server.proof import drawn_photos
from taxolens.server.wire import WorkerRule, packed, received
from taxolens.server.worker_orders import BURY, FORK, PID

_LONGEST_ORDER = 64
_FIRST_TO_GO = "500"
"""Of -1000 to 1000: where memory ends, the system ends workers before the server."""
_OURS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals to a whole group of processes: the server decides what they mean for its workers."""


def main(arguments: list[str]) -> None:
    """Forks a worker for each connection that arrives, until the server is gone."""
    orders = socket.socket(fileno=int(arguments[0]))
    rule = WorkerRule(**json.loads(arguments[1]))
    for number in _OURS_TO_END:
        signal.signal(number, signal.SIG_IGN)
    drawn_photos()
    parse_model(b"")
    # What is here stays, and is not looked at by the workers' collectors: its memory remains shared. What little of it is
    # of no use is not worth the search for it.
    gc.freeze()
    children: set[int] = set()
    try:
        while _obeyed(orders, rule, children):
            pass
    finally:
        for pid in children:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(rule.folder, ignore_errors=True)


def _obeyed(orders: socket.socket, rule: WorkerRule, children: set[int]) -> bool:
    order, connections, _, _ = socket.recv_fds(orders, _LONGEST_ORDER, 1)
    if order == FORK:
        children.add(_forked(orders, connections[0], rule))
        return True
    if order.startswith(BURY):
        (pid,) = PID.unpack(order[1:])
        _answer(orders, _buried(pid))
        children.discard(pid)
        return True
    return False


def _answer(orders: socket.socket, number: int) -> None:
    with suppress(OSError):  # the server may be gone, and then no order comes either
        orders.sendall(PID.pack(number))


def _forked(orders: socket.socket, connection: int, rule: WorkerRule) -> int:
    pid = os.fork()
    if pid:
        os.close(connection)
        _answer(orders, pid)
        return pid
    code = 1
    try:
        orders.close()
        _silence_libraries()
        _work(socket.socket(fileno=connection), rule)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        # Nothing of the process that was forked is to be cleared away here.
        os._exit(code)


def _silence_libraries() -> None:
    """Decoders say on the terminal what they think of damaged photos, as often as someone sends them. What ends a
    worker is still told there by Python.
    """
    logging.disable()
    own, nowhere = os.dup(sys.stderr.fileno()), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)
    sys.stderr = os.fdopen(own, "w", encoding="utf-8", errors="backslashreplace")


def _buried(pid: int) -> int:
    """How a worker ended, as `os.waitstatus_to_exitcode` tells it; 0 where that is not known any more."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return 0


def _work(connection: socket.socket, rule: WorkerRule) -> None:
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    holder = Holder(rule.max_megapixels)
    guard = Guard(seconds=rule.seconds, opening=rule.opening, memory=rule.memory)
    while True:
        call = received(connection)
        if call is None:
            return
        with suppress(BrokenPipeError):
            connection.sendall(packed(_outcome(holder, guard, *call)))
            continue
        return


def _outcome(holder: Holder, guard: Guard, name: str, arguments: tuple[Any, ...]) -> tuple[bool, object]:
    """Whether a call succeeded, and its result or error. What is no error of ours ends the process."""
    with guard.answering() if name == "answer" else guard.opening():
        try:
            return True, getattr(holder, name)(*arguments)
        except TaxolensError as error:
            return False, error


if __name__ == "__main__":
    main(sys.argv[1:])
