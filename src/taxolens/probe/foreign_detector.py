"""A detector that somebody else exported, made a model of ours: pixels in, its own boxes out, with a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnx
from onnx import TensorProto, helper

from taxolens.core.backbone import Triple
from taxolens.core.errors import ModelError
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import noted
from taxolens.imaging.preprocess import Colours, Fit
from taxolens.inference.decoders.candidates import Output
from taxolens.inference.decoders.registry import DECODERS
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task, Thresholds
from taxolens.probe.adopt import IMAGENET_MEAN, IMAGENET_STD, Reading
from taxolens.probe.cut import cut
from taxolens.probe.entrance import BATCH, Entrance, as_taken, entrance, noise, open_batch, usable_opset
from taxolens.probe.exported import Exported, exported
from taxolens.probe.families import Family, family, is_detector, told_family
from taxolens.probe.tensors import free_name, names_in, rename
from taxolens.probe.trial import run_once, run_outputs
from taxolens.probe.wrap import IMAGE, check_parity, put_before, settle_batch

BOXES = "boxes"
_USUAL_SIDE = 640
_USUAL_STEPS = (32, 64)
_PADDED = (Fit.LETTERBOX, Fit.CORNER)
_UNIT: tuple[Triple, Triple] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_BYTES: tuple[Triple, Triple] = ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))


@dataclass(frozen=True, slots=True)
class Habit:
    """How a family is used where nothing else is said.

    Attributes:
        fit: how photos fill the input.
        order: of the colours.
        scaling: mean and deviation of pixels in 0..1.
        overlap: see `CardOutput`.
        typical: see `Thresholds`.
        conservative: see `Thresholds`.
    """

    fit: Fit = Fit.LETTERBOX
    order: Colours = Colours.RGB
    scaling: tuple[Triple, Triple] = _UNIT
    overlap: float | None = 0.45
    typical: float = 0.25
    conservative: float = 0.05


HABITS: Mapping[str, Habit] = MappingProxyType(
    {
        "yolox": Habit(Fit.CORNER, Colours.BGR, _BYTES),
        "yolov5": Habit(),
        "yolov8": Habit(overlap=0.7),
        "picodet": Habit(Fit.SQUASH, Colours.RGB, (IMAGENET_MEAN, IMAGENET_STD), 0.6, 0.4, 0.1),
        "end-to-end": Habit(overlap=None),
        "rt-detr": Habit(Fit.SQUASH, overlap=None),
    }
)
"""What the families' own exporters and their published code do."""


