"""What the REST doors answer, as the OpenAPI document tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Share = Annotated[float, Field(ge=0, le=1)]
SMALL_PHOTO = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR42mNMaHBgIAUwMZAIRjWMahg6GgCkHQFAFjj2lQAAAABJRU5E"
    "rkJggg=="
)
"""Sixteen green pixels a side, for examples that can be tried as they stand: a PNG in base64."""


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class ErrorReply(_Reply):
    """Why there is no answer."""

    error: Annotated[str, Field(description="What is wrong and how to mend it.")]

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"examples": [{"error": "No model foxes is served. Choose stripes."}]}
    )


class ModelName(_Reply):
    """The version that answered."""

    name: str
    version: str
    sha256: Annotated[str, Field(description="Of the model file.")]


class ProbabilityReply(_Reply):
    """A class and how probable it is."""

    label: str
    name: Annotated[str, Field(description="Of the class, in the language that was asked for.")]
    probability: Share


class BoxReply(_Reply):
    """One thing in a photo; places are shares of the upright photo, from its top left corner."""

    x: Annotated[Share, Field(description="Left edge.")]
    y: Annotated[Share, Field(description="Top edge.")]
    width: Share
    height: Share
    label: Annotated[str, Field(description='The class, or "unsure".')]
    label_name: str
    confidence: Annotated[
        Share, Field(description="A detector's in its box, a pipeline's in the name of what is in it.")
    ]
    unsure: bool
    top1: Annotated[str, Field(description="The best class, also where the answer is unsure.")]
    detector_score: Annotated[Share, Field(description="How sure the detector is that something is there.")]
    margin: Annotated[
        Share,
        Field(description="1 where the two best classes are equally probable, 0 where there is no doubt."),
    ]
    probabilities: list[ProbabilityReply]


class FailureReply(_Reply):
    """Why a photo could not be read."""

    code: Annotated[
        str,
        Field(
            description="empty, not_an_image, damaged, too_large, unsupported, unreadable, or crashed",
        ),
    ]
    reason: str


class PhotoReply(_Reply):
    """What became of one photo."""

    name: str
    status: Annotated[str, Field(description="ok, blank or failed")]
    label: Annotated[
        str | None,
        Field(
            description='The class, or "unsure"; of boxes that of the surest one; null where there is none.'
        ),
    ]
    label_name: str | None
    confidence: Share | None
    unsure: bool
    top1: str | None
    probabilities: Annotated[list[ProbabilityReply], Field(description="The best classes, best first.")]
    candidates: Annotated[
        list[str],
        Field(
            description="Classes that hold the truth as often as the model's card promises; empty: it does not."
        ),
    ]
    boxes: Annotated[list[BoxReply] | None, Field(description="Surest first; null of a classifier.")]
    failure: FailureReply | None


class Milliseconds(_Reply):
    """Where the time went."""

    total: Annotated[float, Field(description="From the request to its answer.")]
    waiting: Annotated[float, Field(description="In the queue; of several photos, the longest.")]
    working: Annotated[float, Field(description="Decoding and inference, of all photos together.")]


_PHOTO: JsonValue = {
    "name": "fox.jpg",
    "status": "ok",
    "label": "red_fox",
    "label_name": "red fox",
    "confidence": 0.93,
    "unsure": False,
    "top1": "red_fox",
    "probabilities": [
        {"label": "red_fox", "name": "red fox", "probability": 0.93},
        {"label": "coyote", "name": "coyote", "probability": 0.05},
    ],
    "candidates": ["red_fox"],
    "boxes": None,
    "failure": None,
}


class PredictReply(_Reply):
    """What a model says of photos."""

    model: ModelName
    predictions: Annotated[list[PhotoReply], Field(description="One for each photo, in their order.")]
    milliseconds: Milliseconds

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "mammals", "version": "1", "sha256": "9f86d081" * 8},
                    "predictions": [_PHOTO],
                    "milliseconds": {"total": 21.4, "waiting": 0.3, "working": 19.6},
                }
            ]
        },
    )


class ClassReply(_Reply):
    """One class of a model."""

    label: str
    name: str
    scientific: str | None
    gbif_id: int | None
    role: Annotated[str | None, Field(description="blank, person, vehicle or other; null for what is named")]


class MetricReply(_Reply):
    """A figure with its 95 % interval, and what it was measured on."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    data: str | None
    split: str | None


class ModelReply(_Reply):
    """A version of a model, and what its card says."""

    name: str
    version: str
    sha256: str
    aliases: list[str]
    kind: Annotated[str, Field(description="classify, detect or pipeline")]
    state: Annotated[str, Field(description="loading, ready, unloaded or failed")]
    reason: Annotated[str, Field(description="Why it does not answer; empty where it does.")]
    classes: list[ClassReply]
    licence: str | None
    metrics: list[MetricReply]
    unsure_below: Annotated[float, Field(description="Answers that are less probable are unsure.")]
    coverage: Annotated[float | None, Field(description="How often candidates hold the truth.")]
    created_with: str
    created_at: datetime
    notes: list[str]


class ModelsReply(_Reply):
    """All versions of all models."""

    models: list[ModelReply]


WHY_NOT: dict[int, str] = {
    400: "The request is damaged or holds no photo.",
    401: "A key is asked for.",
    403: "Not from there.",
    404: "No such model.",
    408: "The request came too slowly.",
    413: "Too many bytes, photos or pixels.",
    415: "No image, or of a kind that cannot be read.",
    422: "A parameter that cannot be meant, or a damaged photo.",
    500: "The model failed.",
    503: "The server is busy, or the model is not ready; Retry-After says when to come again.",
    504: "The answer took too long.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for the OpenAPI document."""
    return {status: {"model": ErrorReply, "description": WHY_NOT[status]} for status in statuses}
