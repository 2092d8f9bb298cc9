"""Which family of detectors a network is of, seen by what it answers: pure, by numbered rules.

`cells` are the places of the input where a network looks: one for each 8 x 8, 16 x 16 and 32 x 32 pixels, and so on.

1. Pairs of outputs [cells of one size, classes] and [the same, 4 x bins]: PicoDet.
2. An output [3 x cells, 5 + classes]: YOLOv5 with its anchors.
3. An output [4 + classes, cells]: YOLOv5u, YOLOv8 and later.
4. An output [cells, 5 + classes] whose first two columns are counted in cells: YOLOX.
5. The same in pixels: YOLOX exported with decoding, read like YOLOv5 and fed like YOLOX, or [cells, 4 + classes], YOLOv8 turned over.
   The number of classes decides; where it is not known either, the user does.
6. An output [n, 6] with n of at most 1,000: boxes that are thinned already. Where all sides are shares of the input
   and no corners, that of RT-DETR.

Further outputs, such as the undecoded maps that YOLOv5 exports beside its answer, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ModelError, UsageError
from taxolens.inference.decoders.end_to_end import COLUMNS
from taxolens.inference.decoders.grid import STRIDES, strides_for
from taxolens.inference.decoders.registry import DECODERS

Answers = Mapping[str, NDArray[np.generic]]
"""Outputs for one photo, by name, with the axis of photos."""
Sides = tuple[int, int]
"""Width and height of the input in pixels."""

_ANCHORS = 3
_MOST_THINNED = 1000
_TABLE_AXES = 3


@dataclass(frozen=True, slots=True)
class Family:
    """What a detector is.

    Attributes:
        decoder: by which its output is read.
        tensors: its outputs that count; those of PicoDet: class maps, then side maps, finest first.
        classes: how many it tells apart; None where the output does not tell.
        fed: the decoder of the family as which it takes its photos; its own but for rule 5.
    """

    decoder: str
    tensors: tuple[str, ...]
    classes: int | None
    fed: str


def is_detector(answers: Answers) -> bool:
    """Whether a network answers with tables, as detectors do, and not with one score for each class."""
    return any(_is_table(answer) for answer in answers.values())


def family(answers: Answers, sides: Sides, *, classes: int | None, file: object) -> Family:
    """The family of a detector.

    Args:
        classes: how many there are, where that is known.

    Raises:
        UsageError: several fit; the message says what to add.
        ModelError: none fits.
    """
    tables = _tables(answers)
    paired = _paired(tables, sides)
    if paired is not None:
        return paired
    for name, table in tables.items():
        found = _of_table(name, table, sides, classes, file)
        if found is not None:
            return found
    raise ModelError(
        "The network in {file} answers with the shapes {shapes}, which is no known form of a detector. Where you "
        "know how it is read, add --decoder with one of: {known}.",
        file=file,
        shapes=", ".join(str(list(answer.shape)) for answer in answers.values()),
        known=", ".join(DECODERS),
    )


def told_family(decoder: str, answers: Answers, sides: Sides, *, file: object) -> Family:
    """The family that the user names; the output is the first that is a table.

    Raises:
        UsageError: there is no such decoder.
        ModelError: no output is a table.
    """
    _ = DECODERS[decoder]
    tables = _tables(answers)
    paired = _paired(tables, sides)
    if decoder == "picodet" and paired is not None:
        return paired
    if not tables or decoder == "picodet":
        raise ModelError(
            "The network in {file} answers with the shapes {shapes}, which the decoder {decoder} does not read.",
            file=file,
            shapes=", ".join(str(list(answer.shape)) for answer in answers.values()),
            decoder=decoder,
        )
    name, table = next(iter(tables.items()))
    less = {"yolox": 5, "yolov5": 5, "yolov8": 4}.get(decoder)
    columns = min(table.shape) if decoder == "yolov8" else table.shape[1]
    whole = decoder == "yolov5" and strides_for(len(table), *sides) is not None
    return Family(decoder, (name,), None if less is None else columns - less, "yolox" if whole else decoder)


def _tables(answers: Answers) -> dict[str, NDArray[np.generic]]:
    return {name: answer[0] for name, answer in answers.items() if _is_table(answer)}


def _is_table(answer: NDArray[np.generic]) -> bool:
    if answer.ndim != _TABLE_AXES or answer.shape[0] != 1:
        return False
    # A network that thins its boxes itself may find none, or one.
    rows, columns = answer.shape[1:]
    return bool(min(rows, columns) > 1 or (rows == 0 and columns == COLUMNS))


def _of_table(
    name: str, table: NDArray[np.generic], sides: Sides, classes: int | None, file: object
) -> Family | None:
    """Rules 2 to 6."""
    rows, columns = table.shape
    if rows % _ANCHORS == 0 and strides_for(rows // _ANCHORS, *sides) and columns > 5:
        return Family("yolov5", (name,), columns - 5, "yolov5")
    if strides_for(columns, *sides) and rows > 4:
        return Family("yolov8", (name,), rows - 4, "yolov8")
    if strides_for(rows, *sides) and columns > 4:
        return _of_cells(name, table, sides, classes, file)
    if columns == COLUMNS and rows <= _MOST_THINNED:
        decoder = "rt-detr" if _in_shares(table) else "end-to-end"
        return Family(decoder, (name,), None, decoder)
    return None


def _in_shares(table: NDArray[np.generic]) -> bool:
    """Whether boxes are given as centre and size in shares: all in 0..1, and some wider than their centre is far."""
    places = np.asarray(table[:, :4], np.float64)
    if not places.size or places.min() < 0 or places.max() > 1:
        return False
    return bool((places[:, 2:] < places[:, :2]).any())


def _of_cells(
    name: str, table: NDArray[np.generic], sides: Sides, classes: int | None, file: object
) -> Family:
    """Rules 4 and 5."""
    columns = table.shape[1]
    in_pixels = all(float(table[:, axis].max()) > sides[axis] / 2 for axis in (0, 1))
    if not in_pixels and columns > 5:
        return Family("yolox", (name,), columns - 5, "yolox")
    if columns == 5 or classes == columns - 4:
        return Family("yolov8", (name,), columns - 4, "yolov8")
    if classes == columns - 5:
        return Family("yolov5", (name,), columns - 5, "yolox")
    raise UsageError(
        "The detector in {file} gives {columns} numbers for each box: {more} classes, or {fewer} and how sure it is "
        "that anything is there. Give --labels, or say which: --decoder yolov8 or --decoder yolov5.",
        file=file,
        columns=columns,
        more=columns - 4,
        fewer=columns - 5,
    )


def _paired(tables: Mapping[str, NDArray[np.generic]], sides: Sides) -> Family | None:
    """Rule 1."""
    for strides in STRIDES:
        pairs = [_pair(tables, -(-sides[0] // step) * -(-sides[1] // step)) for step in strides]
        if len(tables) == 2 * len(pairs) and all(pairs):
            whole = [pair for pair in pairs if pair]
            classes = {tables[scores].shape[1] for scores, _ in whole}
            if len(classes) == 1:
                names = (*(scores for scores, _ in whole), *(bins for _, bins in whole))
                return Family("picodet", names, classes.pop(), "picodet")
    return None


def _pair(tables: Mapping[str, NDArray[np.generic]], count: int) -> tuple[str, str] | None:
    """The class map and the side map of so many cells: only the first is made of probabilities."""
    found = [name for name, table in tables.items() if len(table) == count]
    if len(found) != 2:
        return None
    first, second = found
    if float(tables[first].min()) < 0 <= float(tables[second].min()):
        first, second = second, first
    return (first, second) if tables[second].shape[1] % 4 == 0 else None
