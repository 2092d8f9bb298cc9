"""What of a body is read at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from taxolens.problems import Refused
from taxolens.server.doors import Limits
from taxolens.server.reading import Upload, read_photos

_LIMITS = Limits(numbers=1000, photos=3)
_BOUNDARY = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def _read(
    body: bytes, kind: str = "application/json", hold: Callable[[int], None] = lambda more: None
) -> tuple[Upload, ...]:
    return asyncio.run(read_photos(body, kind, _LIMITS, hold))


@pytest.mark.parametrize(
    "many", [b"0," * 1001 + b"0", b"[" * 1001, b'{"":' * 1001], ids=["numbers", "lists", "objects"]
)
def test_json_that_would_take_much_memory_is_refused_unread(many: bytes) -> None:
    with pytest.raises(Refused) as refused:
        _read(b'{"data":[' + many)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("body", "kind", "least"),
    [
        (b"12345", "image/jpeg", 0),
        (_BOUNDARY + b"12345\r\n--b--\r\n", "multipart/form-data; boundary=b", 5),
        (b'{"image": "QUJD"}', "application/json", 7),
        (b'{"data": [[[1, 2, 3], [4, 5, 6]]]}', "application/json", 400),
    ],
    ids=["bytes", "form", "base64", "numbers"],
)
def test_what_a_body_grows_to_is_told_before_it_is_read(body: bytes, kind: str, least: int) -> None:
    told: list[int] = []
    assert len(_read(body, kind, told.append)) == 1
    assert sum(told) >= least

    def full(more: int) -> None:
        raise Refused(503, "Full.")

    if least:
        damaged = body[: len(body) // 2]  # which nobody looks at any more
        with pytest.raises(Refused, match="Full"):
            _read(damaged, kind, full)


@pytest.mark.parametrize(
    "body",
    [b'{"images": ["?", "?", "?", "?"]}', b'{"data": [[[[1]]], [[[1]]], [[[1]]], [[[1]]]]}'],
    ids=["texts", "numbers"],
)
def test_photos_are_counted_before_they_are_decoded(body: bytes) -> None:
    with pytest.raises(Refused, match="4 photos") as refused:
        _read(body)
    assert refused.value.status == 413
