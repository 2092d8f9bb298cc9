"""The same network for photos of another size."""

from __future__ import annotations

import onnx

from taxolens.core.errors import ModelError

_AXES = {"nhwc": (1, 2), "nchw": (2, 3)}


def resized(graph: bytes, *, height: int, width: int, layout: str) -> onnx.ModelProto:
    """A graph that takes photos of another height and width; its weights stay.

    Whether the network can do so, as those can that average over all places before they decide, shows when it
    is run: see `taxolens.export.fold.folded`.

    Args:
        graph: serialised ONNX with one input of four axes.
        layout: "nhwc" or "nchw".

    Raises:
        ModelError: an input of another kind.
    """
    model = onnx.load_from_string(graph)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    if len(dims) != 4:
        raise ModelError(
            "The network's input has {n} axes, not four, so it cannot take photos of another size.",
            n=len(dims),
        )
    for axis, side in zip(_AXES[layout], (height, width), strict=True):
        dims[axis].Clear()
        dims[axis].dim_value = side
    # Shapes of inner tensors were those of the other size.
    del model.graph.value_info[:]
    return model
