"""Photos handed to the desk, and its answers as replies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from taxolens.core.records import UNSURE, Score, Status
from taxolens.core.texts import Say
from taxolens.inference.detected import Detected, Detection
from taxolens.problems import Refused, status_of_photo
from taxolens.server.desk import Served
from taxolens.server.doors import Doors
from taxolens.server.faults import WorkerDied
from taxolens.server.places import leave_one, take
from taxolens.server.reading import Upload
from taxolens.server.replies import (
    BoxReply,
    FailureReply,
    Milliseconds,
    ModelName,
    PhotoReply,
    PredictReply,
    ProbabilityReply,
)
from taxolens.server.visit import Visit, saying
from taxolens.server.work import Answer, Named, PhotoWork, Raw

CRASHED = "crashed"
_LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"


class Asked(BaseModel):
    """What a request may ask for beside its photos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[
        str | None, Field(max_length=200, description="Name or alias of a model; the first that is served.")
    ] = None
    version: Annotated[str | None, Field(max_length=20, description="Of the model; the newest.")] = None
    threshold: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Below it answers are unsure, and boxes left out; as the model's card says.",
        ),
    ] = None
    top_k: Annotated[int, Field(ge=1, le=1000, description="How many probabilities to tell.")] = 5
    lang: Annotated[
        str | None,
        Field(pattern=_LANGUAGE, max_length=35, description="Language of names; as Accept-Language says."),
    ] = None


async def answer_photos(
    doors: Doors, visit: Visit, served: Served, uploads: Sequence[Upload], asked: Asked
) -> PredictReply:
    """What a model says of photos; one that cannot be read does not keep the others from their answers.

    Args:
        served: that is held.

    Raises:
        Refused: the only photo cannot be read (413, 415, 422).
        TaxolensError: as `Desk.ask` says.
    """
    visit.model, visit.version, visit.photos = served.name, served.version, len(uploads)
    works = [PhotoWork(one.photo, one.name, asked.top_k, asked.threshold) for one in uploads]
    answers = await ask_all(doors, visit, served, works)
    words = Words.of(served, asked.lang or visit.language, visit.language)
    photos = [_photo(work.name, answer, words) for work, answer in zip(works, answers, strict=True)]
    if len(photos) == 1 and photos[0].failure is not None:
        raise Refused(status_of_photo(photos[0].failure.code), photos[0].failure.reason)
    return PredictReply(
        model=ModelName(name=served.name, version=served.version, sha256=served.sha256),
        predictions=photos,
        milliseconds=Milliseconds(
            total=_milliseconds(visit.seconds),
            waiting=_milliseconds(visit.waited),
            working=_milliseconds(visit.worked),
        ),
    )


async def ask_all(
    doors: Doors, visit: Visit, served: Served, works: Sequence[PhotoWork]
) -> list[Answer | WorkerDied]:
    """The answers to several photos, in their order; a photo of which a worker died has that error in its place.

    Raises:
        Refused: there are no places for so many (503).
        TaxolensError: as `Desk.ask` says.
    """
    take(doors, visit, len(works))
    deadline = asyncio.get_running_loop().time() + doors.limits.seconds
    if len(works) == 1:
        return [await _ask(doors, visit, served, works[0], deadline)]
    places = asyncio.Semaphore(doors.limits.at_once)

    async def ask(work: PhotoWork) -> Answer | WorkerDied:
        async with places:
            return await _ask(doors, visit, served, work, deadline)

    tasks = [asyncio.create_task(ask(work)) for work in works]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()


async def _ask(
    doors: Doors, visit: Visit, served: Served, work: PhotoWork, deadline: float
) -> Answer | WorkerDied:
    try:
        left = deadline - asyncio.get_running_loop().time()
        answer = await doors.desk.ask(served, work, deadline=max(0.0, left))
    except WorkerDied as error:
        return error
    finally:
        leave_one(doors, visit)
    count_answer(doors, visit, answer)
    return answer


def count_answer(doors: Doors, visit: Visit, answer: Answer) -> None:
    """Keeps what an answer took, for the log and the measures."""
    doors.measures.count_answer(answer)
    visit.waited = max(visit.waited, answer.waited)
    visit.worked += answer.seconds


