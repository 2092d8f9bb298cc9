"""All operations by name, and how a step is read from text.

parse_step("clahe:clip=2,tiles=8")
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from functools import cache

from taxolens.core.errors import UsageError
from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.imaging.operations import (
    augment_look,
    augment_place,
    colour,
    crop,
    fitted,
    mirror,
    rotate,
    sharpness,
    size,
    tone,
    whiten,
)
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.operation import Operation
from taxolens.imaging.operations.step import Step

# Loaded by name: they are built on this room, which must not lean on them
_PLANT_STEPS = "taxolens.imaging.plant.steps"
_LIBRARIES = ("cv2", "skimage", "taxolens.imaging.plant")


@cache
def operations() -> Registry[Operation]:
    """All operations. Those for plants are missing where OpenCV is not installed."""
    registry: Registry[Operation] = Registry(noted("There is no step called {name}. Choose {known}."))
    for operation in (*_own(), *_plant()):
        registry.add(operation.name, operation)
    return registry


def parse_step(text: str) -> Step:
    """Reads `NAME` or `NAME:PARAMETER=VALUE,PARAMETER=VALUE`.

    Raises:
        UsageError: no such operation or parameter (the nearest name is told), or a value out of range.
        MissingExtra: the operation is not there because OpenCV is not installed.
    """
    name, _, rest = text.strip().partition(":")
    values: dict[str, object] = {}
    if not name.strip():
        raise _not_read(text)
    for pair in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not (key and equals and value):
            raise _not_read(text)
        if key in values:
            raise UsageError("{operation}: {parameter} is given twice.", operation=name, parameter=key)
        values[key] = value
    return make_step(name.strip(), values)


def _not_read(text: str) -> UsageError:
    return UsageError(
        "The step {text} cannot be read. Write NAME:PARAMETER=VALUE,PARAMETER=VALUE.", text=text or "''"
    )


def make_step(name: str, values: Mapping[str, object]) -> Step:
    """A step from typed values, as a recipe holds them; what is not given has its default.

    Raises:
        UsageError: no such operation or parameter (the nearest name is told), or a value out of range.
        MissingExtra: the operation is not there because OpenCV is not installed.
    """
    operation = _named(name)
    parameters = {parameter.name: parameter for parameter in operation.parameters}
    for key in values:
        if key not in parameters:
            raise _unknown(operation, key)
    read = {
        each.name: each.read(values[each.name], name) if each.name in values else each.default
        for each in operation.parameters
    }
    return Step(operation, read)


def _named(name: str) -> Operation:
    known = operations()
    if name not in known and not difflib.get_close_matches(name, known, n=1):
        opencv()
    return known[name]


def _unknown(operation: Operation, key: str) -> UsageError:
    names = [parameter.name for parameter in operation.parameters]
    if not names:
        return UsageError(
            "{operation} has no parameters. Leave {name} out.", operation=operation.name, name=key
        )
    near = difflib.get_close_matches(key, names, n=1) or names
    return UsageError(
        "{operation} has no parameter called {name}. Choose {known}.",
        operation=operation.name,
        name=key,
        known=", ".join(near),
    )


def _own() -> Iterable[Operation]:
    return (
        *size.OPERATIONS,
        *crop.OPERATIONS,
        *mirror.OPERATIONS,
        *rotate.OPERATIONS,
        *tone.OPERATIONS,
        *sharpness.OPERATIONS,
        *colour.OPERATIONS,
        *whiten.OPERATIONS,
        *fitted.OPERATIONS,
        *augment_place.OPERATIONS,
        *augment_look.OPERATIONS,
    )


def _plant() -> Iterable[Operation]:
    """What is registered for plants; nothing where its libraries are not installed."""
    try:
        steps: Iterable[Operation] = importlib.import_module(_PLANT_STEPS).STEPS
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(_LIBRARIES):
            return ()
        raise
    return steps
