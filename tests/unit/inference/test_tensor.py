from __future__ import annotations

import numpy as np
import pytest

from taxolens.core.errors import ModelError
from taxolens.inference.tensor import to_probabilities, to_tensor
from taxolens.modelfile.card import CardInput

PIXELS = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)


def test_a_graph_that_takes_pixels_gets_them_untouched() -> None:
    assert to_tensor(PIXELS, CardInput(width=9, height=8)) is PIXELS


def test_pixels_with_the_channels_first() -> None:
    tensor = to_tensor(PIXELS, CardInput(width=9, height=8, layout="nchw"))
    assert tensor.dtype == np.uint8
    assert tensor.shape == (3, 8, 9)
    assert tensor[2, 4, 5] == PIXELS[4, 5, 2]


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_other_graphs_get_normalised_numbers(layout: str) -> None:
    rule = CardInput(
        width=9, height=8, uint8=False, layout=layout, mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.2)
    )
    tensor = to_tensor(PIXELS, rule)
    assert tensor.dtype == np.float32
    found = tensor[4, 5] if layout == "nhwc" else tensor[:, 4, 5]
    expected = (PIXELS[4, 5] / 255 - np.array([0.5, 0.4, 0.3])) / np.array([0.5, 0.25, 0.2])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_logits_become_probabilities_and_large_ones_do_not_overflow() -> None:
    answer = to_probabilities(np.array([1000, 1000, 0], dtype=np.float32), "logits")
    np.testing.assert_allclose(answer, [0.5, 0.5, 0], atol=1e-6)
    assert answer.dtype == np.float32


def test_probabilities_stay_what_they_are() -> None:
    answer = np.array([0.2, 0.8], dtype=np.float32)
    assert to_probabilities(answer, "probabilities") is answer


def test_a_decoder_of_another_task_is_refused() -> None:
    with pytest.raises(ModelError, match="decoder yolox"):
        to_probabilities(np.zeros(2, dtype=np.float32), "yolox")


@pytest.mark.parametrize(
    "answer", [[0.2, 0.2], [2.0, -1.0], [5.0, 3.0], [float("nan"), 1.0], [1.01, -0.01], [0.6, 0.6]]
)
def test_numbers_that_are_no_probabilities_are_refused_with_the_mend(answer: list[float]) -> None:
    with pytest.raises(ModelError, match="--activation softmax"):
        to_probabilities(np.array(answer, dtype=np.float32), "probabilities")


def test_rounding_of_half_precision_is_borne() -> None:
    answer = np.array([1.0005, -0.0005, 0.005], dtype=np.float32)
    assert to_probabilities(answer, "probabilities") is answer