@dataclass(frozen=True, slots=True)
class ForeignDetector:
    """What the file itself does not say; None: as it says, else the family's habit.

    Attributes:
        name: for the card.
        taxa: the classes in the order of its output.
        fit: how photos fill its input.
        order: of the colours.
    """

    name: str
    taxa: tuple[Taxon, ...]
    reading: Reading = field(default_factory=Reading)
    fit: Fit | None = None
    order: Colours | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A detector as far as it can be seen.

    Attributes:
        model: the network, in operators that can be used.
        door: how it takes its image.
        notes: what its exporter wrote.
        family: what it is.
    """

    model: onnx.ModelProto
    door: Entrance
    notes: Exported
    family: Family


def answers_with_boxes(model: onnx.ModelProto, file: Path, *, size: int | None) -> bool:
    """Whether a network is a detector, as its outputs look; it is run once.

    Raises:
        ModelError: it takes no image, or cannot be run.
    """
    model = usable_opset(model, file)
    door = entrance(model, file, size=size or exported(model).side)
    return is_detector(run_outputs(model, as_taken(noise(door, 1), door, *_UNIT), file))


def sight(
    model: onnx.ModelProto, file: Path, *, size: int | None, decoder: str | None, classes: int | None
) -> Sighting:
    """Runs a detector once and says what it is.

    Args:
        size: side of its input where the file leaves it open.
        decoder: by which it is read, where the user says so.
        classes: how many it has, where that is known.

    Raises:
        UsageError: it can be read in several ways.
        ModelError: it cannot be run or recognised.
    """
    model = usable_opset(model, file)
    notes = exported(model)
    door = entrance(model, file, size=size or notes.side or _USUAL_SIDE)
    answers = run_outputs(model, as_taken(noise(door, 1), door, *_UNIT), file)
    sides = (door.width, door.height)
    if decoder is not None:
        found = told_family(decoder, answers, sides, file=file)
    else:
        found = family(answers, sides, classes=classes or len(notes.names) or None, file=file)
    return Sighting(model, door, notes, found)


def describe_detector(seen: Sighting, file: Path, known: ForeignDetector) -> tuple[onnx.ModelProto, Card]:
    """Wraps a detector and writes its card.

    Args:
        file: where it came from, for errors.

    Returns:
        A network uint8 [N, height, width, 3] to `boxes`, as its decoder reads them, and its card.

    Raises:
        ModelError: it has another number of classes, or cannot be wrapped.
        ParityError: wrapped and original network differ.
    """
    door, rule = seen.door, _input(seen, known)
    _check_classes(seen.family, len(known.taxa), file)
    part = cut(seen.model, _joined(seen.model, seen.family.tensors), file)
    open_batch(part, door)
    answer = run_once(part, as_taken(noise(door, 1), door, rule.mean, rule.std), file)
    rows = None if HABITS[seen.family.decoder].overlap is None else answer.shape[1]
    _put_boxes(part, (rows, answer.shape[2]))
    plain = onnx.ModelProto()
    plain.CopyFrom(part)
    put_before(part, door, rule.mean, rule.std)
    check_parity(plain, part, door, rule.mean, rule.std, file)
    settle_batch(part, door, file)
    step = None if door.fixed or rule.fit not in _PADDED else _open_sides(part, seen, known, file)
    rule = rule.changed(multiple=step)
    _check_readable(part, seen, len(known.taxa), file)
    return part, _card(seen, known, rule)


def _input(seen: Sighting, known: ForeignDetector) -> CardInput:
    habit, door = HABITS[seen.family.fed], seen.door
    order = known.order or habit.order
    uint8 = door.element == TensorProto.UINT8
    mean, std = _UNIT if uint8 else habit.scaling
    mean, std = known.reading.mean or mean, known.reading.std or std
    if order is Colours.BGR:
        mean, std = mean[::-1], std[::-1]
    return CardInput.made(
        tensor=IMAGE,
        width=door.width,
        height=door.height,
        order=order,
        fit=known.fit or habit.fit,
        mean=mean,
        std=std,
    )


def _check_classes(found: Family, classes: int, file: Path) -> None:
    if found.classes is not None and found.classes != classes:
        raise ModelError(
            "The network in {file} has {found} classes, but {classes} are named. "
            "Give one label for each, in the network's order.",
            file=file,
            found=found.classes,
            classes=classes,
        )


def _joined(model: onnx.ModelProto, tensors: tuple[str, ...]) -> str:
    """The one tensor that holds all that counts; class maps and side maps are joined to one table."""
    if len(tensors) == 1:
        return tensors[0]
    taken = names_in(model.graph)
    half = len(tensors) // 2
    halves = []
    for several in (tensors[:half], tensors[half:]):
        halves.append(free_name("joined", taken))
        model.graph.node.append(helper.make_node("Concat", several, [halves[-1]], axis=1))
    whole = free_name("joined", taken)
    model.graph.node.append(helper.make_node("Concat", halves, [whole], axis=2))
    return whole


def _put_boxes(model: onnx.ModelProto, shape: tuple[int | None, int]) -> None:
    """Makes the output float32 [N, ., .] `boxes`; a network that thins its boxes itself may give any number of them."""
    graph = model.graph
    taken = names_in(graph)
    if BOXES in taken:
        rename(graph, BOXES, free_name(BOXES, taken))
    current = graph.output[0].name
    graph.node.append(helper.make_node("Cast", [current], [BOXES], to=TensorProto.FLOAT))
    graph.name = "detector"
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(BOXES, TensorProto.FLOAT, (BATCH, *shape)))


def _open_sides(part: onnx.ModelProto, seen: Sighting, known: ForeignDetector, file: Path) -> int | None:
    """Leaves the sides open where the network takes inputs that are no squares; by which steps, else None."""
    steps = (seen.notes.step,) if seen.notes.step else _USUAL_STEPS
    return next((step for step in steps if _opened(part, seen, known, file, step)), None)


def _opened(part: onnx.ModelProto, seen: Sighting, known: ForeignDetector, file: Path, step: int) -> bool:
    door = seen.door
    if door.height <= step or door.height % step or door.width % step:
        return False
    trial = onnx.ModelProto()
    trial.CopyFrom(part)
    for axis, name in ((1, "height"), (2, "width")):
        trial.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for axis in (1, 2):
        trial.graph.output[0].type.tensor_type.shape.dim[axis].ClearField("value")
    pixels = noise(door, 1)[:, : door.height - step]
    try:
        _read(trial, pixels, seen, len(known.taxa), file)
    except ModelError:
        return False
    part.CopyFrom(trial)
    return True


def _check_readable(part: onnx.ModelProto, seen: Sighting, classes: int, file: Path) -> None:
    _read(part, noise(seen.door, 1), seen, classes, file)


def _read(
    part: onnx.ModelProto,
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    seen: Sighting,
    classes: int,
    file: Path,
) -> None:
    values = np.asarray(run_once(part, pixels, file)[0], np.float32)
    output = Output(values, pixels.shape[2], pixels.shape[1], classes)
    DECODERS[seen.family.decoder].decode(output, least=0.5)


def _card(seen: Sighting, known: ForeignDetector, rule: CardInput) -> Card:
    habit, decoder = HABITS[seen.family.fed], seen.family.decoder
    return Card.made(
        name=known.name,
        task=Task.DETECT,
        classes=tuple(CardClass.of(taxon) for taxon in known.taxa),
        input=rule,
        output=CardOutput.made(decoder=decoder, tensor=BOXES, overlap=habit.overlap),
        thresholds=Thresholds.made(typical=habit.typical, conservative=habit.conservative),
        licence=known.reading.licence or seen.notes.licence,
        notes=_notes(seen, known),
    )


def _notes(seen: Sighting, known: ForeignDetector) -> tuple[str, ...]:
    notes = []
    told = known.reading.mean is not None or known.order is not None or known.fit is not None
    if not told and seen.notes.task is None:
        notes.append(
            noted(
                "The file does not say how photos are scaled and padded, nor the order of the colours; those of its "
                "family are used."
            )
        )
    if not DECODERS[seen.family.decoder].all_classes:
        notes.append(
            noted("Of each box this detector tells the best class only, not how near the second was.")
        )
    return tuple(notes)
