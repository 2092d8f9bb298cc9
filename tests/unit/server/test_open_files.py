from __future__ import annotations

import subprocess
import sys

import pytest

from taxolens.server.address import BACKLOG

_CODE = """
import resource
from taxolens.server.open_files import backlog_for
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(backlog_for({connections}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def _told(soft: int, hard: int, connections: int) -> tuple[int, int]:
    """How many connections at a time, and open files, of a process with limits."""
    code = _CODE.format(soft=soft, hard=hard, connections=connections)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    backlog, files = done.stdout.split()
    return int(backlog), int(files)


@pytest.mark.parametrize(("hard", "connections"), [(1024, 612), (2000, 612), (1024, 100)])
def test_connections_that_are_accepted_together_leave_open_files_for_all_else(
    hard: int, connections: int
) -> None:
    backlog, files = _told(512, hard, connections)
    assert files == hard
    assert 16 <= backlog < BACKLOG
    assert connections + 5 * backlog < hard


def test_few_open_files_take_few_connections_at_a_time() -> None:
    assert _told(64, 64, 500) == (16, 64)
