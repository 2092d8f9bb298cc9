"""What an answer hangs on, shown by covering parts of the photo."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image as Pillow

from taxolens.core.progress import Silent
from taxolens.core.records import Image
from taxolens.core.texts import plain
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.judge import judge
from taxolens.modelfile.card import CardInput
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows import saliency as room
from taxolens.workflows.saliency import CELLS, Occlusion, looks_of, spotlit
from tests.unit.inference.colour_model import card

SIDE = 56


@pytest.fixture
def corner(tmp_path: Path) -> ModelFile:
    """Names a photo by the redness of its top left corner, and by nothing else."""
    matrix = np.zeros((3, 3), np.float32)
    matrix[0, 0] = 0.05
    tensors = {
        "axes": np.array([1, 2], np.int64),
        "from": np.array([0, 0], np.int64),
        "to": np.array([8, 8], np.int64),
        "matrix": matrix,
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Slice", ["float", "from", "to", "axes"], ["part"]),
        helper.make_node("ReduceMean", ["part", "axes"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "matrix"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "corner",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )
    return write_model(model, card(input=CardInput(width=SIDE, height=SIDE)), tmp_path / "corner.onnx")


def photo() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.full((SIDE, SIDE, 3), 40, np.uint8)
    pixels[:8, :8, 0] = 240
    return pixels


def test_only_what_the_model_looks_at_is_hot(corner: ModelFile) -> None:
    heat = Occlusion(corner).heat(photo(), 0, workers=2)
    assert heat.shape == (CELLS, CELLS)
    assert np.unravel_index(heat.argmax(), heat.shape) == (0, 0) and heat[0, 0] > 1
    assert np.abs(heat[2:]).max() == np.abs(heat[:, 2:]).max() == 0


def test_the_photo_is_bright_where_it_counts_and_whole_where_nothing_does() -> None:
    pixels = np.full((20, 30, 3), 200, np.uint8)
    heat = np.zeros((CELLS, CELLS))
    assert np.array_equal(spotlit(pixels, heat), pixels)
    heat[0, 0], heat[6, 6] = 2.0, -5.0
    lit = spotlit(pixels, heat)
    assert lit.shape == pixels.shape and lit[0, 0, 0] > 180
    assert lit[-1, -1, 0] < 60, "what speaks against an answer is no reason for it"


def looked(corner: ModelFile, tmp_path: Path, *, saliency: bool = True, gone: bool = False) -> list[bytes]:
    images = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Pillow.fromarray(photo()).save(path)
        images.append(Image(path, path.name))
    table = np.tile([0.9, 0.05, 0.05], (6, 1))
    answers = Answers(
        labels=corner.card.labels,
        names=tuple(image.name for image in images),
        truth=np.array([0, 0, 0, 1, 1, 2]),
        probabilities=table,
        groups=None,
    )
    if gone:
        images[0].path.unlink()
    found = looks_of(
        TrainRecipe(SourceRecipe(tmp_path), tmp_path / "run", saliency=saliency),
        corner,
        judge(
            answers, precision=0.9, temperature=1.0, conformal_quantile=0.9, conformal_coverage=0.9, seed=0
        ),
        images,
        progress=Silent(),
        say=plain,
    )
    rights = [look.answer.truth == look.answer.predicted for look in found]
    assert rights[:4] == [False, True, False, True][: len(rights)]
    return [look.jpeg for look in found]


def test_wrong_and_right_answers_take_turns(corner: ModelFile, tmp_path: Path) -> None:
    jpegs = looked(corner, tmp_path)
    assert len(jpegs) == 6
    shown = np.asarray(Pillow.open(BytesIO(jpegs[0])).convert("L"), np.float64)
    assert shown[:16, :16].mean() > 3 * shown[100:, 100:].mean()


def test_nobody_looks_where_that_is_not_asked_for(corner: ModelFile, tmp_path: Path) -> None:
    assert looked(corner, tmp_path, saliency=False) == []


def test_a_slow_model_is_asked_about_fewer_photos(
    corner: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_SECONDS", 0.0)
    assert len(looked(corner, tmp_path)) == 1
