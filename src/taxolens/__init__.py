"""Taxolens: teaches a computer to name what is in your photos, on the computer you have.

import taxolens

model = taxolens.load("model.onnx")
for answer in model.predict(["photo.jpg"]):
    print(answer.label, answer.score)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from taxolens.core.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from pathlib import Path

    from taxolens.core.records import Prediction
    from taxolens.inference.cascade_predictor import CascadePredictor
    from taxolens.inference.detector import DetectorPredictor
    from taxolens.inference.predictor import Predictor

# Libraries that tell their makers how they are used, and on which machine, are asked not to: onnxruntime from 1.29 on
# (its Privacy.md), huggingface_hub. They look when they are loaded. Who sets these variables decides otherwise.
for _asked in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_asked, "1")

__all__ = ["CascadePredictor", "DetectorPredictor", "Prediction", "Predictor", "__version__", "load"]


def load(
    model: str | Path, *, detector: str | Path | None = None, tile: int | str = "auto"
) -> Predictor | DetectorPredictor | CascadePredictor:
    """Opens a model file for use.

    Args:
        model: path of a Taxolens `.onnx` file, or of a pipeline (`.toml`).
        detector: path of a model file that finds the boxes which `model` names.
        tile: side in pixels of the tiles that photos are cut into for what finds boxes; "auto": as its card says;
            "off": photos stay whole.

    Returns:
        A predictor; its `predict` takes paths or arrays. That of a detector, and of a pipeline, gives boxes for each
        of them.

    Raises:
        taxolens.core.errors.ModelError: the file is absent, damaged or no model of Taxolens.
        taxolens.core.errors.UsageError: tiles that cannot be meant.
    """
    from taxolens.inference.opened import open_model
    from taxolens.recipes.tile import tiles_of

    return open_model(model, detector=detector, tile=tiles_of(tile))


def __getattr__(name: str) -> object:
    """Loads the public classes on first use, so that `import taxolens` stays instant."""
    if name == "Predictor":
        from taxolens.inference.predictor import Predictor

        return Predictor
    if name == "CascadePredictor":
        from taxolens.inference.cascade_predictor import CascadePredictor

        return CascadePredictor
    if name == "DetectorPredictor":
        from taxolens.inference.detector import DetectorPredictor

        return DetectorPredictor
    if name == "Prediction":
        from taxolens.core.records import Prediction

        return Prediction
    raise AttributeError(name)
