"""Which detectors can be made narrower."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import ModelError, UsageError
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detector_original import is_detector, read_detector_original
from taxolens.workflows.detector_training import weights_in, with_files


def test_a_place_without_a_run_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert not is_detector(tmp_path)
    with pytest.raises(ModelError, match="no weights of a network beside it"):
        read_detector_original(tmp_path / "model.onnx")


def test_weights_are_found_whatever_library_left_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no weights of a detector"):
        weights_in(tmp_path)
    (tmp_path / "weights.pt").touch()
    assert weights_in(tmp_path) == tmp_path / "weights.pt"


def test_a_teacher_may_be_named_by_its_run(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").touch()
    recipe = TrainRecipe(
        source=SourceRecipe(tmp_path),
        out=tmp_path / "out",
        detector=DetectorRecipe(teacher=tmp_path, weights=Path("elsewhere.onnx")),
    )
    found = with_files(recipe).detector
    assert found.teacher == tmp_path / "weights.safetensors" and found.weights == Path("elsewhere.onnx")
