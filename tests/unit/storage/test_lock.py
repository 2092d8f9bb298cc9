"""A lock keeps a second process out, and no kill leaves it behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from taxolens.core.errors import OutputError, UsageError
from taxolens.storage.lock import held, lock_beside

BUSY = UsageError("Another one is there.")
HOLD = (
    "import sys; from pathlib import Path; from taxolens.storage.lock import held;"
    "from taxolens.core.errors import UsageError\n"
    "with held(Path(sys.argv[1]), busy=UsageError('x'), place=Path('x')):\n"
    "    print('held', flush=True); sys.stdin.read()"
)


def test_who_comes_second_is_refused_and_may_come_later(tmp_path: Path) -> None:
    file = lock_beside(tmp_path / "deep" / "run")
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout and other.stdout.readline() == "held\n"
    with pytest.raises(UsageError, match="Another one"), held(file, busy=BUSY, place=tmp_path):
        pass
    other.kill()
    other.communicate()
    with held(file, busy=BUSY, place=tmp_path):
        assert file.exists()
    assert not file.exists()


def test_a_lock_goes_when_the_work_fails_and_stays_where_it_is_to_stay(tmp_path: Path) -> None:
    with pytest.raises(ValueError), held(tmp_path / "lock", busy=BUSY, place=tmp_path):
        raise ValueError
    assert not (tmp_path / "lock").exists()
    with held(tmp_path / "lock", busy=BUSY, place=tmp_path, keep=True):
        pass
    assert (tmp_path / "lock").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="my-run"),
        held(tmp_path / "file" / "lock", busy=BUSY, place=Path("my-run")),
    ):
        pass
