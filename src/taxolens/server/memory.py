"""How much memory processes take together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def memory_of(pids: Iterable[int]) -> int:
    """Bytes of this process and others: each one's share of what several use (PSS), where the system tells it, else
    all of it. A process that is gone takes nothing.
    """
    return sum(_shared(pid) for pid in {os.getpid(), *pids})


def _shared(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return _resident(pid)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _resident(pid: int) -> int:
    import psutil  # of the extra [serve], and needed only where the system does not tell itself

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