@dataclass(frozen=True, slots=True)
class Words:
    """How to call what a model answers.

    Attributes:
        names: of the classes, in the language that was asked for.
        detects: confidence is that of the box, not of its name.
        say: translates our own words.
    """

    names: Mapping[str, str]
    detects: bool
    say: Say

    @classmethod
    def of(cls, served: Served, language: str, fallback: str) -> Words:
        """The words of a model.

        Args:
            language: of names.
            fallback: one of ours, for our own words.
        """
        key = (served.name, served.version, served.sha256, language)
        if key not in _NAMES:
            if len(_NAMES) >= _MOST_NAMES:
                _NAMES.clear()
            short = language.replace("_", "-").split("-")[0].lower()
            _NAMES[key] = {one.id: one.taxon.name(short) for one in served.card.classes}
        return cls(_NAMES[key], served.kind == "detect", saying(fallback))

    def name(self, label: str) -> str:
        """The name of a class, or of "unsure"."""
        return self.say(UNSURE) if label == UNSURE else self.names.get(label, label)

    def ranked(self, ranking: Sequence[Score]) -> list[ProbabilityReply]:
        """The best classes."""
        return [
            ProbabilityReply(label=one.label, name=self.name(one.label), probability=share(one.score))
            for one in ranking
        ]


_NAMES: dict[tuple[str, str, str, str], Mapping[str, str]] = {}
_MOST_NAMES = 100


def share(value: float) -> float:
    """A probability without what rounding adds."""
    return min(1.0, max(0.0, value))


def _photo(name: str, answer: Answer | WorkerDied, words: Words) -> PhotoReply:
    if isinstance(answer, WorkerDied):
        return _failed(name, CRASHED, answer.told(words.say))
    result = answer.result
    if isinstance(result, Raw):
        raise TypeError("a photo was answered with a tensor")
    failure = result.prediction.failure if isinstance(result, Named) else result.failure
    if failure is not None:
        return _failed(name, failure.code, words.say(failure.reason))
    return _named(name, result, words) if isinstance(result, Named) else _found(name, result, words)


def _failed(name: str, code: str, reason: str) -> PhotoReply:
    return PhotoReply(
        name=name,
        status=Status.FAILED.value,
        label=None,
        label_name=None,
        confidence=None,
        unsure=False,
        top1=None,
        probabilities=[],
        candidates=[],
        boxes=None,
        failure=FailureReply(code=code, reason=reason),
    )


def _named(name: str, named: Named, words: Words) -> PhotoReply:
    said = named.prediction
    return PhotoReply(
        name=name,
        status=said.status.value,
        label=said.label,
        label_name=words.name(said.label),
        confidence=share(said.score),
        unsure=said.label == UNSURE,
        top1=said.top1,
        probabilities=words.ranked(said.ranking),
        candidates=list(said.candidates),
        boxes=None,
        failure=None,
    )


def _found(name: str, detected: Detected, words: Words) -> PhotoReply:
    boxes = [_box(one, words) for one in detected.detections]
    first = boxes[0] if boxes else None
    return PhotoReply(
        name=name,
        status=detected.status.value,
        label=first.label if first else None,
        label_name=first.label_name if first else None,
        confidence=first.confidence if first else None,
        unsure=bool(first and first.unsure),
        top1=first.top1 if first else None,
        probabilities=first.probabilities if first else [],
        candidates=[],
        boxes=boxes,
        failure=None,
    )


def _box(one: Detection, words: Words) -> BoxReply:
    certain = one.score if words.detects or not one.ranking else one.ranking[0].score
    return BoxReply(
        x=share(one.box.x),
        y=share(one.box.y),
        width=share(one.box.width),
        height=share(one.box.height),
        label=one.label,
        label_name=words.name(one.label),
        confidence=share(certain),
        unsure=one.label == UNSURE,
        top1=one.ranking[0].label if one.ranking else one.label,
        detector_score=share(one.score),
        margin=share(one.margin),
        probabilities=words.ranked(one.ranking),
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
