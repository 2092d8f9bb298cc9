from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from taxolens.core.errors import ModelError, UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.pruner import Pruned, PruneRequest  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.data.pixels import KeptPixels  # noqa: E402
from taxolens.formats.weights import read_weights_card  # noqa: E402
from taxolens.models.network import build_network  # noqa: E402
from taxolens.recipes.network import NetworkRecipe, Precision  # noqa: E402
from taxolens.training.prune import prune_channels  # noqa: E402
from taxolens.training.trainer import finetune, weights_file  # noqa: E402
from tests.unit.training.test_trainer import request  # noqa: E402

LABELS = ("lying", "slanting", "standing")
FAMILIES = [
    ("small_cnn", 16),
    ("dog_cnn", 16),
    ("fast_cnn", 16),
    ("timm:mobilenetv2_050", 32),
    ("timm:resnet10t", 32),
    pytest.param("timm:efficientnet_b0", 32, marks=pytest.mark.slow),
    pytest.param("timm:convnext_atto", 32, marks=pytest.mark.slow),
    pytest.param("timm:vit_tiny_patch16_224", 32, marks=pytest.mark.slow),
    pytest.param("timm:inception_v3", 96, marks=pytest.mark.slow),
    pytest.param("timm:vgg11", 32, marks=pytest.mark.slow),
    pytest.param("timm:resnet50", 32, marks=pytest.mark.slow),
]


NARROWED = {"timm:vgg11": {"mlp_ratio": "0.125"}}
"""Its dense layers have a hundred million numbers, which take a minute to write and prove no more."""


def with_weights(recipe: NetworkRecipe, file: Path) -> NetworkRecipe:
    torch.manual_seed(1)
    network = build_network(recipe, LABELS, pretrained=False)
    file.write_bytes(weights_file(network, recipe, LABELS))
    return replace(recipe, weights=file)


def pruned(recipe: NetworkRecipe, share: float) -> Pruned:
    side = recipe.size or 32
    pixels = np.random.default_rng(3).integers(0, 256, (12, side, side, 3)).astype(np.uint8)
    rows = np.arange(12)
    left = round(share * prune_channels.multiplications(recipe, LABELS))
    asked = PruneRequest(recipe, LABELS, KeptPixels(pixels), rows % 3, rows, left)
    return prune_channels.prune(asked, progress=Silent(), say=plain)


@pytest.mark.parametrize(("name", "size"), FAMILIES)
def test_every_family_loses_channels_and_can_be_loaded_as_narrow_again(
    name: str, size: int, tmp_path: Path
) -> None:
    recipe = with_weights(
        NetworkRecipe(name, size=size, arguments=NARROWED.get(name, {})), tmp_path / "whole.safetensors"
    )
    found = pruned(recipe, 0.6)
    assert 0.2 * found.before < found.after <= 0.6 * found.before
    smaller = replace(recipe, weights=tmp_path / "pruned.safetensors")
    (tmp_path / "pruned.safetensors").write_bytes(found.weights)
    assert prune_channels.multiplications(smaller, LABELS) == found.after
    again = build_network(smaller, LABELS, pretrained=True)
    assert again.known == 3, "the classes are never pruned"
    assert again.module.eval()(torch.zeros(1, 3, size, size)).shape == (1, 3)


def test_a_pruned_network_goes_on_learning_with_other_classes_and_is_pruned_again(tmp_path: Path) -> None:
    quick = NetworkRecipe(
        "small_cnn", size=16, epochs=1, head_epochs=0, batch=8, augment="none", precision=Precision.FP32
    )
    recipe = with_weights(quick, tmp_path / "whole.safetensors")
    (tmp_path / "half.safetensors").write_bytes(pruned(recipe, 0.5).weights)
    half = replace(quick, weights=tmp_path / "half.safetensors")
    taught = finetune.train(request(tmp_path / "run", half), progress=Silent(), say=plain)
    assert taught.multiplications == prune_channels.multiplications(half, LABELS)
    (tmp_path / "taught.safetensors").write_bytes(taught.weights)
    further = replace(half, weights=tmp_path / "taught.safetensors")
    assert build_network(further, ("lying", "new"), pretrained=True).known == 1
    (tmp_path / "quarter.safetensors").write_bytes(pruned(further, 0.5).weights)
    quarter = replace(quick, weights=tmp_path / "quarter.safetensors")
    assert prune_channels.multiplications(quarter, LABELS) <= 0.26 * prune_channels.multiplications(
        recipe, LABELS
    )


def test_channels_that_say_nothing_go_first(tmp_path: Path) -> None:
    recipe = NetworkRecipe("dog_cnn", size=16, arguments={"filters": "16,16,16", "dense": "16"})
    network = build_network(recipe, LABELS, pretrained=False)
    silent = [1, 2, 6, 9]
    with torch.no_grad():
        network.module[0].weight[silent] = 0
        network.module[0].bias[silent] = 0
        network.module[-4].bias += 5  # every unit of the dense layer says something
    file = tmp_path / "whole.safetensors"
    file.write_bytes(weights_file(network, recipe, LABELS))
    (tmp_path / "pruned.safetensors").write_bytes(pruned(replace(recipe, weights=file), 0.9).weights)
    smaller = build_network(replace(recipe, weights=tmp_path / "pruned.safetensors"), LABELS, pretrained=True)
    pixels = torch.rand(4, 3, 16, 16)
    whole = network.module.eval()(pixels)
    assert torch.allclose(smaller.module.eval()(pixels), whole, atol=1e-5)


def test_a_network_that_cannot_become_so_narrow_says_how_far_it_can(tmp_path: Path) -> None:
    recipe = with_weights(NetworkRecipe("small_cnn", size=16), tmp_path / "whole.safetensors")
    with pytest.raises(UsageError, match=r"can lose \d+ % of its multiplications"):
        pruned(recipe, 0.001)


def test_weights_that_lie_about_their_shapes_are_refused(tmp_path: Path) -> None:
    recipe = with_weights(NetworkRecipe("small_cnn", size=16), tmp_path / "whole.safetensors")
    found = pruned(recipe, 0.5)
    whole = tmp_path / "lie.safetensors"
    from safetensors.torch import load, save

    (tmp_path / "pruned.safetensors").write_bytes(found.weights)
    card = read_weights_card(tmp_path / "pruned.safetensors")
    assert card is not None and card.shapes
    tensors = load((tmp_path / "whole.safetensors").read_bytes())
    whole.write_bytes(save(tensors, metadata=card.metadata()))
    with pytest.raises(ModelError, match="not those of this network"):
        build_network(replace(recipe, weights=whole), LABELS, pretrained=True)
    whole.write_bytes(save(load(found.weights), metadata=replace(card, shapes={}).metadata()))
    with pytest.raises(ModelError, match="not those of this network"):
        build_network(replace(recipe, weights=whole), LABELS, pretrained=True)
