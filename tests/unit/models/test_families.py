"""Every family of networks trains, is frozen and slowed down by layers, goes on from its weights, becomes a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

import onnxruntime as ort  # noqa: E402

from taxolens.core.errors import UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.core.trainer import TrainedNetwork, TrainingRequest  # noqa: E402
from taxolens.data.pixels import KeptPixels  # noqa: E402
from taxolens.models.network import OWN, build_network  # noqa: E402
from taxolens.recipes.network import NetworkRecipe, Precision  # noqa: E402
from taxolens.training.optimizer import freeze, optimizer_of  # noqa: E402
from taxolens.training.trainer import NetworkTrainer, finetune, scratch  # noqa: E402

HEAVY = pytest.mark.slow
FAMILIES = [
    *(pytest.param(name, own.least, id=name) for name, own in OWN.items()),
    *(
        pytest.param(f"timm:{name}", size, id=name, marks=marks)
        for name, size, marks in (
            ("mobilenetv2_100", 32, ()),
            ("mobilenetv3_small_050", 32, ()),
            ("mobilenetv4_conv_small", 32, HEAVY),
            ("efficientnet_lite0", 32, ()),
            ("resnet18", 32, ()),
            ("convnext_atto", 32, ()),
            ("vit_tiny_patch16_224", 32, ()),
            ("levit_128s", 64, ()),
            ("deit_tiny_distilled_patch16_224", 32, HEAVY),
            ("hgnetv2_b0", 32, ()),
            ("regnety_002", 32, HEAVY),
            ("repvit_m0_9", 32, HEAVY),
            ("efficientnet_b0", 32, HEAVY),
            ("mobilenetv3_large_100", 32, HEAVY),
            ("densenet121", 32, HEAVY),
            ("swin_tiny_patch4_window7_224", 64, HEAVY),
            ("vit_small_patch14_dinov2", 56, HEAVY),
            ("resnet50", 32, HEAVY),
            ("convnext_tiny", 32, HEAVY),
            ("inception_v3", 80, HEAVY),
            ("vgg16", 224, HEAVY),
        )
    ),
]
LABELS = ("ash", "beech", "cedar")
NARROWED = {
    "timm:vgg16": {"mlp_ratio": "0.125"},
    "timm:swin_tiny_patch4_window7_224": {"embed_dim": "24"},
    "timm:vit_small_patch14_dinov2": {"embed_dim": "96"},
}
"""Tens of millions of numbers take long to write and to read, and prove no more."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def taught(
    trainer: NetworkTrainer, recipe: NetworkRecipe, folder: Path, labels: tuple[str, ...] = LABELS
) -> TrainedNetwork:
    """One epoch on four photos."""
    folder.mkdir()
    side = trainer.input_of(recipe, labels).width
    pixels = np.random.default_rng(0).integers(0, 255, (6, side, side, 3), dtype=np.uint8)
    rows = np.arange(6)
    asked = TrainingRequest(
        recipe, labels, KeptPixels(pixels), rows % len(labels), rows[:4], rows[4:], folder, "a"
    )
    found = trainer.train(asked, progress=Silent(), say=plain)
    session = ort.InferenceSession(found.onnx, providers=["CPUExecutionProvider"])
    (answered,) = session.run(None, {"image": pixels[found.told_rows]})
    assert np.allclose(answered, found.told, atol=1e-3, rtol=1e-3)
    assert answered.shape == (2, len(labels))
    return found


@pytest.mark.parametrize(("name", "size"), FAMILIES)
def test_every_family_trains_and_goes_on_from_its_own_weights(name: str, size: int, tmp_path: Path) -> None:
    recipe = NetworkRecipe(
        name,
        arguments=NARROWED.get(name, {}),
        size=size,
        epochs=1,
        head_epochs=2,
        batch=4,
        augment="none",
        precision=Precision.FP32,
    )
    first = taught(scratch, recipe, tmp_path / "scratch")
    assert first.multiplications and first.parameters
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(first.weights)
    further = replace(recipe, weights=weights, unfreeze=2)
    second = taught(finetune, further, tmp_path / "finetune", ("beech", "cedar", "dogwood"))
    assert [epoch.phase for epoch in second.epochs[-1:]] == ["network"]
    assert second.epochs[0].phase == "head", "a class that is new is learnt by the head first"


@pytest.mark.parametrize(("name", "size"), FAMILIES)
def test_every_family_can_be_frozen_and_slowed_down_by_layers(name: str, size: int) -> None:
    recipe = NetworkRecipe(name, size=size, rate=0.1, layer_decay=0.5)
    network = replace(build_network(recipe, LABELS, pretrained=False), pretrained=True)
    names = {parameter for parameter, _ in network.module.named_parameters()}
    learnable = {one for one, weights in network.module.named_parameters() if weights.requires_grad}
    assert set(network.depth) >= names
    assert network.head and network.head <= names
    assert {network.depth[one] for one in network.head} == {network.layers - 1}, "the head is the last layer"
    rates = sorted({group["lr"] for group in optimizer_of(network, recipe).param_groups})
    assert rates[-1] == pytest.approx(0.1) and len(rates) >= 3
    freeze(network, 1)
    learning = {one for one, weights in network.module.named_parameters() if weights.requires_grad}
    assert network.head & learnable <= learning < learnable


def test_a_network_looks_at_photos_of_its_own_size_unless_another_is_given() -> None:
    own = {"timm:inception_v3": 299, "timm:tinynet_e": 106, "small_cnn": 32, "dog_cnn": 128}
    for name, side in own.items():
        assert build_network(NetworkRecipe(name), LABELS, pretrained=False).input.width == side
    assert build_network(NetworkRecipe("timm:tinynet_e", size=64), LABELS, pretrained=False).input.width == 64


def test_the_auxiliary_head_of_inception_is_off() -> None:
    network = build_network(NetworkRecipe("timm:inception_v3", size=80), LABELS, pretrained=False)
    answer = network.module.train()(torch.rand(2, 3, 80, 80))
    assert isinstance(answer, torch.Tensor) and answer.shape == (2, 3)
    assert not any("aux" in name.lower() for name in network.module.state_dict())


@pytest.mark.parametrize(
    ("name", "size"),
    [("timm:inception_v3", 16), ("timm:vit_tiny_patch16_224", 8), ("small_cnn", 9), ("fast_cnn", 8)],
)
def test_a_size_that_a_network_cannot_look_at_is_told(name: str, size: int) -> None:
    with pytest.raises(UsageError, match="--size"):
        scratch.input_of(NetworkRecipe(name, size=size), LABELS)


@pytest.mark.slow
def test_a_size_at_which_a_network_cannot_become_a_model_file_is_told_before_it_learns() -> None:
    with pytest.raises(UsageError, match="cannot be written as a model file.*adaptive_avg_pool2d"):
        scratch.input_of(NetworkRecipe("timm:vgg11", size=32), LABELS)
