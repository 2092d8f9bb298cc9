from __future__ import annotations

import pytest

from taxolens.inference.predictor import Predictor
from taxolens.modelfile.read import ModelFile
from tests.unit.inference.colour_model import write_colour_model


@pytest.fixture(scope="session")
def colour_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx")


@pytest.fixture
def predictor(colour_model: ModelFile) -> Predictor:
    return Predictor(colour_model)
