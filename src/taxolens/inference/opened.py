"""Any model file that answers photos, opened for use."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.engine import Engine
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import Predictor
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import check_task, read_model

AnyPredictor = Predictor | DetectorPredictor


def open_model(path: str | Path, engine: Engine = Engine.ONNXRUNTIME, *, calls: int = 0) -> AnyPredictor:
    """Opens a model file: a classifier as `Predictor`, a detector as `DetectorPredictor`.

    Raises:
        ModelError: the file is absent, damaged, no model of Taxolens, or made for another task.
    """
    model = read_model(Path(path))
    if model.card.task is Task.DETECT:
        return DetectorPredictor(model, engine, calls=calls)
    check_task(model.card, Task.CLASSIFY, model.path)
    return Predictor(model, engine, calls=calls)
