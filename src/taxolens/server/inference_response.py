"""Answers of the Open Inference Protocol v2: JSON, with the bytes of tensors behind it where asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic_core import to_json
from starlette.responses import Response

from taxolens.problems import Refused
from taxolens.server.desk import Served
from taxolens.server.inference_request import InferRequest, Wanted
from taxolens.server.inference_tensor import BYTES, Tensor, texts, to_bytes, to_list

_LENGTH = "Inference-Header-Content-Length"


def infer_response(request: InferRequest, served: Served, outputs: Sequence[Tensor]) -> Response:
    """The answer: the outputs that were asked for, in that order; without a wish, all.

    Raises:
        Refused: an output that there is not, or classes of one that holds none.
    """
    wanted = request.outputs or tuple(Wanted(one.name) for one in outputs)
    known = {one.name: one for one in outputs}
    described, data = [], []
    for one in wanted:
        tensor = _classified(one, _known(one, known), served.card.labels)
        binary = request.binary if one.binary is None else one.binary
        raw = to_bytes(tensor) if binary else b""
        said: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if binary:
            said["parameters"] = {"binary_data_size": len(raw)}
            data.append(raw)
        else:
            said["data"] = to_list(tensor)
        described.append(said)
    document: dict[str, Any] = {"model_name": served.name, "model_version": served.version}
    if request.id is not None:
        document["id"] = request.id
    document["outputs"] = described
    head = to_json(document)
    if not data:
        return Response(head, media_type="application/json")
    return Response(
        b"".join((head, *data)), media_type="application/octet-stream", headers={_LENGTH: str(len(head))}
    )


def _known(wanted: Wanted, known: Mapping[str, Tensor]) -> Tensor:
    if wanted.name not in known:
        raise Refused(
            400,
            "There is no output {name} for this input. Choose {known}.",
            name=wanted.name,
            known=", ".join(known),
        )
    return known[wanted.name]


def _classified(wanted: Wanted, tensor: Tensor, labels: Sequence[str]) -> Tensor:
    """The best classes as texts "score:index:label", where that is asked for (classification extension)."""
    if not wanted.classes:
        return tensor
    scores = tensor.values
    if isinstance(scores, tuple) or scores.ndim != 2 or scores.shape[1] != len(labels):
        raise Refused(400, "The output {name} holds no classes.", name=wanted.name)
    count = min(wanted.classes, len(labels))
    best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    told = [f"{row[i]:.6f}:{i}:{labels[i]}" for row, order in zip(scores, best, strict=True) for i in order]
    return Tensor(tensor.name, BYTES, best.shape, texts(tensor.name, best.shape, told).values)
