from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import ModelError
from taxolens.modelfile.write import write_model
from taxolens.recipes.tile import TileRecipe
from taxolens.server.opened import OpenedModel
from taxolens.server.proof import drawn_photos, prove
from tests.unit.inference.colour_model import card, graph, write_colour_model
from tests.unit.inference.square_detector import write_square_model
from tests.unit.server.desks import write_constant


def opened(path: Path) -> OpenedModel:
    """A model at work."""
    return OpenedModel(path, tile=TileRecipe(), max_megapixels=10)


def test_the_same_model_proves_itself_alike_and_another_does_not(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "a.onnx")
    write_model(graph(sharpness=0.0501), card(), tmp_path / "b.onnx")
    write_square_model(tmp_path / "c.onnx")
    proofs = [prove(opened(tmp_path / name)) for name in ("a.onnx", "a.onnx", "b.onnx", "c.onnx", "c.onnx")]
    assert proofs[0] == proofs[1]
    assert proofs[3] == proofs[4]
    assert len(set(proofs)) == 3


def test_drawn_photos_are_photos() -> None:
    assert all(photo.startswith(b"\xff\xd8") for photo in drawn_photos())


@pytest.mark.parametrize(
    ("values", "why"),
    [([0.5, 0.5, np.nan], "no number"), ([0.5, 0.5, 0.5], "1.5"), ([-1.0, 1.0, 1.0], "no probabilities")],
)
def test_a_model_whose_answers_are_no_answers_is_refused(
    tmp_path: Path, values: list[float], why: str
) -> None:
    path = write_constant(tmp_path / "model.onnx", values)
    with pytest.raises(ModelError, match=why):
        prove(opened(path))
