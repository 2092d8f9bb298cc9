"""What a server of Taxolens answers, typed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from taxolens.core.errors import NetworkError
from taxolens.core.records import Failure, Status

T = TypeVar("T")
# Fields of later versions are tolerated.
_CONFIG = ConfigDict(extra="ignore", arbitrary_types_allowed=True)
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
Certainty = Annotated[
    FiniteFloat, Field(ge=0, le=1), BeforeValidator(lambda value: 0.0 if value is None else value)
]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Probability:
    """A class and how probable it is.

    Attributes:
        label: of the class.
        name: in the language that was asked for.
        probability: 0..1.
    """

    label: str
    name: str
    probability: Share


@dataclass(frozen=True, slots=True, config=_CONFIG)
class FoundBox:
    """One thing in a photo; places are shares of the upright photo, from its top left corner.

    Attributes:
        x: left edge, 0..1.
        y: top edge, 0..1.
        width: 0..1.
        height: 0..1.
        label: the class; "unsure" where the model's threshold says so.
        label_name: the same for people.
        confidence: how sure the model is, 0..1.
        unsure: the model is.
        top1: the best class, also where the answer is "unsure".
        detector_score: how sure the detector is that something is there, 0..1.
        margin: 1 where the two best classes are equally probable, 0 where there is no doubt.
        probabilities: the best classes, best first.
    """

    x: Share
    y: Share
    width: Share
    height: Share
    label: str
    label_name: str
    confidence: Share
    unsure: bool
    top1: str
    detector_score: Share
    margin: Share
    probabilities: tuple[Probability, ...]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Reason:
    code: str
    reason: str


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Photo:
    name: str
    status: Status
    label: Text
    label_name: Text
    confidence: Certainty
    unsure: bool
    top1: Text
    probabilities: tuple[Probability, ...]
    candidates: tuple[str, ...]
    boxes: tuple[FoundBox, ...] | None
    failure: _Reason | None


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Model:
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Reply:
    model: _Model
    predictions: tuple[_Photo, ...]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Answer:
    """What a model says of one photo.

    Attributes:
        name: the path that was given, or the position of bytes and arrays.
        status: ok, blank or failed.
        label: the class, "unsure", or of boxes that of the surest one; empty where there is none.
        label_name: the same for people.
        confidence: how sure the model is, 0..1.
        unsure: the model is.
        top1: the best class, also where the answer is "unsure"; empty where there is none.
        probabilities: the best classes, best first.
        candidates: classes that hold the truth as often as the model's card promises; empty where it promises nothing.
        boxes: surest first; None of a classifier.
        failure: why the photo could not be read.
        model: that answered.
        version: of it.
        sha256: of its file.
    """

    name: str
    status: Status
    label: str = ""
    label_name: str = ""
    confidence: float = 0.0
    unsure: bool = False
    top1: str = ""
    probabilities: tuple[Probability, ...] = ()
    candidates: tuple[str, ...] = ()
    boxes: tuple[FoundBox, ...] | None = None
    failure: Failure | None = None
    model: str = ""
    version: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, config=_CONFIG)
class ServedModel:
    """One version of a model that a server knows.

    Attributes:
        name: that requests use.
        version: of it.
        sha256: of its file.
        kind: "classify", "detect" or "pipeline".
        state: "loading", "ready", "unloaded" or "failed".
        reason: why it does not answer; empty where it does.
        aliases: other names of this version.
        labels: its classes.
    """

    name: str
    version: str
    sha256: str
    kind: str
    state: str
    reason: str = ""
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Class:
    label: str


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _Listed:
    name: str
    version: str
    sha256: str
    kind: str
    state: str
    reason: str
    aliases: tuple[str, ...]
    classes: tuple[_Class, ...]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class _List:
    models: tuple[_Listed, ...]


_ADAPTERS: Mapping[type[Any], TypeAdapter[Any]] = MappingProxyType(
    {kind: TypeAdapter(kind) for kind in (_Reply, _List)}
)


def read_answers(document: bytes, names: tuple[str, ...], url: str) -> tuple[Answer, ...]:
    """The answers of a reply to `/predict`.

    Args:
        names: what to call the photos, in their order.
        url: of the server, for the error.

    Raises:
        NetworkError: it is no such reply.
    """
    reply = _checked(_Reply, document, url)
    if len(reply.predictions) != len(names):
        raise _strange(url, f"{len(reply.predictions)} answers to {len(names)} photos")
    return tuple(
        _answer(name, photo, reply.model) for name, photo in zip(names, reply.predictions, strict=True)
    )


def read_models(document: bytes, url: str) -> tuple[ServedModel, ...]:
    """The models of a reply to `/models`.

    Raises:
        NetworkError: it is no such reply.
    """
    return tuple(
        ServedModel(
            one.name,
            one.version,
            one.sha256,
            one.kind,
            one.state,
            one.reason,
            one.aliases,
            tuple(part.label for part in one.classes),
        )
        for one in _checked(_List, document, url).models
    )


def failed(name: str, code: str, reason: str) -> Answer:
    """The answer for a photo that no model has seen."""
    return Answer(name, Status.FAILED, failure=Failure(Path(name), name, code, reason))


def _answer(name: str, photo: _Photo, model: _Model) -> Answer:
    reason = photo.failure
    return Answer(
        name,
        photo.status,
        photo.label,
        photo.label_name,
        photo.confidence,
        photo.unsure,
        photo.top1,
        photo.probabilities,
        photo.candidates,
        photo.boxes,
        Failure(Path(name), name, reason.code, reason.reason) if reason else None,
        model.name,
        model.version,
        model.sha256,
    )


def _checked(kind: type[T], document: bytes, url: str) -> T:
    try:
        checked: T = _ADAPTERS[kind].validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise _strange(url, f"{where}: {first['msg']}" if where else str(first["msg"])) from error
    return checked


def _strange(url: str, why: str) -> NetworkError:
    return NetworkError(
        "What {url} answers is not what a model server of Taxolens would say ({why}). Check the address.",
        url=url,
        why=why,
    )
