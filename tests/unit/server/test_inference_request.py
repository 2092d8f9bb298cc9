"""Requests that would grow while they are read."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from taxolens.problems import Refused
from taxolens.server.inference_request import read_request

_EMPTY = bytes(4)


def _request(count: int, shape: list[int]) -> tuple[bytes, str]:
    data = _EMPTY * count
    parameters = {"binary_data_size": len(data)}
    head = json.dumps(
        {"inputs": [{"name": "image", "datatype": "BYTES", "shape": shape, "parameters": parameters}]}
    ).encode()
    return head + data, str(len(head))


@pytest.mark.parametrize(
    ("shape", "status"), [([1_000_000], 413), ([1000, 1000], 413), ([32], 400), ([1], 400), ([0], 400)]
)
def test_a_million_empty_photos_are_counted_before_they_are_listed(shape: list[int], status: int) -> None:
    body, length = _request(1_000_000, shape)
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            read_request(body, length, 32)
        # The data are cut out of the body once; a list of them would take ten times as much.
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body)
    finally:
        tracemalloc.stop()
    assert refused.value.status == status


def test_texts_are_counted_before_they_are_decoded() -> None:
    data = json.dumps(["!"] * 1000)
    text = f'{{"inputs":[{{"name":"image","datatype":"BYTES","shape":[2],"data":{data}}}]}}'
    with pytest.raises(Refused, match="1000 values"):
        read_request(text.encode(), "", 32)
