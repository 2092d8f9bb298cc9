"""Data out of pickles: all of it, and nothing is ever run."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import DataError
from taxolens.formats.public.pickled import read_pickled
from tests.unit.formats.public.archives import pickle_of_python_2

NAME = PurePath("batch")

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(value=plain, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_come_back_as_they_were(value: object, protocol: int) -> None:
    try:
        found = read_pickled(pickle.dumps(value, protocol=protocol), NAME)
    except DataError:
        # Before protocol 3, bytes are written as a call; an empty one as a call of `bytes` itself.
        assert protocol < 3 and b"__builtin__" in pickle.dumps(value, protocol=protocol)
        return
    assert found == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["u1", "<i4", ">i4", "<f8"])
def test_arrays_come_back_as_they_were(protocol: int, dtype: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype)
    for one in (array, np.asfortranarray(array)):
        found = read_pickled(pickle.dumps({"data": one}, protocol=protocol), NAME)
        assert isinstance(found, dict)
        assert found["data"].dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
        assert (found["data"] == array).all()


def test_what_python_2_wrote_is_read_and_agrees_with_the_real_unpickler() -> None:
    values: dict[str, Any] = {
        "batch_label": "training batch 1 of 5",
        "labels": [3, 0, 255],
        "data": np.arange(600, dtype=np.uint8).reshape(2, 300),
        "filenames": ["a.png", "b" * 300 + ".png"],
    }
    data = pickle_of_python_2(values)
    found, real = read_pickled(data, NAME), pickle.loads(data, encoding="bytes")
    assert isinstance(found, dict) and found.keys() == real.keys()
    assert (found.pop(b"data") == real.pop(b"data")).all()
    assert found == real


def test_the_text_form_of_python_2_is_read() -> None:
    data = (
        b"(dp1\nS'num_cases_per_batch'\np2\nI10000\nsS'label_names'\np3\n(lp4\nS'airplane'\np5\naS'truck'\np6\n"
        b"asS'num_vis'\np7\nI3072\ns."
    )
    assert read_pickled(data, NAME) == pickle.loads(data, encoding="bytes")


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_in_a_hostile_pickle_runs(protocol: int, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    hostile = [
        Hostile(os.system, f"touch {trace}"),
        Hostile(eval, f"__import__('os').mkdir({str(trace)!r})"),
        Hostile(Path.touch, trace),
        {"data": [Hostile(os.mkdir, str(trace))]},
    ]
    for one in hostile:
        data = pickle.dumps(one, protocol=protocol)
        with pytest.raises(DataError, match="more than hold data"):
            read_pickled(data, NAME)
        assert not trace.exists()
        pickle.loads(data)
        assert trace.exists()  # and it would have run
        trace.rmdir() if trace.is_dir() else trace.unlink()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        b"\x80\x02}q\x00.",  # fine, shown by the next test to be read
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"cnumpy\ndtype\n(S'O'\nK\x00K\x01tR.",  # arrays of objects hold what must be unpickled
        b"P1\n.",
        b"\x82\x01.",
        b"K\x01h\x05.",
        b"(((.",
        b"K\x01K\x02s.",
        b"]K\x01K\x02a.",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R.",
        pickle.dumps({"data": np.zeros(4, np.uint8)}, protocol=2)[:-9],
    ],
)
def test_what_is_damaged_or_does_more_is_refused_in_a_sentence(data: bytes) -> None:
    if data == b"\x80\x02}q\x00.":
        assert read_pickled(data, NAME) == {}
        return
    try:
        found = read_pickled(data, NAME)
    except DataError as error:
        assert error.told().startswith("batch is")
    else:
        assert isinstance(found, list | int)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(DataError):
        read_pickled(data, NAME)
