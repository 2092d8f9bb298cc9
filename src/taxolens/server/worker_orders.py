"""The two orders that the process which forks workers takes, and the number that it answers with."""

from __future__ import annotations

import struct

FORK = b"F"
"""Comes with a connection; answered with the pid of a worker that serves it."""

BURY = b"B"
"""Followed by a pid; answered with the exit code."""

PID = struct.Struct("!q")
