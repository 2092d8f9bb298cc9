"""What the doors of the Open Inference Protocol take and answer, as the OpenAPI document tells it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from taxolens.server.replies import SMALL_PHOTO


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class LiveReply(_Reply):
    """Whether the server lives."""

    live: bool


class ReadyReply(_Reply):
    """Whether the server wants requests."""

    ready: bool
    live: bool


class ServerReply(_Reply):
    """What the server is."""

    name: str
    version: str
    extensions: list[str]


class TensorReply(_Reply):
    """An input or output; -1 is a size that varies."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadataReply(_Reply):
    """What a model takes and gives. A request sends one of the inputs."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorReply]
    outputs: list[TensorReply]


class ModelReadyReply(_Reply):
    """Whether a model answers."""

    name: str
    ready: bool


class IndexReply(_Reply):
    """One version in the repository."""

    name: str
    version: str
    state: Annotated[str, Field(description="READY, LOADING or UNAVAILABLE")]
    reason: str


class OutputReply(_Reply):
    """A tensor that answers."""

    name: str
    datatype: str
    shape: list[int]
    data: Annotated[list[Any] | None, Field(description="Row by row; not there where it comes as bytes.")] = (
        None
    )
    parameters: dict[str, Any] | None = None


class InferReply(_Reply):
    """The answer of a model."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputReply]


_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 8}
_PARAMETERS = {
    "type": "object",
    "description": "binary_data_size, binary_data, classification, threshold, ...",
}
INFER_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["inputs"],
                "properties": {
                    "id": {"type": "string"},
                    "parameters": _PARAMETERS,
                    "inputs": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["name", "datatype", "shape", "data"],
                            "properties": {
                                "name": {"type": "string"},
                                "datatype": {"enum": ["BYTES", "UINT8", "FP32"]},
                                "shape": _SHAPE,
                                "parameters": _PARAMETERS,
                                "data": {
                                    "type": "array",
                                    "description": "Flat or nested, row by row; photos as base64.",
                                    "items": {},
                                },
                            },
                        },
                    },
                    "outputs": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {"name": {"type": "string"}, "parameters": _PARAMETERS},
                        },
                    },
                },
            },
            "example": {
                "id": "1",
                "inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": [SMALL_PHOTO]}],
                "outputs": [{"name": "probabilities"}],
            },
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
INDEX_BODY = {
    "required": False,
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
            "example": {"ready": True},
        }
    },
}
