"""A teacher with a larger input than its pupil's looks at the photos in its own size."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from taxolens.compose.trainers import load_backbone_maker, load_trainer  # noqa: E402
from taxolens.core.errors import DataError, UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.records import Image  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.imaging.decode import decode  # noqa: E402
from taxolens.imaging.preprocess import Fit, Preprocess  # noqa: E402
from taxolens.inference.predictor import Predictor  # noqa: E402
from taxolens.modelfile.read import read_model  # noqa: E402
from taxolens.recipes.network import DistillRecipe, NetworkRecipe, Precision  # noqa: E402
from taxolens.recipes.source import SourceRecipe  # noqa: E402
from taxolens.recipes.train import TrainRecipe  # noqa: E402
from taxolens.training import trainer as room  # noqa: E402
from taxolens.training.batches import Batch  # noqa: E402
from taxolens.training.loop import Loop  # noqa: E402
from taxolens.training.teacher import ModelTeacher, Told  # noqa: E402
from taxolens.workflows.teacher_view import rule_of_view, teacher_view  # noqa: E402
from taxolens.workflows.train import train  # noqa: E402

WIDE, SMALL = 48, 24
NETWORK = NetworkRecipe("small_cnn", batch=16, epochs=2, precision=Precision.FP32)
OWN_SIZE = f"in its own size, {WIDE} x {WIDE} pixels"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trained(data: Path, out: Path, network: NetworkRecipe, **fields: Any) -> Path:
    recipe = TrainRecipe(SourceRecipe(data), out, method="scratch", network=network, **fields)
    train(recipe, home=out.parent / "home", maker=load_backbone_maker, trainer=load_trainer)
    return out


@pytest.fixture(scope="module")
def teacher(class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of a run at the larger size; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "teacher"
    return trained(class_folders, out, replace(NETWORK, size=WIDE)) / "model.onnx"


@pytest.fixture
def pupil(teacher: Path) -> NetworkRecipe:
    return replace(NETWORK, size=SMALL, distill=DistillRecipe(teacher))


def epochs_of(run: Path) -> list[list[str]]:
    """The history without the seconds."""
    with (run / "history.csv").open(encoding="utf-8", newline="") as opened:
        return [row[:-1] for row in csv.reader(opened)]


def photos_of(run: Path, data: Path, part: str) -> list[Path]:
    with (run / "split.csv").open(encoding="utf-8", newline="") as opened:
        return [data / row["file"] for row in csv.DictReader(opened) if row["split"] == part]


# --- what is seen ---------------------------------------------------------------------------------------


def test_a_larger_teacher_answers_in_training_as_it_answers_of_the_photos(
    pupil: NetworkRecipe,
    teacher: Path,
    class_folders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[Told] = []
    tell = ModelTeacher.tell

    def overheard(self: ModelTeacher, pixels: torch.Tensor) -> Told:
        said.append(tell(self, pixels))
        return said[-1]

    monkeypatch.setattr(ModelTeacher, "tell", overheard)
    run = trained(class_folders, tmp_path / "run", replace(pupil, augment="none", epochs=1))
    monkeypatch.undo()
    temperature = read_model(teacher).card.temperature or 1.0
    told = torch.softmax(torch.cat([one.logits for one in said]) / temperature, 1).numpy()
    alone = Predictor(read_model(teacher)).probabilities(
        photos_of(run, class_folders, "train"), workers=1, max_megapixels=150
    )
    assert len(told) == len(alone)
    assert np.allclose(np.sort(told, 0), np.sort(alone, 0), atol=1e-4)


@pytest.mark.parametrize(("size", "wide"), [(SMALL, WIDE), (WIDE, WIDE), (64, 64)])
def test_a_pupil_sees_its_own_size_and_nearly_its_own_pixels(
    size: int,
    wide: int,
    pupil: NetworkRecipe,
    class_folders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[tuple[Batch, NDArray[np.float32]]] = []
    sees: Callable[[Loop, torch.Tensor], torch.Tensor] = Loop._own
    batches: list[Batch] = []

    def overseen(self: Loop, floats: torch.Tensor) -> torch.Tensor:
        found = sees(self, floats)
        looked.append((batches[-1], self._whole.grey_levels(found).numpy()))
        return found

    learn = Loop._learn

    def watched(self: Loop, batch: Batch, *rest: Any) -> tuple[float, int]:
        batches.append(batch)
        return learn(self, batch, *rest)

    monkeypatch.setattr(Loop, "_own", overseen)
    monkeypatch.setattr(Loop, "_learn", watched)
    monkeypatch.setattr(Loop, "examples", lambda self, most: np.zeros((0, 1, 1, 3), np.uint8))
    run = trained(class_folders, tmp_path / "run", replace(pupil, size=size, augment="none", epochs=1))
    assert {batch.pixels.shape[1:] for batch in batches} == {(wide, wide, 3)}
    rule = Preprocess(size, size)
    own = [decode(photo, rule).transpose(2, 0, 1) for photo in photos_of(run, class_folders, "train")]
    shown = np.concatenate([pixels for _, pixels in looked])
    assert shown.shape == (len(own), 3, size, size)
    apart = [min(np.abs(one - other).mean() for other in own) for one in shown]
    assert max(apart) < (2.0 if wide > size else 1e-3)


def test_the_report_says_how_the_teacher_looked_and_shows_what_the_pupil_saw(
    pupil: NetworkRecipe, class_folders: Path, tmp_path: Path
) -> None:
    larger = trained(class_folders, tmp_path / "larger", replace(pupil, augment="standard", mixup=0.2))
    assert OWN_SIZE in (larger / "report.html").read_text(encoding="utf-8")
    alike = trained(class_folders, tmp_path / "alike", replace(pupil, size=WIDE))
    assert "in its own size" not in (alike / "report.html").read_text(encoding="utf-8")


# --- going on -------------------------------------------------------------------------------------------


class Unplugged(Exception):
    """Somebody pulls the plug."""


def unplugged(data: Path, out: Path, network: NetworkRecipe, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stops a training after its first epoch; gives the folder of what is left."""
    real, seen = room.save_checkpoint, []

    def save(tree: Any, path: Path) -> None:
        real(tree, path)
        seen.append(path)
        if len(seen) == 2:
            raise Unplugged

    with monkeypatch.context() as patched, pytest.raises(Unplugged):
        patched.setattr(room, "save_checkpoint", save)
        trained(data, out, network)
    return seen[0].parent


