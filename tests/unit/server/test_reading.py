"""What of a body is read at all."""

from __future__ import annotations

import asyncio

import pytest

from taxolens.problems import Refused
from taxolens.server.doors import Limits
from taxolens.server.reading import read_photos

_LIMITS = Limits(numbers=1000)


@pytest.mark.parametrize(
    "many", [b"0," * 1001 + b"0", b"[" * 1001, b'{"":' * 1001], ids=["numbers", "lists", "objects"]
)
def test_json_that_would_take_much_memory_is_refused_unread(many: bytes) -> None:
    with pytest.raises(Refused) as refused:
        asyncio.run(read_photos(b'{"data":[' + many, "application/json", _LIMITS))
    assert refused.value.status == 413
