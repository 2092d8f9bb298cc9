from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.client.tensors import LENGTH_HEADER, bytes_message, read_outputs, tensor_message
from taxolens.core.errors import NetworkError

NUMBERS = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=1, max_dims=4, max_side=4), elements=st.floats(-1, 1, width=32)
)


def reply(
    name: str, values: np.ndarray[Any, Any], datatype: str, *, binary: bool
) -> tuple[bytes, str | None]:
    told: dict[str, Any] = {"name": name, "shape": list(values.shape), "datatype": datatype}
    if not binary:
        return json.dumps({"outputs": [{**told, "data": values.reshape(-1).tolist()}]}).encode(), None
    data = values.tobytes()
    header = json.dumps({"outputs": [{**told, "parameters": {"binary_data_size": len(data)}}]}).encode()
    return header + data, str(len(header))


@given(NUMBERS, st.booleans())
def test_numbers_arrive_as_they_were_sent(values: np.ndarray[Any, Any], binary: bool) -> None:
    outputs = read_outputs(*reply("y", values, "FP32", binary=binary), "http://x")
    assert outputs["y"].shape == values.shape
    assert np.array_equal(outputs["y"], values)


def test_a_request_says_how_long_its_parts_are() -> None:
    tensor = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    sent = tensor_message("x", tensor, {"a": 1})
    length = int(sent.headers[LENGTH_HEADER])
    told = json.loads(sent.body[:length])
    assert told["inputs"][0] == {
        "name": "x",
        "shape": [1, 2, 2, 3],
        "datatype": "UINT8",
        "parameters": {"binary_data_size": 12},
    }
    assert told["parameters"] == {"binary_data_output": True, "a": 1}
    assert sent.body[length:] == tensor.tobytes()


def test_every_file_stands_behind_its_length() -> None:
    sent = bytes_message("image", [b"abc", b""], {})
    assert sent.body.endswith(struct.pack("<I", 3) + b"abc" + struct.pack("<I", 0))


def test_texts_are_left_out_and_what_follows_is_found() -> None:
    words, numbers = struct.pack("<I", 3) + b"fox", np.array([1.5], np.float32).tobytes()
    header = json.dumps(
        {
            "outputs": [
                {
                    "name": "label",
                    "shape": [1],
                    "datatype": "BYTES",
                    "parameters": {"binary_data_size": len(words)},
                },
                {"name": "y", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": 4}},
            ]
        }
    ).encode()
    outputs = read_outputs(header + words + numbers, str(len(header)), "http://x")
    assert {name: values.tolist() for name, values in outputs.items()} == {"y": [1.5]}


STRANGE = [
    (b"<html>", None),
    (b"{}", None),
    (b"[]", None),
    (b'{"outputs": [{"name": "y", "shape": [3], "datatype": "FP32", "data": [1]}]}', None),
    (b'{"outputs": [{"name": "y", "datatype": "FP32", "data": [1]}]}', None),
    (b"{}", "99"),
    (b"{}", "-1"),
    (b"{}", "x"),
    (
        b'{"outputs": [{"name": "y", "shape": [4], "datatype": "FP32", "parameters": {"binary_data_size": 16}}]}1',
        "103",
    ),
]


@pytest.mark.parametrize(("body", "length"), STRANGE)
def test_a_strange_answer_is_told(body: bytes, length: str | None) -> None:
    with pytest.raises(NetworkError, match="no inference of the Open Inference Protocol"):
        read_outputs(body, length, "http://x")
