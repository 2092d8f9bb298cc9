from __future__ import annotations

import signal
import subprocess
import sys

import pytest

_LIMITED = """
import sys, time
from taxolens.server.guard import Guard
guard = Guard(seconds=0.2, opening=60, memory=50_000_000)
with guard.opening():
    held = bytearray(100_000_000)
with guard.answering():
    {work}
with guard.opening():
    held += bytearray(100_000_000)
print("whole")
"""


def ran(work: str) -> subprocess.CompletedProcess[str]:
    """A process that does something under guard."""
    code = _LIMITED.format(work=work)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_work_within_its_limits_is_left_alone() -> None:
    assert ran("bytearray(10_000_000)").stdout == "whole\n"


def test_work_that_takes_too_long_ends_its_process() -> None:
    assert ran("time.sleep(60)").returncode == -signal.SIGALRM


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")
def test_memory_beside_what_was_taken_before_is_limited_while_work_is_done() -> None:
    assert "MemoryError" in ran("bytearray(100_000_000)").stderr
