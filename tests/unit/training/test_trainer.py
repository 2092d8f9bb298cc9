from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

import onnxruntime as ort  # noqa: E402

from taxolens.core.errors import TrainingFailed, UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.core.trainer import TrainedNetwork, TrainingRequest  # noqa: E402
from taxolens.data.pixels import KeptPixels  # noqa: E402
from taxolens.recipes.network import (  # noqa: E402
    Device,
    Loss,
    NetworkRecipe,
    Optimizer,
    Precision,
    Sampling,
    Schedule,
)
from taxolens.training import loop  # noqa: E402
from taxolens.training import trainer as training  # noqa: E402
from taxolens.training.trainer import CHECKPOINT, NetworkTrainer, scratch  # noqa: E402

QUICK = NetworkRecipe(
    "small_cnn", size=16, epochs=3, batch=8, augment="none", precision=Precision.FP32, label_smoothing=0.0
)


def stripes(n: int, side: int = 16) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Lying, standing and slanting stripes: three classes that any network learns."""
    rng = np.random.default_rng(5)
    truth = np.arange(n) % 3
    y, x = np.mgrid[:side, :side]
    waves = np.stack([y, x, x + y])[truth] + rng.integers(0, 6, n)[:, None, None]
    pixels = 128 + 100 * np.sin(waves)[..., None] + rng.normal(0, 10, (n, side, side, 3))
    return pixels.clip(0, 255).astype(np.uint8), truth.astype(np.int64)


def request(
    folder: Path, recipe: NetworkRecipe = QUICK, *, n: int = 60, fingerprint: str = "a"
) -> TrainingRequest[NetworkRecipe]:
    folder.mkdir(exist_ok=True)
    pixels, truth = stripes(n)
    rows = np.arange(n)
    return TrainingRequest(
        settings=recipe,
        labels=("lying", "slanting", "standing"),
        pixels=KeptPixels(pixels),
        truth=truth,
        train=rows[: 2 * n // 3],
        val=rows[2 * n // 3 :],
        folder=folder,
        fingerprint=fingerprint,
    )


def trained(asked: TrainingRequest[NetworkRecipe], trainer: NetworkTrainer = scratch) -> TrainedNetwork:
    return trainer.train(asked, progress=Silent(), say=plain)


def answers(network: TrainedNetwork, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = ort.InferenceSession(network.onnx, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": pixels})
    return np.asarray(found)


def test_a_network_learns_stripes_and_its_graph_says_what_it_said(tmp_path: Path) -> None:
    asked = request(tmp_path / "a", replace(QUICK, epochs=12))
    network = trained(asked)
    rows = network.told_rows.tolist()
    pixels = np.stack([asked.pixels[row] for row in rows])
    assert np.allclose(answers(network, pixels), network.told, atol=1e-4)
    assert (network.told.argmax(1) == asked.truth[rows]).mean() > 0.9
    assert [epoch.number for epoch in network.epochs] == list(range(1, 13))


class Stopped(Exception):
    """Somebody pulls the plug."""


@pytest.mark.parametrize(
    "recipe",
    [
        replace(QUICK, epochs=4, augment="standard", mixup=0.2, cutmix=1.0, ema=0.9),
        replace(QUICK, epochs=4, optimizer=Optimizer.SGD, rate=0.05, schedule=Schedule.PLATEAU),
    ],
    ids=["mixed and averaged", "sgd on a plateau"],
)
def test_a_stopped_training_goes_on_to_the_very_same_network(
    recipe: NetworkRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(request(tmp_path / "whole", recipe))
    real, saved = training.save_checkpoint, []

    def save_and_stop(tree: object, path: Path) -> None:
        real(tree, path)  # type: ignore[arg-type]
        saved.append(path)
        if len(saved) == 2:
            raise Stopped

    monkeypatch.setattr(training, "save_checkpoint", save_and_stop)
    with pytest.raises(Stopped):
        trained(request(tmp_path / "stopped", recipe))
    monkeypatch.setattr(training, "save_checkpoint", real)
    resumed = trained(request(tmp_path / "stopped", recipe))
    curve = [(epoch.train_loss, epoch.val_loss) for epoch in whole.epochs]
    assert [(epoch.train_loss, epoch.val_loss) for epoch in resumed.epochs] == curve
    assert np.array_equal(resumed.told, whole.told)


def test_the_same_seed_gives_the_same_network_and_another_one_another(tmp_path: Path) -> None:
    recipe = replace(QUICK, epochs=1, augment="standard")
    first, second = (trained(request(tmp_path / name, recipe)) for name in ("a", "b"))
    other = trained(request(tmp_path / "c", replace(recipe, seed=1)))
    assert np.array_equal(first.told, second.told)
    assert not np.array_equal(first.told, other.told)


@pytest.mark.parametrize(("asked", "told"), [(Precision.AUTO, 1), (Precision.BF16, 0)])
def test_numbers_that_were_chosen_by_measuring_are_told(
    asked: Precision, told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []

    class Told(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    monkeypatch.setattr(loop, "precision_of", lambda *_: Precision.BF16)
    recipe = replace(QUICK, epochs=1, precision=asked)
    scratch.rehearse(request(tmp_path / "a", recipe), progress=Told(), say=plain)
    assert sum("--numbers fp32" in note for note in notes) == told


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    trained(request(tmp_path / "a", fingerprint="photos of last year"))
    with pytest.raises(UsageError, match="another training"):
        trained(request(tmp_path / "a", fingerprint="photos of this year"))


def test_a_damaged_checkpoint_is_told_in_a_sentence(tmp_path: Path) -> None:
    asked = request(tmp_path / "a")
    (asked.folder / CHECKPOINT).write_bytes(b"torn")
    with pytest.raises(UsageError, match="damaged"):
        trained(asked)


def test_a_loss_that_is_no_number_stops_the_training_and_says_where(tmp_path: Path) -> None:
    recipe = replace(QUICK, optimizer=Optimizer.SGD, rate=10.0, clip=0.0, warmup=0.0, epochs=30)
    with pytest.raises(TrainingFailed, match=r"epoch \d+, step \d+"):
        trained(request(tmp_path / "a", recipe))


def test_a_loss_that_is_no_number_leaves_the_best_weights_where_they_are(tmp_path: Path) -> None:
    asked = request(tmp_path / "a")
    scratch.rehearse(replace(asked, on_epoch=lambda number, _: number < 2), progress=Silent(), say=plain)
    kept = training.load_checkpoint(asked.folder / CHECKPOINT)
    assert kept is not None
    best = {name: tensor.clone() for name, tensor in kept["course"]["weights"].items()}
    kept["loop"]["network"]["network.head.bias"].fill_(float("nan"))
    training.save_checkpoint(kept, asked.folder / CHECKPOINT)
    with pytest.raises(TrainingFailed, match="epoch 3, step 1"):
        trained(asked)
    after = training.load_checkpoint(asked.folder / CHECKPOINT)
    assert after is not None
    assert all(torch.equal(tensor, after["course"]["weights"][name]) for name, tensor in best.items())
    assert all(tensor.isfinite().all() for tensor in best.values())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"),
    ],
)
def test_without_enough_memory_it_says_what_to_lower_and_keeps_what_was_learnt(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(QUICK, batch=24)
    whole = trained(request(tmp_path / "whole", recipe))

    def fails(*_: object) -> None:
        raise error

    asked = request(tmp_path / "a", recipe)
    scratch.rehearse(replace(asked, on_epoch=lambda number, _: False), progress=Silent(), say=plain)
    with (
        monkeypatch.context() as patch,
        pytest.raises(TrainingFailed, match="24 photos. Lower --batch .*--size"),
    ):
        patch.setattr(training, "validated", fails)
        trained(asked)
    again = trained(asked)
    assert np.array_equal(again.told, whole.told)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_graphics_card_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no graphics card"):
        trained(request(tmp_path / "a", replace(QUICK, device=Device.CUDA)))


def test_training_stops_when_validation_becomes_no_better(tmp_path: Path) -> None:
    recipe = replace(QUICK, epochs=60, patience=2, optimizer=Optimizer.ADAM, rate=0.01)
    network = trained(request(tmp_path / "a", recipe))
    assert len(network.epochs) < 60
    best = min(network.epochs, key=lambda epoch: epoch.val_loss or 0.0)
    assert network.best == best.number == len(network.epochs) - 2


@pytest.mark.parametrize(
    ("loss", "sampling"), [*((loss, Sampling.NATURAL) for loss in Loss), (Loss.FOCAL, Sampling.BALANCED)]
)
def test_every_loss_and_sampling_learns(loss: Loss, sampling: Sampling, tmp_path: Path) -> None:
    network = trained(request(tmp_path / "a", replace(QUICK, epochs=6, loss=loss, sampling=sampling)))
    assert network.epochs[-1].val_loss is not None
    assert network.epochs[-1].val_loss < (network.epochs[0].val_loss or 0)


@pytest.mark.parametrize(
    ("optimizer", "schedule"), [*zip(Optimizer, Schedule, strict=True), (Optimizer.ADAMW, Schedule.PLATEAU)]
)
def test_every_optimizer_goes_with_every_schedule(
    optimizer: Optimizer, schedule: Schedule, tmp_path: Path
) -> None:
    recipe = replace(QUICK, epochs=2, optimizer=optimizer, schedule=schedule)
    assert all(np.isfinite(trained(request(tmp_path / "a", recipe)).told).ravel())


def test_a_training_without_validation_keeps_the_last_epoch(tmp_path: Path) -> None:
    asked = request(tmp_path / "a")
    network = trained(replace(asked, val=np.empty(0, np.int64)))
    assert network.best == 3
    assert network.epochs[0].val_loss is None
    assert len(network.told_rows) and set(network.told_rows.tolist()) <= set(asked.train.tolist())


def test_gradients_of_small_steps_add_up_to_those_of_a_large_one(tmp_path: Path) -> None:
    plain_sgd = replace(QUICK, optimizer=Optimizer.SGD, clip=0.0, dropout=0.0, epochs=1, warmup=0.0)
    plain_sgd = replace(plain_sgd, schedule=Schedule.CONSTANT)
    large = trained(request(tmp_path / "a", replace(plain_sgd, batch=40)))
    small = trained(request(tmp_path / "b", replace(plain_sgd, batch=10, accumulate=4)))
    assert np.allclose(large.told, small.told, atol=1e-4)


@pytest.mark.parametrize(("name", "size"), [("small_cnn", 32), ("dog_cnn", 64), ("fast_cnn", 32)])
def test_every_network_of_ours_trains_and_becomes_a_graph(name: str, size: int, tmp_path: Path) -> None:
    recipe = replace(QUICK, name=name, size=size, epochs=1)
    asked = request(tmp_path / "a", recipe, n=24)
    pixels, truth = stripes(24, size)
    network = trained(replace(asked, pixels=KeptPixels(pixels), truth=truth))
    assert np.allclose(answers(network, pixels[network.told_rows]), network.told, atol=1e-3)
    assert network.multiplications and network.parameters


def test_the_network_of_the_dog_course_has_its_known_size(tmp_path: Path) -> None:
    recipe = replace(QUICK, name="dog_cnn", size=32, epochs=1)
    asked = request(tmp_path / "a", recipe, n=12)
    pixels, truth = stripes(12, 32)
    assert trained(replace(asked, pixels=KeptPixels(pixels), truth=truth)).parameters == 116_803
