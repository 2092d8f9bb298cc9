from __future__ import annotations

from types import MappingProxyType

import pytest

pytest.importorskip("torch")

from taxolens.core.errors import UsageError
from taxolens.models.network import build_network, settled_network
from taxolens.recipes.network import NetworkRecipe


def parameters(name: str, **arguments: str) -> int:
    recipe = NetworkRecipe(name, size=32, arguments=MappingProxyType(arguments))
    network = build_network(recipe, ("a", "b", "c"), pretrained=False)
    return sum(one.numel() for one in network.module.parameters())


def test_widths_make_the_networks_that_they_say() -> None:
    assert parameters("dog_cnn") == 116_803
    # convolutions (3*8+1)... 3x3 kernels: 3*9*8+8, 8*9*16+16; dense 16*36*20+20; head 20*3+3
    assert parameters("small_cnn", filters="8,16", dense="20") == 224 + 1168 + 11540 + 63
    assert parameters("dog_cnn", filters="8,8,8", dense="4") == 224 + 584 + 584 + 36 + 15


def test_a_settled_recipe_builds_the_same_network_and_says_how_wide_it_is() -> None:
    settled = settled_network(NetworkRecipe("small_cnn", arguments=MappingProxyType({"dense": "64"})))
    assert dict(settled.arguments) == {"filters": "32,64", "dense": "64"}
    assert settled.dropout == 0.5
    assert settled_network(settled) == settled
    assert settled_network(NetworkRecipe("timm:resnet18")).dropout is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"filters": "32"}, "2 whole numbers"),
        ({"filters": "32,x"}, "2 whole numbers"),
        ({"filters": "32,0"}, "from 1 to 4096"),
        ({"dense": "5000"}, "1 whole numbers"),
        ({"fliters": "32,64"}, "Choose filters, dense"),
    ],
)
def test_widths_that_cannot_be_meant_are_refused(arguments: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parameters("small_cnn", **arguments)


def test_a_network_without_widths_takes_none() -> None:
    with pytest.raises(UsageError, match="Leave it out"):
        parameters("fast_cnn", filters="8")
