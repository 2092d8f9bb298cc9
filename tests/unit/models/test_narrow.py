from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from taxolens.core.errors import ModelError  # noqa: E402
from taxolens.formats.weights import Shapes, WeightsCard, read_weights_card  # noqa: E402
from taxolens.models.narrow import narrow, shapes_of  # noqa: E402
from taxolens.models.network import Network, build_network  # noqa: E402
from taxolens.recipes.network import NetworkRecipe  # noqa: E402

RECIPE = NetworkRecipe("dog_cnn", size=16)
LABELS = ("beech", "cedar")
FILE = Path("weights.safetensors")
NARROWER: Shapes = {"0.weight": (5, 3, 3, 3), "0.bias": (5,), "3.weight": (64, 5, 3, 3)}


def narrowed(shapes: Mapping[str, tuple[int, ...]], recipe: NetworkRecipe = RECIPE) -> Network:
    network = build_network(recipe, LABELS, pretrained=False)
    narrow(network.module, shapes, network.head, network.input, FILE)
    return network


def test_a_network_becomes_as_narrow_as_the_shapes_say_and_still_answers() -> None:
    module = narrowed(NARROWER).module
    now = shapes_of(module)
    assert {name: now[name] for name in NARROWER} == dict(NARROWER)
    assert module(torch.zeros(2, 3, 16, 16)).shape == (2, 2)
    assert module[0].out_channels == 5 and module[3].in_channels == 5


@pytest.mark.parametrize(
    "shapes",
    [
        {"0.weight": (5, 3, 3, 3)},
        {**NARROWER, "3.weight": (64, 6, 3, 3)},
        {**NARROWER, "0.weight": (65, 3, 3, 3)},
        {"0.weight": (5, 3)},
        {"nothing": ()},
        {"nothing.at.all": (1,)},
        {"0": (1,)},
        {"__class__": (1,)},
    ],
)
def test_shapes_that_do_not_fit_together_or_are_of_another_network_are_refused(shapes: Shapes) -> None:
    with pytest.raises(ModelError, match="pruned"):
        narrowed(shapes)


def test_channels_that_each_have_a_filter_of_their_own_stay_so() -> None:
    whole = build_network(NetworkRecipe("timm:mobilenetv2_035", size=32), LABELS, pretrained=False)
    shapes = shapes_of(whole.module)
    parts = {name: shape for name, shape in shapes.items() if name.startswith("blocks.1.0.")}
    hidden = shapes["blocks.1.0.conv_pw.weight"][0]
    smaller = {
        name: tuple(7 if size == hidden else size for size in shape)
        for name, shape in parts.items()
        if hidden in shape
    }
    narrow(whole.module, smaller, whole.head, whole.input, FILE)
    depthwise = whole.module.get_submodule("blocks.1.0.conv_dw")
    assert (depthwise.groups, depthwise.in_channels, depthwise.out_channels) == (7, 7, 7)


def test_the_head_keeps_a_row_for_every_class_that_is_wanted_now() -> None:
    network = build_network(RECIPE, ("a", "b", "c", "d"), pretrained=False)
    (weights,) = (name for name in network.head if name.endswith("weight"))
    dense = f"{int(weights.partition('.')[0]) - 3}"
    before = {f"{dense}.weight": (6, 128), f"{dense}.bias": (6,), weights: (2, 6)}
    narrow(network.module, before, network.head, network.input, FILE)
    assert shapes_of(network.module)[weights] == (4, 6)


def test_the_card_of_weights_remembers_shapes(tmp_path: Path) -> None:
    import json
    import struct

    card = WeightsCard("dog_cnn", LABELS, 16, (0.5,) * 3, (0.5,) * 3, shapes=NARROWER)
    file = tmp_path / "w.safetensors"
    header = json.dumps({"__metadata__": card.metadata()}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    assert read_weights_card(file) == card
    bad = replace(card, shapes={"0.weight": (0, 3)})
    header = json.dumps({"__metadata__": bad.metadata()}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    assert read_weights_card(file) is None, "no layer has no channels"


@pytest.mark.parametrize("shapes", [{}, NARROWER], ids=["as it was", "pruned"])
def test_a_network_that_goes_on_stays_under_the_licence_of_its_weights(
    shapes: Shapes, tmp_path: Path
) -> None:
    from taxolens.training.trainer import weights_file

    first = narrowed(shapes)
    first = replace(first, input=replace(first.input, licence="cc-by-nc-4.0"), shapes=shapes)
    file = tmp_path / "weights.safetensors"
    file.write_bytes(weights_file(first, RECIPE, LABELS))
    for labels in (LABELS, ()):
        further = build_network(replace(RECIPE, weights=file), labels, pretrained=True, load=bool(labels))
        assert further.input.licence == "cc-by-nc-4.0"