def test_a_stopped_training_goes_on_and_leaves_no_pixels(
    pupil: NetworkRecipe, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil = replace(pupil, augment="standard", cutmix=1.0)
    whole = trained(class_folders, tmp_path / "whole", pupil)
    left = unplugged(class_folders, tmp_path / "run", pupil, monkeypatch)
    assert not list(left.glob("*.raw"))
    assert epochs_of(trained(class_folders, tmp_path / "run", pupil)) == epochs_of(whole)
    assert not left.exists()


def test_a_training_with_pixels_of_another_size_is_not_gone_on_with(
    pupil: NetworkRecipe, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unplugged(class_folders, tmp_path / "run", pupil, monkeypatch)
    monkeypatch.setattr("taxolens.workflows.network_lesson.rule_of_view", lambda *asked: None)
    with pytest.raises(UsageError, match="another training"):
        trained(class_folders, tmp_path / "run", pupil)


# --- which view -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "wide"),
    [
        (Preprocess(24, 24), (WIDE, WIDE)),
        (Preprocess(24, 24, fit=Fit.CROP), (WIDE, WIDE)),
        (Preprocess(WIDE, 30), (WIDE, WIDE)),
        (Preprocess(WIDE, 30, fit=Fit.CROP), None),
        (Preprocess(WIDE, WIDE), None),
        (Preprocess(24, 64), None),
        (Preprocess(64, 64), None),
    ],
)
def test_photos_are_framed_as_the_pupil_sees_them(
    rule: Preprocess, wide: tuple[int, int] | None, teacher: Path
) -> None:
    expected = replace(rule, width=wide[0], height=wide[1]) if wide else None
    for file in (teacher, teacher.with_name("weights.safetensors")):
        assert rule_of_view(DistillRecipe(file), rule) == expected


def test_without_a_teacher_there_is_no_view_and_a_file_that_says_no_size_asks_for_none(
    tmp_path: Path,
) -> None:
    rule = Preprocess(24, 24)
    assert rule_of_view(None, rule) is None
    (tmp_path / "some.safetensors").write_bytes(b"nothing")
    assert rule_of_view(DistillRecipe(tmp_path / "some.safetensors"), rule) is None


def test_only_photos_that_are_learnt_from_are_decoded_again(class_folders: Path, tmp_path: Path) -> None:
    images = [Image(path, path.name) for path in sorted(class_folders.rglob("*.jpg"))[:6]]
    recipe = TrainRecipe(SourceRecipe(class_folders), tmp_path / "run")
    rule, rows = Preprocess(WIDE, WIDE), np.array([4, 1])
    view = teacher_view(recipe, rule, images, rows, tmp_path, progress=Silent(), say=plain)
    for row in rows.tolist():
        assert np.array_equal(view.pixels[row], decode(images[row].path, rule))
    assert (tmp_path / "view.raw").stat().st_size == 2 * WIDE * WIDE * 3
    with pytest.raises(IndexError):
        view.pixels[0]


def test_a_photo_that_is_gone_by_then_is_told(class_folders: Path, tmp_path: Path) -> None:
    recipe = TrainRecipe(SourceRecipe(class_folders), tmp_path / "run")
    gone = [Image(tmp_path / "gone.jpg", "gone.jpg")]
    with pytest.raises(DataError, match=r"gone\.jpg could be read at first"):
        teacher_view(
            recipe, Preprocess(WIDE, WIDE), gone, np.array([0]), tmp_path, progress=Silent(), say=plain
        )
