"""A model that names the strongest colour of a photo; blue means that nothing is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from taxolens.core.taxonomy import Role
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Conformal, Task, Thresholds
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model

SIDE = 16
LABELS = ("red", "green", "nothing")
COLOURS = {"red": (230, 10, 10), "green": (10, 230, 10), "nothing": (10, 10, 230), "grey": (120, 119, 118)}


def graph(*, sharpness: float = 0.05, outputs: int = 3) -> onnx.ModelProto:
    """uint8 [N, 16, 16, 3] to the softmax of the channels' means times a sharpness."""
    weights = {
        "axes": np.asarray([1, 2], dtype=np.int64),
        "matrix": (np.eye(3, outputs) * sharpness).astype(np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "matrix"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    made = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", outputs])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def card(**fields: Any) -> Card:
    """The card of `graph`: unsure below 0.6, candidates from 0.2."""
    usual: dict[str, Any] = {
        "name": "colours",
        "task": Task.CLASSIFY,
        "classes": (CardClass(id="red"), CardClass(id="green"), CardClass(id="nothing", role=Role.BLANK)),
        "input": CardInput(width=SIDE, height=SIDE),
        "output": CardOutput(decoder="probabilities", tensor="probabilities", size=3),
        "thresholds": Thresholds(unsure=0.6),
        "conformal": Conformal(coverage=0.9, quantile=0.8),
    }
    return Card(**{**usual, **fields})


def write_colour_model(path: Path, **fields: Any) -> ModelFile:
    """Writes the model file."""
    return write_model(graph(), card(**fields), path)


def write_photo(path: Path, colour: str = "red", *, seed: int = 0, size: tuple[int, int] = (40, 30)) -> Path:
    """Writes a photo of one colour with some noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 20, (size[1], size[0], 3))
    pixels = (np.asarray(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path
