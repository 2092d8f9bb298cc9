"""What an exporter wrote into an ONNX file beside the network."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx

_LONGEST = 1_000_000
_LONGEST_LICENCE = 200


@dataclass(frozen=True, slots=True)
class Exported:
    """Notes in a file; None, or nothing, for what it does not say.

    Attributes:
        task: "detect", "classify", "segment", ...
        names: of the classes, in the network's order.
        side: of the input, in pixels.
        step: multiples of it are sides that the network takes, in pixels.
        licence: of the weights.
    """

    task: str | None = None
    names: tuple[str, ...] = ()
    side: int | None = None
    step: int | None = None
    licence: str | None = None


def exported(model: onnx.ModelProto) -> Exported:
    """Reads the notes that ultralytics, YOLOv5 and LibreYOLO leave; anything else is passed over."""
    notes = {entry.key: _value(entry.value) for entry in model.metadata_props if len(entry.value) < _LONGEST}
    task, licence = notes.get("task"), notes.get("license")
    sides = _numbers(notes.get("imgsz"))
    return Exported(
        task if isinstance(task, str) else None,
        _names(notes.get("names")),
        max(sides, default=None),
        max(_numbers(notes.get("stride")), default=None),
        licence[:_LONGEST_LICENCE] if isinstance(licence, str) else None,
    )


def _value(text: str) -> Any:
    """A value of Python, or JSON that reads the same; else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _names(value: object) -> tuple[str, ...]:
    """Names of classes from a list, or from a table by number; nothing where they cannot be meant."""
    if isinstance(value, Mapping):
        keyed = {_number(key): name for key, name in value.items()}
        value = [keyed.get(number) for number in range(len(value))]
    if not isinstance(value, list | tuple) or not all(
        isinstance(name, str) and name.strip() for name in value
    ):
        return ()
    names = tuple(name.strip() for name in value)
    return names if len(set(names)) == len(names) else ()


def _number(key: object) -> int | None:
    return int(key) if isinstance(key, int | str) and str(key).isdecimal() else None


def _numbers(value: object) -> list[int]:
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in values if isinstance(one, int) and not isinstance(one, bool) and one > 0]
