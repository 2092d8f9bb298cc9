"""A detector that finds red and green squares of 32 pixels, written as YOLOX is exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from taxolens.imaging.preprocess import Fit
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task, Thresholds
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model

CELL = 32
SIDE = 3 * CELL
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "both": (255, 255, 0), "grey": (114, 114, 114)}


def square_graph(*, side: int | None = SIDE, exported: bool = False) -> onnx.ModelProto:
    """A grid of strides 8, 16 and 32, of which only the last sees anything.

    Objectness is red + green - 2 x blue and the classes are red and green, so grey and black are nothing.

    Args:
        side: of the input; None: any.
        exported: float32 [1, 3, height, width] in 0..255, as others write it; else uint8 [N, height, width, 3].
    """
    # Rows: offset x and y, logarithms of the sides, objectness, red, green.
    seen = np.zeros((7, 3), np.float32)
    seen[4:] = [[1, 1, -2], [1, 0, 0], [0, 1, 0]]
    bias = np.array([0.5, 0.5, 0, 0, 0, 0, 0], np.float32)
    constants = {
        "scale": np.float32(1 / 255),
        "seen": seen.reshape(7, 3, 1, 1),
        "blind": np.zeros((7, 3, 1, 1), np.float32),
        "bias": bias,
        "flat": np.array([0, 7, -1], np.int64),
        "zero": np.float32(0),
        "one": np.float32(1),
    }
    first = (
        [helper.make_node("Identity", ["image"], ["float"])]
        if exported
        else [
            helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["cast"], ["float"], perm=[0, 3, 1, 2]),
        ]
    )
    nodes = [*first, helper.make_node("Mul", ["float", "scale"], ["pixels"])]
    for stride in (8, 16, CELL):
        weights = "seen" if stride == CELL else "blind"
        pool = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes += [
            helper.make_node("AveragePool", ["pixels"], [f"mean{stride}"], **pool),
            helper.make_node("Conv", [f"mean{stride}", weights, "bias"], [f"map{stride}"]),
            helper.make_node("Reshape", [f"map{stride}", "flat"], [f"flat{stride}"]),
        ]
    nodes += [
        helper.make_node("Concat", ["flat8", "flat16", f"flat{CELL}"], ["all"], axis=2),
        helper.make_node("Clip", ["all", "zero", "one"], ["clipped"]),
        helper.make_node("Transpose", ["clipped"], ["boxes"], perm=[0, 2, 1]),
    ]
    high, wide = (side, side) if side else ("height", "width")
    kind = TensorProto.FLOAT if exported else TensorProto.UINT8
    shape = ["N", 3, high, wide] if exported else ["N", high, wide, 3]
    graph = helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", None, 7])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def square_card(**fields: Any) -> Card:
    """The card of `square_graph`: typical 0.4, conservative 0.1."""
    usual: dict[str, Any] = {
        "name": "squares",
        "task": Task.DETECT,
        "classes": (CardClass(id="red"), CardClass(id="green")),
        "input": CardInput(width=SIDE, height=SIDE, fit=Fit.CORNER),
        "output": CardOutput(decoder="yolox", tensor="boxes", overlap=0.45),
        "thresholds": Thresholds(typical=0.4, conservative=0.1),
    }
    return Card(**{**usual, **fields})


def write_square_model(path: Path, **fields: Any) -> ModelFile:
    """Writes the model file."""
    return write_model(square_graph(), square_card(**fields), path)


def squares(*places: tuple[int, int, str], size: tuple[int, int] = (SIDE, 2 * CELL)) -> Image.Image:
    """A black photo with squares of 32 pixels: column, row and colour of each; colours may carry a strength."""
    pixels = np.zeros((size[1], size[0], 3), np.float32)
    for column, row, colour in places:
        name, _, strength = colour.partition(" ")
        inside = (slice(row * CELL, (row + 1) * CELL), slice(column * CELL, (column + 1) * CELL))
        pixels[inside] = np.array(COLOURS[name]) * float(strength or 1)
    return Image.fromarray(pixels.round().astype(np.uint8))


def write_squares(path: Path, *places: tuple[int, int, str]) -> Path:
    """Writes such a photo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    squares(*places).save(path)
    return path
