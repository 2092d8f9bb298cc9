"""One of several equal parts of a piece of work."""

from __future__ import annotations

import re

from taxolens.core.errors import UsageError

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")


def shard_of(text: str | None) -> tuple[int, int]:
    """Which shard of how many, from 1; the only one where nothing is said.

    Raises:
        UsageError: there is no such shard.
    """
    if text is None:
        return 1, 1
    found = _SHARD.fullmatch(text.strip())
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(
            "There is no shard {shard}. Write --shard 1/4 to --shard 4/4 for four machines.", shard=text
        )
    return number, count
