from __future__ import annotations

import subprocess
import sys

import pytest

from taxolens.server.address import BACKLOG

_CODE = """
import resource
from taxolens.server.open_files import room_for
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
room = room_for({connections}, 100)
print(room.stay, room.told, room.backlog, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def _told(soft: int, hard: int, connections: int) -> tuple[list[int], str]:
    """How many connections stay, are told and come at a time, and open files, of a process with limits; its log."""
    code = _CODE.format(soft=soft, hard=hard, connections=connections)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(one) for one in done.stdout.split()], done.stderr


@pytest.mark.parametrize(("hard", "connections"), [(1024, 512), (2000, 512), (1024, 100)])
def test_connections_that_are_accepted_together_leave_open_files_for_all_else(
    hard: int, connections: int
) -> None:
    (stay, told, backlog, files), log = _told(512, hard, connections)
    assert files == hard
    assert (stay, told, log) == (connections, 100, "")
    assert 16 <= backlog < BACKLOG
    assert connections + told + 5 * backlog < hard


@pytest.mark.parametrize(("hard", "others"), [(64, 30), (128, 60), (256, 120), (512, 190), (1024, 190)])
def test_no_more_connections_stay_than_there_are_open_files_for(hard: int, others: int) -> None:
    (stay, told, backlog, files), log = _told(64, hard, 5000)
    assert files == hard
    assert stay >= hard // 4
    assert told >= 8
    assert stay + told + 6 * backlog + others < hard
    assert log == f"the system allows {hard} open files: {stay} connections at once, not 5000\n"
