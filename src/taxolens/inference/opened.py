"""Whatever answers photos, opened for use: a model file, a pipeline, a classifier with a detector."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from taxolens.core.engine import Engine
from taxolens.core.errors import UsageError
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import Predictor
from taxolens.inference.tiled import with_tiles
from taxolens.modelfile.card import Task
from taxolens.modelfile.pipeline import CascadeFiles, is_pipeline, read_cascade, read_pipeline
from taxolens.modelfile.read import check_task, read_model
from taxolens.recipes.tile import TileRecipe

AnyPredictor = Predictor | DetectorPredictor | CascadePredictor


def open_model(
    path: str | Path,
    engine: Engine = Engine.ONNXRUNTIME,
    *,
    calls: int = 0,
    detector: str | Path | None = None,
    tile: TileRecipe | None = None,
) -> AnyPredictor:
    """Opens a classifier as `Predictor`, a detector as `DetectorPredictor`, both together as `CascadePredictor`.

    Args:
        path: a model file, or a pipeline (.toml).
        detector: a model file that finds the boxes whose crops `path` names.
        tile: how photos are cut for what finds boxes; None: as its card says.

    Raises:
        ModelError: a file is absent, damaged, no model of Taxolens, or made for another task.
        UsageError: a pipeline that cannot be meant, or one with a detector beside it.
    """
    path = Path(path)
    if is_pipeline(path):
        if detector is not None:
            raise UsageError(
                "The pipeline {pipeline} names its detector already. Leave out --detector.", pipeline=path
            )
        return CascadePredictor(_cut(read_pipeline(path), tile), engine, calls=calls)
    if detector is not None:
        return CascadePredictor(_cut(read_cascade(Path(detector), path), tile), engine, calls=calls)
    model = with_tiles(read_model(path), tile or TileRecipe())
    if model.card.task is Task.DETECT:
        return DetectorPredictor(model, engine, calls=calls)
    check_task(model.card, Task.CLASSIFY, model.path)
    return Predictor(model, engine, calls=calls)


def _cut(files: CascadeFiles, tile: TileRecipe | None) -> CascadeFiles:
    return replace(files, detector=with_tiles(files.detector, tile or TileRecipe()))
