"""Models as the Open Inference Protocol sees them: inputs, outputs, and what fills them.

Every model takes encoded photos, as the input "image" of the datatype BYTES. One that is no pipeline takes tensors
too, as its graph does; a request sends either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.inference.detected import Detected
from taxolens.problems import Refused, status_of_photo
from taxolens.server.answering import ask_all, count_answer
from taxolens.server.desk import Served
from taxolens.server.desk import Tensor as Described
from taxolens.server.doors import Doors
from taxolens.server.faults import WorkerDied
from taxolens.server.inference_request import PHOTO, InferRequest, check_photos
from taxolens.server.inference_tensor import BYTES, Tensor, texts
from taxolens.server.places import take
from taxolens.server.visit import Visit
from taxolens.server.work import Answer, Named, PhotoWork, Raw, TensorWork

_PIXELS, _RAW = "pixels", "raw"
_THRESHOLD = "threshold"


def inputs_of(served: Served) -> list[Described]:
    """Both ways to ask; a graph's input that is called "image" goes by "pixels"."""
    graph = [Described(_tensor_name(one.name), one.datatype, one.shape) for one in served.inputs]
    return [Described(PHOTO, BYTES, (-1,)), *graph]


def outputs_of(served: Served) -> list[Described]:
    """What answers photos, and then what answers tensors."""
    classes = len(served.card.classes)
    if served.kind == "classify":
        answers = [Described("probabilities", "FP32", (-1, classes)), Described("label", BYTES, (-1,))]
    else:
        answers = [
            Described("boxes", "FP32", (-1, 4)),
            Described("scores", "FP32", (-1,)),
            Described("labels", BYTES, (-1,)),
            Described("probabilities", "FP32", (-1, classes)),
            Described("photos", "INT32", (-1,)),
        ]
    said = {one.name for one in answers}
    graph = [Described(_raw_name(served), one.datatype, one.shape) for one in served.outputs]
    return [*answers, *(one for one in graph if one.name not in said)]


async def infer(doors: Doors, visit: Visit, served: Served, request: InferRequest) -> list[Tensor]:
    """All outputs for what was sent.

    Raises:
        Refused: inputs that the model does not have, or a photo that cannot be read.
        TaxolensError: as `Desk.ask` says.
    """
    if len(request.inputs) != 1:
        raise Refused(400, "A request has one input, and this one has {count}.", count=len(request.inputs))
    given = request.inputs[0]
    known = {one.name for one in inputs_of(served)} | {one.name for one in served.inputs}
    if given.name not in known:
        raise Refused(
            400,
            "The model {model} has no input {name}. Choose {known}.",
            model=served.name,
            name=given.name,
            known=", ".join(sorted(known)),
        )
    visit.model, visit.version = served.name, served.version
    if given.datatype == BYTES:
        return await _photos(doors, visit, served, given, request.parameters.get(_THRESHOLD))
    return await _tensor(doors, visit, served, given)


async def _photos(
    doors: Doors, visit: Visit, served: Served, given: Tensor, threshold: object
) -> list[Tensor]:
    if given.name != PHOTO or not isinstance(given.values, tuple):
        raise Refused(
            400, "The input {name} takes no BYTES; photos go to {photo}.", name=given.name, photo=PHOTO
        )
    if len(given.shape) not in (1, 2) or given.shape[1:] not in ((), (1,)):
        raise Refused(
            400, "The shape of {photo} is [photos], not {shape}.", photo=PHOTO, shape=list(given.shape)
        )
    visit.photos = len(given.values)
    least = _threshold(threshold)
    works = [PhotoWork(photo, f"{PHOTO} {n}", 1, least) for n, photo in enumerate(given.values, start=1)]
    answers = await ask_all(doors, visit, served, works)
    results = [
        _readable(number, len(answers), answer, visit) for number, answer in enumerate(answers, start=1)
    ]
    named = [one for one in results if isinstance(one, Named)]
    if len(named) == len(results):
        return _of_classifier(named)
    return _of_boxes([one for one in results if isinstance(one, Detected)], len(served.card.classes))


async def _tensor(doors: Doors, visit: Visit, served: Served, given: Tensor) -> list[Tensor]:
    tensor = given.values
    if isinstance(tensor, tuple) or tensor.ndim == 0:
        raise Refused(400, "The input {name} is no tensor.", name=given.name)
    if not served.inputs:
        raise Refused(400, "The model {model} takes photos alone, as BYTES.", model=served.name)
    if tensor.ndim == len(
        served.inputs[0].shape
    ):  # else its first axis counts no photos, and the desk refuses it
        check_photos(len(tensor), doors.limits.photos)
        visit.photos = len(tensor)
    wanted = served.inputs[0].datatype
    if given.datatype != wanted:
        raise Refused(
            400,
            "The input {name} takes {wanted} or photos as BYTES, not {given}.",
            name=given.name,
            wanted=wanted,
            given=given.datatype,
        )
    take(doors, visit, max(1, visit.photos))
    answer = await doors.desk.ask(served, TensorWork(tensor), deadline=doors.limits.seconds)
    count_answer(doors, visit, answer)
    if not isinstance(answer.result, Raw):
        raise TypeError("a tensor was answered with words")
    output = answer.result.output
    return [Tensor(_raw_name(served), "FP32", output.shape, output)]


def _tensor_name(name: str) -> str:
    return _PIXELS if name == PHOTO else name


def _raw_name(served: Served) -> str:
    """What a graph's output is called; of a classifier it may be the very "probabilities"."""
    name = served.outputs[0].name
    return (
        _RAW if served.kind == "detect" and name in ("boxes", "scores", "labels", "probabilities") else name
    )


def _threshold(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise Refused(400, "The threshold {threshold} is no score. Give one from 0 to 1.", threshold=given)
    return float(given)


def _readable(number: int, count: int, answer: Answer | WorkerDied, visit: Visit) -> Any:
    """What was said of a photo that could be read; the protocol has no place for those that could not."""
    if isinstance(answer, WorkerDied):
        raise answer
    result = answer.result
    failure = result.prediction.failure if isinstance(result, Named) else getattr(result, "failure", None)
    if failure is None:
        return result
    reason = visit.say(failure.reason)
    status = status_of_photo(failure.code)
    if count == 1:
        raise Refused(status, reason)
    raise Refused(status, "Photo {number} of {count}: {reason}", number=number, count=count, reason=reason)


def _of_classifier(named: Sequence[Named]) -> list[Tensor]:
    scores = np.stack([one.probabilities for one in named])
    return [
        Tensor("probabilities", "FP32", scores.shape, scores),
        texts("label", (len(named),), [one.prediction.label for one in named]),
    ]


def _of_boxes(found: Sequence[Detected], classes: int) -> list[Tensor]:
    """All boxes of all photos, one after the other; `photos` says which photo each is in, from 0."""
    boxes = [(photo, one) for photo, detected in enumerate(found) for one in detected.detections]
    count = len(boxes)
    places = _numbers([(one.box.x, one.box.y, one.box.width, one.box.height) for _, one in boxes], (count, 4))
    return [
        Tensor("boxes", "FP32", places.shape, places),
        Tensor("scores", "FP32", (count,), _numbers([one.score for _, one in boxes], (count,))),
        texts("labels", (count,), [one.label for _, one in boxes]),
        Tensor(
            "probabilities",
            "FP32",
            (count, classes),
            _numbers([one.distribution for _, one in boxes], (count, classes)),
        ),
        Tensor("photos", "INT32", (count,), np.array([photo for photo, _ in boxes], np.int32)),
    ]


def _numbers(values: Sequence[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(shape)
