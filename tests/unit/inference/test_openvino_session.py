"""The other engine answers as the first does."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from taxolens.core.errors import MissingExtra, ModelError
from taxolens.inference.openvino_session import OpenvinoSession
from taxolens.inference.session import Session
from tests.unit.export.test_quantise import network

SHAPE = (16, 16, 3)


def photos(n: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (n, *SHAPE), dtype=np.uint8))


def test_answers_are_those_of_the_other_engine() -> None:
    pytest.importorskip("openvino")
    graph = network().SerializeToString()
    first, other = Session(graph), OpenvinoSession(graph, output=None, shape=SHAPE, calls=2)

    for photo in photos(8):
        assert np.abs(first(photo) - other(photo)).max() < 1e-4


def test_several_threads_get_their_own_answers() -> None:
    pytest.importorskip("openvino")
    graph = network().SerializeToString()
    session = OpenvinoSession(graph, output=None, shape=SHAPE, calls=4)
    asked = photos(40)
    alone = [session(photo) for photo in asked]
    found: dict[int, np.ndarray] = {}

    def work(start: int) -> None:
        for row in range(start, len(asked), 4):
            found[row] = session(asked[row])

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.array_equal(found[row], alone[row]) for row in range(len(asked)))


def test_a_graph_that_it_cannot_run_is_told() -> None:
    pytest.importorskip("openvino")
    with pytest.raises(ModelError, match="OpenVINO cannot run"):
        OpenvinoSession(b"\x08no graph", output=None, shape=SHAPE, calls=1)
    with pytest.raises(ModelError, match="OpenVINO cannot run"):
        OpenvinoSession(network().SerializeToString(), output="elsewhere", shape=SHAPE, calls=1)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(MissingExtra, match=r"taxolens\[openvino\]"):
        OpenvinoSession(network().SerializeToString(), output=None, shape=SHAPE, calls=1)
