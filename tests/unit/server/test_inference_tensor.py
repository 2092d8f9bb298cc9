"""Tensors of the protocol, there and back."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from taxolens.problems import Refused
from taxolens.server.inference_tensor import (
    BYTES,
    NUMBERS,
    Tensor,
    from_bytes,
    from_json,
    texts,
    to_bytes,
    to_list,
)

SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, max_side=4)


@pytest.mark.parametrize("datatype", NUMBERS)
@given(data=st.data())
def test_numbers_come_back_from_bytes_and_lists(datatype: str, data: st.DataObject) -> None:
    kind = np.dtype(NUMBERS[datatype])
    elements = {"allow_nan": False, "allow_infinity": False} if kind.kind == "f" else {}
    values = data.draw(arrays.arrays(kind, SHAPES, elements=arrays.from_dtype(kind, **elements)))
    sent = Tensor("x", datatype, values.shape, values)
    for back in (
        from_bytes("x", datatype, values.shape, to_bytes(sent)),
        from_json("x", datatype, values.shape, to_list(sent)),
        from_json("x", datatype, values.shape, values.tolist()),
    ):
        assert isinstance(back.values, np.ndarray)
        assert back.values.dtype == kind
        assert np.array_equal(back.values, values)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_elements_of_bytes_come_back(values: list[bytes]) -> None:
    sent = Tensor("x", BYTES, (len(values),), tuple(values))
    assert from_bytes("x", BYTES, (len(values),), to_bytes(sent)) == sent


def test_texts_are_utf8() -> None:
    tensor = texts("label", (2,), ["fox", "chèvre"])
    assert to_list(tensor) == ["fox", "chèvre"]
    assert to_bytes(tensor) == struct.pack("<I", 3) + b"fox" + struct.pack("<I", 7) + "chèvre".encode()


@given(st.sampled_from([*NUMBERS, BYTES]), st.binary(max_size=60), st.lists(st.integers(0, 5), max_size=3))
def test_whatever_bytes_come_are_a_tensor_or_refused(datatype: str, raw: bytes, shape: list[int]) -> None:
    try:
        tensor = from_bytes("x", datatype, tuple(shape), raw)
    except Refused as refused:
        assert refused.status == 400
    else:
        assert to_bytes(tensor) == raw


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)


@given(st.sampled_from([*NUMBERS, BYTES]), values, st.lists(st.integers(0, 3), max_size=3))
def test_whatever_list_comes_is_a_tensor_or_refused(datatype: str, data: Any, shape: list[int]) -> None:
    try:
        tensor = from_json("x", datatype, tuple(shape), data)
    except Refused as refused:
        assert refused.status == 400
    else:
        assert tensor.shape == tuple(shape)
