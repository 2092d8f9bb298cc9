from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from taxolens.core.errors import ModelError, UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.core.trainer import TrainedNetwork, TrainingRequest  # noqa: E402
from taxolens.models.network import build_network  # noqa: E402
from taxolens.recipes.network import DistillRecipe, NetworkRecipe  # noqa: E402
from taxolens.training import guide as guides  # noqa: E402
from taxolens.training.features import Features  # noqa: E402
from taxolens.training.guide import Guide  # noqa: E402
from taxolens.training.normalise import Normalised  # noqa: E402
from taxolens.training.teacher import NetworkTeacher, Told  # noqa: E402
from taxolens.training.trainer import scratch, weights_file  # noqa: E402
from tests.unit.training.test_trainer import QUICK, request, trained  # noqa: E402

LABELS = ("lying", "slanting", "standing")
CPU = torch.device("cpu")
PUPIL = replace(QUICK, arguments={"filters": "4,4", "dense": "8"})


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """What a network left that was never taught, which a teacher's tests do not mind."""
    torch.manual_seed(2)
    file = tmp_path / "teacher.safetensors"
    file.write_bytes(weights_file(build_network(QUICK, LABELS, pretrained=False), QUICK, LABELS))
    return file


class Counted:
    """A teacher that counts what it looks at."""

    def __init__(self) -> None:
        self.looks = 0

    def tell(self, pixels: torch.Tensor) -> Told:
        self.looks += len(pixels)
        brightness = pixels.mean((1, 2, 3), keepdim=False)
        return Told(torch.stack([brightness, -brightness, brightness * 0], 1))


@pytest.mark.parametrize(
    "name", ["small_cnn", "dog_cnn", "fast_cnn", "timm:resnet10t", "timm:mobilenetv2_035"]
)
def test_what_a_network_decides_by_goes_into_its_last_layer(name: str) -> None:
    network = build_network(NetworkRecipe(name, size=32), LABELS, pretrained=False)
    features = Features(network)
    with features.watched() as seen:
        network.module.eval()(torch.rand(2, 3, 32, 32))
    assert [one.shape for one in seen] == [(2, features.dimension)]
    network.module(torch.rand(2, 3, 32, 32))
    assert len(seen) == 1, "nobody looks on afterwards"


def test_a_runs_weights_teach_as_its_network_answers(weights: Path) -> None:
    teacher = NetworkTeacher(weights, ("standing", "lying"), hints=True, device=CPU)
    network = build_network(replace(QUICK, weights=weights), LABELS, pretrained=True)
    whole = Normalised(network.module, network.input).eval()
    pixels = torch.randint(0, 256, (3, 16, 16, 3), dtype=torch.uint8)
    said = teacher.tell(pixels.permute(0, 3, 1, 2).float())
    with torch.no_grad():
        assert torch.allclose(said.logits, whole(pixels)[:, [2, 0]], atol=1e-5)
    assert said.seen is not None and said.seen.shape == (3, 128)


def test_weights_that_cannot_teach_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not know tilted"):
        NetworkTeacher(weights, ("tilted",), device=CPU)
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot teach"):
        NetworkTeacher(tmp_path / "other.safetensors", LABELS, device=CPU)


@pytest.mark.parametrize(("augment", "looks"), [("none", 40), ("light", 120)])
def test_photos_that_never_change_are_looked_at_once(
    augment: str, looks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted()
    monkeypatch.setattr(guides, "open_teacher", lambda *asked: counted)
    taught = replace(PUPIL, augment=augment, distill=DistillRecipe(tmp_path / "teacher.onnx"))
    scratch.rehearse(request(tmp_path / "a", taught), progress=Silent(), say=plain)
    assert counted.looks == looks


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_a_pupil_learns_from_photos_that_only_its_teacher_names(tmp_path: Path, mixup: float) -> None:
    asked = request(tmp_path / "teacher", replace(QUICK, epochs=12))
    (tmp_path / "teacher.safetensors").write_bytes(trained(asked).weights)
    distill = DistillRecipe(tmp_path / "teacher.safetensors", weight=0.9)
    few = request(tmp_path / "pupil", replace(QUICK, epochs=12, distill=distill, mixup=mixup))
    named = np.flatnonzero(few.truth[:40] < 2)[:6]
    rest = np.setdiff1d(np.arange(40), named)
    truth = few.truth.copy()
    truth[rest] = -1
    alone = replace(
        request(tmp_path / "alone", replace(few.settings, distill=None)), truth=truth, train=named
    )
    taught = trained(replace(few, truth=truth, train=named, unnamed=rest))
    assert right(taught, few) > 0.9, "of the third class, only the teacher has told"
    assert right(trained(alone), few) < 0.7
    seen = [epoch.train_accuracy for epoch in taught.epochs]
    assert all(one is None for one in seen) if mixup else all(one is not None and one <= 1 for one in seen)


def right(network: TrainedNetwork, asked: TrainingRequest[NetworkRecipe]) -> float:
    """Share of the validation photos that it names."""
    return float((network.told.argmax(1) == asked.truth[network.told_rows]).mean())


def test_hints_turn_what_the_pupil_sees_to_what_the_teacher_sees(weights: Path) -> None:
    recipe = replace(PUPIL, distill=DistillRecipe(weights, weight=0.0, hints=1.0))
    assert recipe.distill
    torch.manual_seed(1)
    network = build_network(recipe, LABELS, pretrained=False)
    whole = Normalised(network.module, network.input)
    guide = Guide(recipe.distill, recipe, network, whole, LABELS)
    pixels = whole.floats(torch.randint(0, 256, (8, 16, 16, 3), dtype=torch.uint8))
    pupil = torch.optim.Adam(network.module.parameters(), lr=3e-3)
    nothing, losses = torch.zeros(()), []
    for _ in range(60):
        with guide.watching() as seen:
            logits = network.module(pixels)
        loss = guide.loss(nothing, logits, seen, pixels, np.arange(8))
        torch.autograd.backward(loss)
        for act in (pupil.step, guide.step, pupil.zero_grad):
            act()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_a_training_with_hints_goes_on_as_if_it_was_never_stopped(weights: Path, tmp_path: Path) -> None:
    recipe = replace(PUPIL, distill=DistillRecipe(weights, hints=1.0))
    asked = request(tmp_path / "a", recipe)
    scratch.rehearse(replace(asked, on_epoch=lambda number, epoch: number < 2), progress=Silent(), say=plain)
    went_on = trained(asked)
    whole = trained(request(tmp_path / "b", recipe))
    assert [one.train_loss for one in went_on.epochs] == [one.train_loss for one in whole.epochs]
    assert went_on.weights == whole.weights


def test_a_share_of_hints_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="distill-hints"):
        DistillRecipe(Path("teacher.onnx"), hints=-1.0)
