"""What a body takes once it is read is known before."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from pydantic_core import from_json

from taxolens.problems import Refused
from taxolens.server.doors import Limits
from taxolens.server.growth import json_growth
from taxolens.server.nested import photos_of
from taxolens.server.reading import read_photos

_COUNT = 20_000
_KINDS: dict[str, bytes] = {
    "numbers": b"300," * _COUNT,
    "fractions": b"0.123," * _COUNT,
    "long numbers": b"99999999999999999999," * _COUNT,
    "texts": b"".join(b'"%x",' % number for number in range(_COUNT)),
    "lists": b"[]," * _COUNT,
    "lists of one": b"[1]," * _COUNT,
    "lists in lists": (b"[" * 50 + b"1" + b"]" * 50 + b",") * (_COUNT // 50),
    "objects": b"{}," * _COUNT,
    "objects of one": b'{"":1},' * _COUNT,
    "objects in objects": (b'{"":' * 50 + b"1" + b"}" * 50 + b",") * (_COUNT // 50),
    "an object": b"{" + b",".join(b'"%x":1' % number for number in range(_COUNT)) + b"},",
    "base64": b'"' + b"QUJD" * _COUNT + b'",',
    "text with one wide character": b'"' + b"QUJD" * _COUNT + "🦊".encode() + b'",',
    "text with one wide character escaped": b'"\\ud83e\\udd8a' + b"QUJD" * _COUNT + b'",',
}


def _peak(read: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        kept = read()
        peak = tracemalloc.get_traced_memory()[1]
        del kept
        return peak
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", _KINDS)
def test_json_takes_no_more_than_was_said(kind: str) -> None:
    text = b"[" + _KINDS[kind] + b"1]"
    said = json_growth(text, Limits())
    peak = _peak(lambda: from_json(text))
    assert peak <= said
    assert (
        kind not in ("an object", "lists in lists") or said < 3 * peak
    )  # the worst of all are not overrated


@pytest.mark.parametrize("pixel", [b"[200,100,50],", b"[0.25,0.5,0.75],"])
def test_photos_of_numbers_take_no_more_than_was_said(pixel: bytes) -> None:
    row = b"[" + pixel * 99 + pixel[:-1] + b"]"
    text = b"[" + b",".join([row] * 200) + b"]"
    assert _peak(lambda: photos_of(from_json(text))) <= json_growth(text, Limits())


_FOX, _PHOTO = "🦊".encode(), b"QUJD" * _COUNT


@pytest.mark.parametrize(
    "text", [_PHOTO, b"data:;base64," + _PHOTO, b"data:" + _FOX + b"," + _PHOTO, b"data:," + _FOX + _PHOTO]
)
def test_photos_of_base64_take_no_more_than_was_said(text: bytes) -> None:
    body = b'{"image":"' + text + b'"}'
    grown: list[int] = []

    def read() -> object:
        with suppress(Refused):
            return asyncio.run(read_photos(body, "application/json", Limits(), grown.append))
        return None

    read()  # loads what is loaded once
    peak = _peak(read)
    assert peak <= grown[0]


def test_objects_count_for_what_they_take() -> None:
    objects = b"[" + b'{"":1},' * 150 + b"1]"
    assert json_growth(objects, Limits(numbers=2000)) > 150 * 192
    with pytest.raises(Refused) as refused:
        json_growth(objects, Limits(numbers=1000))
    assert refused.value.status == 413


def test_lists_count_beside_the_numbers_in_them() -> None:
    pixels = b"[" + b"[1,2,3]," * 249 + b"[1,2,3]]"
    json_growth(pixels, Limits(numbers=1000))
    with pytest.raises(Refused, match="more than 999 numbers and lists"):
        json_growth(pixels, Limits(numbers=999))
