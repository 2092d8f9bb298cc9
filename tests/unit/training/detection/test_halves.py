"""Blocks that cut channels in the middle, pruned."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from torch import nn  # noqa: E402

from taxolens.training.channels import Narrowing, look_anew, take_out  # noqa: E402
from taxolens.training.detection.child import multiplications  # noqa: E402
from taxolens.training.detection.halves import laid_open  # noqa: E402

SIDE = 16


class Conv(nn.Module):
    def __init__(self, into: int, out: int, side: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, side, padding=side // 2, bias=False)
        self.bn, self.act = nn.BatchNorm2d(out), nn.SiLU()

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(given)))


class Block(nn.Module):
    """Cuts in the middle, as C2f does."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.c = out // 2
        self.cv1, self.cv2 = Conv(into, 2 * self.c), Conv(4 * self.c, out)
        self.m = nn.ModuleList(Conv(self.c, self.c, 3) for _ in range(2))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        parts = list(self.cv1(given).chunk(2, 1))
        parts.extend(layer(parts[-1]) for layer in self.m)
        return self.cv2(torch.cat(parts, 1))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(Conv(3, 32, 3), Block(32, 64), Block(64, 64), nn.Conv2d(64, 5, 1))
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
    return made.eval()


def pictures() -> torch.Tensor:
    return torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def blocks(made: nn.Module) -> list[nn.Module]:
    return [one for one in made.modules() if isinstance(one, Block)]


def test_a_block_that_was_laid_open_answers_as_before() -> None:
    made = network()
    before = made(pictures())
    tensors = copy.deepcopy(made.state_dict())
    with laid_open(blocks(made)):
        assert torch.allclose(made(pictures()), before, atol=1e-5)
    assert torch.equal(made(pictures()), before)
    assert all(torch.equal(tensors[name], one) for name, one in made.state_dict().items())


def test_halves_stay_equal_whatever_is_taken_out() -> None:
    made = network()
    before = multiplications(made, SIDE)
    assert before is not None
    with laid_open(blocks(made)):
        made(pictures()).square().mean().backward()
        plan = Narrowing(
            "drawn",
            made,
            torch.zeros(1, 3, SIDE, SIDE),
            [made[3]],
            4,
            lambda: multiplications(made, SIDE) or 0,
        )
        reached = take_out(plan, before // 3)
        opened = made(pictures())
    assert torch.allclose(made(pictures()), opened, atol=1e-5)
    assert multiplications(made, SIDE) == reached <= before // 3
    assert made[3].out_channels == 5 and made(pictures()).shape == (4, 5, SIDE, SIDE)
    for block in blocks(made):
        assert block.cv1.conv.out_channels == 2 * block.c == block.cv1.bn.num_features
        assert block.m[0].conv.in_channels == block.c


def test_norms_that_looked_anew_have_the_statistics_of_what_they_saw() -> None:
    made = network()
    look_anew(made, [lambda: made(pictures())])
    first = made[0]
    seen = first.conv(pictures())
    assert torch.allclose(first.bn.running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    assert not made.training and first.bn.momentum == 0.1
