"""Taxolens: teaches a computer to name what is in your photos, on the computer you have.

import taxolens

model = taxolens.load("model.onnx")
for answer in model.predict(["photo.jpg"]):
    print(answer.label, answer.score)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taxolens.core.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from pathlib import Path

    from taxolens.core.records import Prediction
    from taxolens.inference.detector import DetectorPredictor
    from taxolens.inference.predictor import Predictor

__all__ = ["DetectorPredictor", "Prediction", "Predictor", "__version__", "load"]


def load(model: str | Path) -> Predictor | DetectorPredictor:
    """Opens a model file for use.

    Args:
        model: path of a Taxolens `.onnx` file.

    Returns:
        A predictor; its `predict` takes paths or arrays. That of a detector gives boxes for each of them.

    Raises:
        taxolens.core.errors.ModelError: the file is absent, damaged or no model of Taxolens.
    """
    from taxolens.inference.opened import open_model

    return open_model(model)


def __getattr__(name: str) -> object:
    """Loads the public classes on first use, so that `import taxolens` stays instant."""
    if name == "Predictor":
        from taxolens.inference.predictor import Predictor

        return Predictor
    if name == "DetectorPredictor":
        from taxolens.inference.detector import DetectorPredictor

        return DetectorPredictor
    if name == "Prediction":
        from taxolens.core.records import Prediction

        return Prediction
    raise AttributeError(name)
