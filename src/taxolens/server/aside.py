"""Reading beside the event loop, which answers others meanwhile; while JSON becomes objects of Python it cannot.

Its parser gives the interpreter to no other thread: as many numbers as may be listed keep everybody waiting for one to two
seconds, a million for a fifth of that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")

_LARGE = 256_000
"""Bytes from which on a thread is worth its while."""


async def aside(size: int, read: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """What a function makes of so many bytes: of few at once, of many in a thread."""
    if size > _LARGE:
        return await asyncio.to_thread(read, *args, **kwargs)
    return read(*args, **kwargs)
