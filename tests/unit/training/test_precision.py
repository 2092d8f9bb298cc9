"""What a network computes with is asked for or measured, and measuring changes nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from taxolens.core.errors import UsageError  # noqa: E402
from taxolens.recipes.network import Device, NetworkRecipe, Precision  # noqa: E402
from taxolens.training import precision as room  # noqa: E402
from taxolens.training.precision import autocast, device_of, precision_of  # noqa: E402


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.LazyLinear(2)
    )


@pytest.mark.parametrize("asked", [Precision.FP32, Precision.BF16])
def test_what_is_asked_for_is_not_measured(asked: Precision) -> None:
    recipe = NetworkRecipe("small_cnn", precision=asked)
    assert precision_of(recipe, torch.nn.Identity(), torch.zeros(0)) is asked


@pytest.mark.parametrize(
    ("seconds", "chosen"), [(0.5, Precision.BF16), (0.9, Precision.FP32), (2.0, Precision.FP32)]
)
def test_bfloat16_must_be_worth_it(
    seconds: float, chosen: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_seconds", lambda *given: seconds if given[2] is Precision.BF16 else 1.0)
    assert precision_of(NetworkRecipe("small_cnn"), torch.nn.Identity(), torch.zeros(0)) is chosen


def test_measuring_leaves_weights_statistics_and_gradients_as_they_were() -> None:
    measured, pixels = network(), torch.rand(4, 3, 8, 8)
    measured(pixels)
    before = {name: one.clone() for name, one in measured.state_dict().items()}
    precision_of(NetworkRecipe("small_cnn"), measured, pixels)
    assert all(torch.equal(one, before[name]) for name, one in measured.state_dict().items())
    assert all(weights.grad is None for weights in measured.parameters())


def test_bfloat16_is_used_where_it_is_chosen_and_only_there() -> None:
    layer, pixels = torch.nn.Linear(2, 2), torch.ones(1, 2)
    for precision, kind in ((Precision.BF16, torch.bfloat16), (Precision.FP32, torch.float32)):
        with autocast(torch.device("cpu"), precision):
            assert layer(pixels).dtype is kind
    assert layer.weight.dtype is torch.float32


def test_a_processor_that_is_asked_for_is_used_even_beside_a_graphics_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of(NetworkRecipe("small_cnn", device=Device.CPU)).type == "cpu"
    assert device_of(NetworkRecipe("small_cnn")).type == "cuda"


def test_a_graphics_card_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of(NetworkRecipe("small_cnn")).type == "cpu"
    with pytest.raises(UsageError, match="no graphics card"):
        device_of(NetworkRecipe("small_cnn", device=Device.CUDA))
