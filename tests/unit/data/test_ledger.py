"""The memory of files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from taxolens.data.ledger import FileState, Found, Ledger

STATE = FileState(b"/photos/1.jpg", 10, 123)
FOUND = Found("ab" * 32, datetime(2024, 1, 6, 3, 35, 1), "Browning BTC")


def test_what_was_remembered_is_recalled_by_a_later_program(tmp_path: Path) -> None:
    other = FileState(b"/photos/\xff.jpg", 1, 2)
    with Ledger(tmp_path / "new" / "photos.sqlite") as ledger:
        assert ledger.recall([STATE, other]) == [None, None]
        ledger.remember([(STATE, FOUND), (other, Found("cd" * 32))])
    with Ledger(tmp_path / "new" / "photos.sqlite") as ledger:
        assert ledger.recall([other, STATE, other]) == [Found("cd" * 32), FOUND, Found("cd" * 32)]


@pytest.mark.parametrize("changed", [FileState(STATE.path, 11, 123), FileState(STATE.path, 10, 124)])
def test_a_file_that_was_written_to_is_not_recalled(changed: FileState, tmp_path: Path) -> None:
    with Ledger(tmp_path / "photos.sqlite") as ledger:
        ledger.remember([(STATE, FOUND)])
        assert ledger.recall([changed]) == [None]
        ledger.remember([(changed, Found("ee" * 32))])
        assert ledger.recall([changed, STATE]) == [Found("ee" * 32), None]


def test_many_files_are_recalled_in_order(tmp_path: Path) -> None:
    states = [FileState(str(number).encode(), number, number) for number in range(2_345)]
    with Ledger(tmp_path / "photos.sqlite") as ledger:
        ledger.remember((state, Found(f"{state.size:064x}")) for state in states)
        assert [found.sha256 for found in ledger.recall(states) if found] == [
            f"{n:064x}" for n in range(2_345)
        ]


@pytest.mark.parametrize(
    "content", [b"this is no database, not at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_broken_memory_is_begun_anew(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "photos.sqlite").write_bytes(content)
    for expected in (None, FOUND):
        with Ledger(tmp_path / "photos.sqlite") as ledger:
            assert ledger.recall([STATE]) == [expected]
            ledger.remember([(STATE, FOUND)])


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_program(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with Ledger(tmp_path / "home" / "photos.sqlite") as ledger:
        ledger.remember([(STATE, FOUND)])
        assert ledger.recall([STATE]) == [FOUND]


def test_threads_and_programs_share_it(tmp_path: Path) -> None:
    file = tmp_path / "photos.sqlite"
    with Ledger(file) as one, Ledger(file) as other, ThreadPoolExecutor(8) as pool:
        states = [FileState(str(number).encode(), 1, 1) for number in range(200)]
        ledgers = [one, other] * 100
        list(pool.map(lambda pair: pair[0].remember([(pair[1], FOUND)]), zip(ledgers, states, strict=True)))
        assert one.recall(states) == [FOUND] * 200


def test_what_was_remembered_before_a_kill_stays(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from taxolens.data.ledger import *\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "ledger.remember([(FileState(b'/photos/1.jpg', 10, 123), Found('ab' * 32))])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "photos.sqlite")], env=os.environ, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    with Ledger(tmp_path / "photos.sqlite") as ledger:
        assert ledger.recall([STATE]) == [Found("ab" * 32)]
