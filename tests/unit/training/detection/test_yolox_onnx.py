"""Weights out of an export, put back into a network whose batch norms can learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from taxolens.core.errors import ModelError  # noqa: E402
from taxolens.training.detection.yolox_onnx import load_yolox  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")


class Small(nn.Module):
    """Answers as YOLOX does in use: maps of 4 sides, one confidence and the classes; sigmoid but for the sides."""

    def __init__(self, classes: int, width: int = 6) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.SiLU())
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, 2, 1, groups=width, bias=False), nn.BatchNorm2d(width), nn.SiLU()
        )
        self.cls_preds, self.reg_preds, self.obj_preds = (
            nn.Conv2d(width, wide, 1) for wide in (classes, 4, 1)
        )

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        deep = self.body(self.stem(pictures / 255))
        kinds, sides, there = self.cls_preds(deep), self.reg_preds(deep), self.obj_preds(deep)
        return [torch.cat([sides, there.sigmoid(), kinds.sigmoid()], 1)]


class Exported(nn.Module):
    """The same as a table of cells, which is what exporters write."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return torch.cat([one.flatten(2).transpose(1, 2) for one in self.network(pictures)], 1)


def learnt(network: nn.Module) -> nn.Module:
    """Norms with statistics and scales of their own."""
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor, low in (
                (layer.weight, 0.5),
                (layer.bias, -1),
                (layer.running_mean, -1),
                (layer.running_var, 0.5),
            ):
                tensor.data.copy_(low + torch.rand(tensor.shape, generator=generator))
    return network.eval()


@pytest.fixture
def export(tmp_path: Path) -> tuple[nn.Module, Path]:
    """A network of three classes, and its export with the norms folded away."""
    torch.manual_seed(1)
    network, file = learnt(Small(3)), tmp_path / "small.onnx"
    torch.onnx.export(Exported(network).eval(), (torch.zeros(1, 3, 32, 32),), str(file), dynamo=False)
    return network, file


def pictures() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (12, 3, 32, 32)).astype(np.float32))


def test_the_network_answers_as_its_export(export: tuple[nn.Module, Path]) -> None:
    network, file = export
    torch.manual_seed(2)
    fresh = Small(3)
    load_yolox(fresh, file, pictures())
    with torch.no_grad():
        assert torch.allclose(fresh.eval()(pictures())[0], network(pictures())[0], atol=1e-4)


def test_its_norms_have_the_statistics_that_training_finds(export: tuple[nn.Module, Path]) -> None:
    fresh = Small(3)
    load_yolox(fresh, export[1], pictures())
    with torch.no_grad():
        used, trained = fresh.eval()(pictures())[0], fresh.train()(pictures())[0]
    assert torch.allclose(used, trained, atol=1e-2)


def test_layers_that_name_other_classes_learn_anew(export: tuple[nn.Module, Path]) -> None:
    network, file = export
    fresh = Small(7)
    before = fresh.cls_preds.weight.clone()
    load_yolox(fresh, file, pictures())
    assert torch.equal(fresh.cls_preds.weight, before)
    with torch.no_grad():
        ours, theirs = fresh.eval()(pictures())[0], network(pictures())[0]
    assert torch.allclose(ours[:, :5], theirs[:, :5], atol=1e-4)


def test_the_export_of_another_network_is_refused(export: tuple[nn.Module, Path]) -> None:
    with pytest.raises(ModelError, match="another network"):
        load_yolox(Small(3, width=8), export[1], pictures())


def test_what_is_no_onnx_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"weights\.onnx"):
        load_yolox(Small(3), file, pictures())
