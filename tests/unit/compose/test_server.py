"""How the model server starts."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taxolens.compose import server
from taxolens.recipes.serve import ServeRecipe
from taxolens.server.wire import WorkerRule
from taxolens.server.worker_orders import FORK


class _Desk:
    """A desk whose workers take several turns of the loop to open their models."""

    opened_at = 0.0

    async def start(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0.01)
        self.opened_at = time.monotonic()

    def models(self) -> tuple[()]:
        return ()

    async def close(self, *, patience: float) -> None:
        pass


class _Listener:
    """Ends at once."""

    def __init__(self, *, answered_all: bool = True) -> None:
        self.answered_all = answered_all
        self.should_exit = False

    def stop(self) -> None:
        self.should_exit = True

    async def serve(self, sockets: object) -> None:
        pass


def _served() -> bool:
    try:
        return server.serve(ServeRecipe(("model.onnx",), port=0), ready=lambda where: None)
    finally:
        gc.unfreeze()


def test_workers_open_models_while_the_doors_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, made_at = _Desk(), [0.0]

    def made(*of: object) -> _Listener:
        time.sleep(0.5)
        made_at[0] = time.monotonic()
        return _Listener()

    monkeypatch.setattr("taxolens.server.open_desk.open_desk", lambda options: desk)
    monkeypatch.setattr("taxolens.server.visit_log.start_logs", lambda form, level: None)
    monkeypatch.setattr(server, "_server", made)
    monkeypatch.setattr(server, "_listening", lambda *of: None)
    assert _served()
    assert 0 < desk.opened_at < made_at[0]


def test_it_tells_whether_all_were_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taxolens.server.open_desk.open_desk", lambda options: _Desk())
    monkeypatch.setattr("taxolens.server.visit_log.start_logs", lambda form, level: None)
    monkeypatch.setattr(server, "_server", lambda *of: _Listener(answered_all=False))
    assert not _served()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_is_made_it_stops(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """And does not say that it is ready, though its models are loaded meanwhile."""
    listener, said = _Listener(), []

    def made(*of: object) -> _Listener:
        os.kill(os.getpid(), number)
        time.sleep(0.3)
        return listener

    monkeypatch.setattr("taxolens.server.open_desk.open_desk", lambda options: _Desk())
    monkeypatch.setattr("taxolens.server.visit_log.start_logs", lambda form, level: None)
    monkeypatch.setattr(server, "_server", made)
    monkeypatch.setattr(server, "_listening", lambda *of: said.append("ready"))
    kept = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # else its failure would end all tests
    try:
        assert _served()
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert listener.should_exit
    assert not said


def test_the_process_of_workers_ends_in_silence_where_the_server_is_gone(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    kept, lent = socket.socketpair()
    with kept, lent, theirs:
        socket.send_fds(ours, [FORK], [lent.fileno()])
        ours.close()  # before the answer
        rule = json.dumps(
            WorkerRule(
                seconds=1, opening=1, memory=1 << 30, max_megapixels=1, folder=str(tmp_path / "copies")
            ).fields()
        )
        command = [sys.executable, "-P", "-m", "taxolens.server.worker_process", str(theirs.fileno()), rule]
        done = subprocess.run(
            command, pass_fds=[theirs.fileno()], capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_process_of_workers_is_started_before_anything_large_is_loaded() -> None:
    code = (
        "import sys\n"
        "from taxolens.server import nursery, open_desk\n"
        "from taxolens.server.options import DeskOptions, NamedFile\n"
        "from pathlib import Path\n"
        "class Begun(Exception): pass\n"
        "def begun(rule): raise Begun\n"
        "open_desk.Nursery = begun\n"
        "try:\n    open_desk.open_desk(DeskOptions((NamedFile(Path('x')),)))\nexcept Begun:\n"
        "    print(sorted({'numpy', 'onnxruntime', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_command_loads_no_format_of_results() -> None:
    code = "import sys, taxolens.cli.serve; print([one for one in sys.modules if one.startswith('taxolens.formats')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
