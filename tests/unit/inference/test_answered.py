from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taxolens.inference.answered import Answered

# Few different halves, so that keys often agree in one of them.
HALVES = st.sampled_from([b"\0" * 8, b"\0" * 7 + b"\1", b"\xff" * 8, b"abcdefgh"])
KEYS = st.tuples(HALVES, HALVES).map(b"".join)


@given(added=st.lists(st.tuples(KEYS, st.integers(0, 2**64 - 1))), asked=st.lists(KEYS))
def test_it_answers_as_a_dictionary_does(added: list[tuple[bytes, int]], asked: list[bytes]) -> None:
    answered = Answered()
    for key, place in added:
        answered.add(key, place)
    known = dict(added)
    for key in [*known, *asked]:
        assert answered.find(key) == known.get(key)


@given(first=st.dictionaries(KEYS, st.integers(0, 9)), second=st.dictionaries(KEYS, st.integers(0, 9)))
def test_keys_can_be_added_after_it_was_asked(first: dict[bytes, int], second: dict[bytes, int]) -> None:
    answered = Answered()
    for key, place in first.items():
        answered.add(key, place)
    assert answered.find(b"\7" * 16) is None
    for key, place in second.items():
        answered.add(key, place)
    assert all(answered.find(key) == place for key, place in {**first, **second}.items())


def test_a_key_takes_24_bytes() -> None:
    count = 200_000
    keys = np.random.default_rng(0).bytes(16 * count)
    tracemalloc.start()
    answered = Answered()
    for at in range(count):
        answered.add(keys[16 * at : 16 * at + 16], at)
    assert answered.find(keys[32:48]) == 2
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Arrays grow in steps of an eighth.
    assert held < 24 * count * 1.2
    assert peak < 40 * count * 1.2
