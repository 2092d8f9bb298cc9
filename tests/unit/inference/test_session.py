from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper

from taxolens.core.errors import ModelError
from taxolens.inference.session import Session, SessionEmbedder

if TYPE_CHECKING:
    from tests.unit.conftest import Networks


def photos(count: int, side: int = 16) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(count)]


def test_an_answer_is_a_row_of_float32(networks: Networks) -> None:
    answer = Session(networks.finished().SerializeToString())(photos(1)[0])
    assert answer.dtype == np.float32
    assert answer.shape == (3,)
    assert answer.sum() == pytest.approx(1)


def test_answers_are_the_same_bits_however_many_threads_ask(networks: Networks) -> None:
    session = Session(networks.finished().SerializeToString())
    asked = photos(60)
    alone = [session(pixels).tobytes() for pixels in asked]
    with ThreadPoolExecutor(4) as pool:
        together = [answer.tobytes() for answer in pool.map(session, asked)]
    assert together == alone
    assert len(set(alone)) > 30


def test_an_output_can_be_named(networks: Networks) -> None:
    graph = networks.finished()
    graph.graph.output.append(helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 6]))
    assert Session(graph.SerializeToString(), output="features")(photos(1)[0]).shape == (6,)
    with pytest.raises(ModelError, match="no output called nose. It has: probabilities, features"):
        Session(graph.SerializeToString(), output="nose")


@pytest.mark.parametrize("graph", [b"", b"no graph at all", b"\x08\x08\x12"])
def test_what_is_no_graph_is_told_in_one_sentence(graph: bytes) -> None:
    with pytest.raises(ModelError, match="cannot be run") as told:
        Session(graph)
    assert "\n" not in str(told.value)


def test_pixels_of_another_size_are_told_in_one_sentence(networks: Networks) -> None:
    session = Session(networks.finished().SerializeToString())
    with pytest.raises(ModelError, match=r"failed on an input of the shape \[7, 9, 3\]") as told:
        session(np.zeros((7, 9, 3), dtype=np.uint8))
    assert "\n" not in str(told.value)


def test_an_answer_that_is_no_number_is_never_passed_on(networks: Networks) -> None:
    graph = networks.finished()
    for tensor in graph.graph.initializer:
        if tensor.name == "matrix":
            tensor.raw_data = np.full(18, np.nan, dtype=np.float32).tobytes()
    with pytest.raises(ModelError, match="no number"):
        Session(graph.SerializeToString())(photos(1)[0])


def test_an_embedder_says_who_it_is(networks: Networks) -> None:
    embedder = SessionEmbedder(networks.finished().SerializeToString(), "abc", 3)
    assert (embedder.identity, embedder.dimension) == ("abc", 3)
    assert embedder(photos(1)[0]).shape == (3,)


@pytest.mark.parametrize("photos_dimension", ["N", "batch", "how_many", 1])
def test_what_a_graph_computes_about_shapes_is_computed_once(photos_dimension: str | int) -> None:
    """The pixels' mean, by a graph that asks for its input's shape; whatever it calls the number of photos."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["floats", "inner"], ["sums"], keepdims=0),
            helper.make_node("Shape", ["image"], ["shape"], start=1, end=3),
            helper.make_node("ReduceProd", ["shape"], ["count"], keepdims=1),
            helper.make_node("Cast", ["count"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Div", ["sums", "pixels"], ["mean"]),
        ],
        "mean",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [photos_dimension, 16, 16, 3])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [photos_dimension, 3])],
        [helper.make_tensor("inner", TensorProto.INT64, [2], [1, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    session = Session(model.SerializeToString())
    for pixels in photos(3):
        assert session(pixels) == pytest.approx(pixels.mean((0, 1)), abs=1e-3)
