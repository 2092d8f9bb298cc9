"""Whether a tensor is what a graph takes, told before any worker is bothered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from taxolens.core.errors import UsageError
from taxolens.server.desk import Served
from taxolens.server.work import TensorWork

_TYPES: Mapping[str, type[np.generic]] = MappingProxyType({"UINT8": np.uint8, "FP32": np.float32})


def check_tensor(model: Served, work: TensorWork) -> None:
    """Checks type and shape.

    Raises:
        UsageError: the model takes no tensors, or others.
    """
    if not model.inputs:
        raise UsageError(
            "The model {name} is a pipeline: it has no tensors, and answers encoded photos only.",
            name=model.name,
        )
    wanted, tensor = model.inputs[0], work.tensor
    fits = len(tensor.shape) == len(wanted.shape) and all(
        side in (-1, have) for side, have in zip(wanted.shape, tensor.shape, strict=True)
    )
    if tensor.dtype != _TYPES[wanted.datatype] or not fits or 0 in tensor.shape:
        raise UsageError(
            "The model {name} takes {datatype} with the shape {shape} (-1: any number), not {given} with {have}.",
            name=model.name,
            datatype=wanted.datatype,
            shape=list(wanted.shape),
            given=tensor.dtype.name,
            have=list(tensor.shape),
        )
