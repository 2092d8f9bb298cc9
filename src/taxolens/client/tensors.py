"""Tensors on the wire of the Open Inference Protocol v2, with the extension for binary data.

https://github.com/kserve/open-inference-protocol and
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import NetworkError

LENGTH_HEADER = "Inference-Header-Content-Length"
_NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "BOOL": "?",
        "UINT8": "<u1",
        "UINT16": "<u2",
        "UINT32": "<u4",
        "UINT64": "<u8",
        "INT8": "<i1",
        "INT16": "<i2",
        "INT32": "<i4",
        "INT64": "<i8",
        "FP16": "<f2",
        "FP32": "<f4",
        "FP64": "<f8",
    }
)
_SENT = MappingProxyType({np.dtype(np.uint8): "UINT8", np.dtype(np.float32): "FP32"})


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it is sent.

    Attributes:
        body: JSON and, right behind it, the tensor.
        headers: that say where the one ends and the other begins.
    """

    body: bytes
    headers: Mapping[str, str]


def tensor_message(
    name: str, tensor: NDArray[np.uint8] | NDArray[np.float32], parameters: Mapping[str, Any]
) -> Message:
    """A request with one tensor, uint8 or float32."""
    data = np.ascontiguousarray(tensor).astype(tensor.dtype.newbyteorder("<"), copy=False).tobytes()
    return _message(name, list(tensor.shape), _SENT[tensor.dtype], data, parameters)


def bytes_message(name: str, files: Sequence[bytes], parameters: Mapping[str, Any]) -> Message:
    """A request with encoded photos, each behind its length."""
    data = b"".join(struct.pack("<I", len(file)) + file for file in files)
    return _message(name, [len(files)], "BYTES", data, parameters)


def _message(
    name: str, shape: list[int], datatype: str, data: bytes, parameters: Mapping[str, Any]
) -> Message:
    described = {
        "name": name,
        "shape": shape,
        "datatype": datatype,
        "parameters": {"binary_data_size": len(data)},
    }
    document: dict[str, Any] = {"inputs": [described]}
    document["parameters"] = {"binary_data_output": True, **parameters}
    header = json.dumps(document, separators=(",", ":")).encode()
    headers = {LENGTH_HEADER: str(len(header)), "Content-Type": "application/octet-stream"}
    return Message(header + data, MappingProxyType(headers))


def read_outputs(body: bytes, header_length: str | None, url: str) -> dict[str, NDArray[Any]]:
    """The numbers of a reply by the names of its outputs, binary or in JSON; texts are left out.

    Args:
        header_length: what the reply says of the length of its JSON; None: all of it is.
        url: of the server, for the error.

    Raises:
        NetworkError: the reply is none of this protocol.
    """
    try:
        length = int(header_length) if header_length else len(body)
        if not 0 <= length <= len(body):
            raise ValueError("its length is wrong")
        return dict(_outputs(json.loads(body[:length]), memoryview(body)[length:]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise NetworkError(
            "What {url} answers is no inference of the Open Inference Protocol ({why}). Check the address and the model.",
            url=url,
            why=str(error) or type(error).__name__,
        ) from error


def _outputs(document: Any, binary: memoryview) -> Iterator[tuple[str, NDArray[Any]]]:
    at = 0
    for one in document["outputs"]:
        size = one.get("parameters", {}).get("binary_data_size")
        data = binary[at : at + size] if size is not None else None
        at += size or 0
        if one["datatype"] not in _NUMBERS:
            continue
        kind, shape = np.dtype(_NUMBERS[one["datatype"]]), tuple(int(side) for side in one["shape"])
        values = np.array(one["data"], kind) if data is None else np.frombuffer(data, kind)
        yield one["name"], values.reshape(shape)
