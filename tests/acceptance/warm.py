"""A process that has loaded the large libraries already, so that a command of the tests begins without that wait.

What is forked from it runs the installed script itself with its own arguments, folder, environment and output; of
Taxolens it has loaded only what makes timm importable. Tests that kill a command, time it or ask what it loads start
it cold.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LIBRARIES = (
    "numpy",
    "scipy.optimize",
    "PIL.Image",
    "onnxruntime",
    "onnx",
    "typer",
    "rich.progress",
    "torch",
)
_OWN = ("TAXOLENS_", "PYTEST_", "COLUMNS")
_SAID = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """What a command left on the terminal."""

    code: int
    out: str
    err: str


class Warm:
    """Runs commands in copies of one process, which ends with this one."""

    def __init__(self, script: Path) -> None:
        self._env = _libraries_see(os.environ)
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), str(script)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "ORT_DISABLE_TELEMETRY": "1"},
            )

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.wait()

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether the libraries would load no other way in this environment."""
        return _libraries_see(env) == self._env

    def run(
        self, arguments: list[str], *, env: Mapping[str, str], cwd: Path | None, timeout: float
    ) -> Outcome:
        """Runs one command to its end.

        Raises:
            subprocess.TimeoutExpired: it took longer; it is killed.
        """
        asked = json.dumps([arguments, dict(env), str(cwd or Path.cwd())]).encode()
        reply, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, reply:
            with theirs:
                socket.send_fds(self._ours, [asked], [out.fileno(), err.fileno(), theirs.fileno()])
            lines = reply.makefile("r")
            process = int(lines.readline())
            reply.settimeout(timeout)
            try:
                code = int(lines.readline())
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, timeout) from None
            return Outcome(code, *(_text(file.fileno()) for file in (out, err)))


def _libraries_see(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith(_OWN)}


def _text(file: int) -> str:
    with os.fdopen(os.dup(file), encoding="utf-8", errors="replace") as opened:
        opened.seek(0)
        return opened.read()


def _serve(asked: socket.socket, script: Path) -> None:
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        from taxolens.models.torchvision_fallback import load_timm

        load_timm()
    sys.path[0] = str(script.parent)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    while True:
        said, files, _, _ = socket.recv_fds(asked, _SAID, 3)
        if not said:
            return
        if not os.fork():
            asked.close()
            _watch(said, files, script)
        for file in files:
            os.close(file)


def _watch(said: bytes, files: list[int], script: Path) -> None:
    """Starts one command, and tells its number and its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, err, reply = files
    process = os.fork()
    if not process:
        os.close(reply)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        _become(*json.loads(said), script)
        return
    with contextlib.suppress(OSError):
        os.write(reply, f"{process}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(reply, f"{code}\n".encode())
    os._exit(0)


def _become(arguments: list[str], env: dict[str, str], cwd: str, script: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(cwd)
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]))
