"""What a search may choose: the usual ranges, and a file that narrows or widens them.

The file is TOML; each line names a field of the network's recipe, or a width of one of our own networks:

    only = true                                    # search nothing but what stands here
    rate = { low = 1e-4, high = 1e-2, log = true } # a range; log: by orders of magnitude
    batch = [16, 32]                               # one of these
    optimizer = "sgd"                              # this, and nothing else
    filters_1 = { low = 16, high = 64, step = 16 } # filters of the first convolution
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from taxolens.core.errors import UsageError
from taxolens.core.search import Choice, Parameter, Real, Value, Whole
from taxolens.recipes.network import NetworkRecipe, Optimizer
from taxolens.recipes.parse import parse_recipe, recipe_document

_AUGMENT = Choice(("none", "light", "standard", "strong"))
_SCRATCH: Mapping[str, Parameter] = MappingProxyType(
    {
        "optimizer": Choice(tuple(one.value for one in Optimizer)),
        "rate": Real(2e-4, 5e-2, log=True),
        "weight_decay": Real(1e-6, 1e-1, log=True),
        "batch": Choice((16, 32, 64, 128)),
        "dropout": Real(0.0, 0.7),
        "label_smoothing": Real(0.0, 0.2),
        "augment": _AUGMENT,
    }
)
_FINETUNE: Mapping[str, Parameter] = MappingProxyType(
    {
        "rate": Real(5e-5, 5e-3, log=True),
        "head_rate": Real(3e-4, 3e-2, log=True),
        "unfreeze": Choice((0, 1, 2, 4)),
        "layer_decay": Real(0.5, 1.0),
        "weight_decay": Real(1e-4, 2e-1, log=True),
        "augment": _AUGMENT,
        "label_smoothing": Real(0.0, 0.2),
        "mixup": Real(0.0, 0.4),
    }
)
_SCRATCH_METHOD = "scratch"
_USUAL = {_SCRATCH_METHOD: _SCRATCH, "finetune": _FINETUNE}
_SHARED = frozenset(
    {
        *("name", "weights", "arguments", "size", "mean", "std", "epochs"),
        *("precision", "device", "seed", "distill"),
    }
)
"""Fields in which all trials agree."""
_FILTERS, _DENSE, _ONLY = "filters", "dense", "only"
_ENDS = frozenset({"low", "high", "step", "log"})


@dataclass(frozen=True, slots=True)
class Ranges:
    """What is searched, and where the search begins.

    Attributes:
        space: parameters by name.
        base: the network's recipe with what is not searched.
        first: values of trial 0, one for each parameter.
    """

    space: Mapping[str, Parameter]
    base: NetworkRecipe
    first: Mapping[str, Value]


def ranges_of(network: NetworkRecipe, method: str, file: Path | None = None) -> Ranges:
    """The usual ranges, and what a file says instead.

    The usual ranges reach to the values that the network has now; a file's ranges are kept, and trial 0 takes
    what is nearest in them.

    Args:
        network: with everything that it leaves open written down.

    Raises:
        UsageError: the file cannot be read, or holds a name or value that cannot be meant.
    """
    # Weights that have learnt something fit one width alone.
    known = _values(network, widths=method == _SCRATCH_METHOD)
    usual = {**_USUAL[method], **_widths(known)}
    space = {name: _reaching(one, known[name]) for name, one in usual.items() if known.get(name) is not None}
    given = _read(file) if file else {}
    if given.pop(_ONLY, False):
        space = {}
    fixed: dict[str, Value] = {}
    for name, told in given.items():
        _check_name(name, known)
        found = _parameter(name, told, _is_whole(name))
        for value in _extremes(found):
            applied(network, {name: value})
        space.pop(name, None)
        if isinstance(found, Choice) and len(found.values) == 1:
            fixed[name] = found.values[0]
        else:
            space[name] = found
    if not space:
        raise UsageError("There is nothing to search: give a range or several values of a field.")
    base = applied(network, fixed)
    first = {name: _nearest(one, known[name]) for name, one in space.items()}
    return Ranges(MappingProxyType(space), base, MappingProxyType(first))


def applied(network: NetworkRecipe, values: Mapping[str, Value]) -> NetworkRecipe:
    """The recipe with these values in it.

    Raises:
        UsageError: a value that cannot be meant.
    """
    document = recipe_document(network)
    arguments = dict(network.arguments)
    for name, value in values.items():
        kind, _, place = name.partition("_")
        if kind == _FILTERS and place:
            filters = arguments[_FILTERS].split(",")
            filters[int(place) - 1] = str(value)
            arguments[_FILTERS] = ",".join(filters)
        elif name == _DENSE:
            arguments[_DENSE] = str(value)
        else:
            document[name] = value
    return parse_recipe(NetworkRecipe, {**document, "arguments": arguments})


def _values(network: NetworkRecipe, *, widths: bool) -> dict[str, Any]:
    """Everything that can be searched, with its value now."""
    document = recipe_document(network)
    known = {one.name: document[one.name] for one in fields(network) if one.name not in _SHARED}
    if not widths:
        return known
    if _FILTERS in network.arguments:
        for place, width in enumerate(network.arguments[_FILTERS].split(","), start=1):
            known[f"{_FILTERS}_{place}"] = int(width)
    if _DENSE in network.arguments:
        known[_DENSE] = int(network.arguments[_DENSE])
    return known


def _widths(known: Mapping[str, Any]) -> dict[str, Parameter]:
    """From half to double the filters, from half to four times the dense units."""
    found: dict[str, Parameter] = {}
    for name, width in known.items():
        half = max(1, width // 2) if name == _DENSE or name.startswith(f"{_FILTERS}_") else 0
        if half:
            found[name] = Whole(half, half * (8 if name == _DENSE else 4), half)
    return found


def _reaching(parameter: Parameter, value: Any) -> Parameter:
    """The same, wide enough for a value."""
    if isinstance(parameter, Choice):
        return parameter if value in parameter.values else Choice((*parameter.values, value))
    if isinstance(parameter, Whole):
        return parameter if (value - parameter.low) % parameter.step == 0 else Whole(1, parameter.high)
    if parameter.log and value <= 0:
        return parameter
    return Real(min(parameter.low, value), max(parameter.high, value), parameter.log)


def _nearest(parameter: Parameter, value: Any) -> Value:
    """The value, or what comes nearest to it among those that are allowed."""
    if isinstance(parameter, Choice):
        return next((one for one in parameter.values if one == value), parameter.values[0])
    if value is None:
        return parameter.low
    if isinstance(parameter, Whole):
        steps = round((value - parameter.low) / parameter.step)
        most = (parameter.high - parameter.low) // parameter.step
        return int(parameter.low + min(max(steps, 0), most) * parameter.step)
    return float(min(max(value, parameter.low), parameter.high))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            "The ranges {file} cannot be read: {why}. Mend them or leave them out.", file=file, why=error
        ) from error


def _check_name(name: str, known: Mapping[str, Any]) -> None:
    if name in known:
        return
    if name in _SHARED:
        raise UsageError(
            "{name} is the same in all trials. Leave it out of the ranges and give it as an option.",
            name=name,
        )
    near = difflib.get_close_matches(name, known, n=1) or sorted(known)
    raise UsageError(
        "There is nothing to search called {name}. Choose {known}.", name=name, known=", ".join(near)
    )


def _is_whole(name: str) -> bool:
    hint = get_type_hints(NetworkRecipe).get(name, int)
    return hint is int


def _parameter(name: str, told: object, whole: bool) -> Parameter:
    if isinstance(told, Mapping):
        return _range(name, told, whole)
    values = tuple(told) if isinstance(told, list) else (told,)
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise UsageError(
            "{name} is a value, a list of values, or a range such as {example}.",
            name=name,
            example="{ low = 1, high = 2 }",
        )
    return Choice(tuple(dict.fromkeys(values)))


def _range(name: str, told: Mapping[str, Any], whole: bool) -> Parameter:
    low, high, step, log = told.get("low"), told.get("high"), told.get("step", 1), told.get("log", False)
    kinds = (int,) if whole else (int, float)
    sound = all(type(one) in kinds and math.isfinite(one) for one in (low, high))  # type: ignore[arg-type]
    sound = sound and told.keys() <= _ENDS and type(step) is int and step > 0 and isinstance(log, bool)
    if not sound or not (low < high) or (log and low <= 0) or (whole and log):  # type: ignore[operator]
        raise UsageError(
            "The range of {name} cannot be meant. Write {example}; log needs a low end above 0.",
            name=name,
            example="{ low = 16, high = 64, step = 16 }"
            if whole
            else "{ low = 1e-4, high = 1e-2, log = true }",
        )
    if whole:
        return Whole(low, high - (high - low) % step, step)  # type: ignore[operator,arg-type]
    return Real(float(low), float(high), log)  # type: ignore[arg-type]


def _extremes(parameter: Parameter) -> tuple[Value, ...]:
    return parameter.values if isinstance(parameter, Choice) else (parameter.low, parameter.high)


def extremes_of(ranges: Ranges) -> tuple[NetworkRecipe, ...]:
    """Recipes with each choice and each end of a range in turn, to be refused before the first trial."""
    return tuple(
        applied(ranges.base, {**ranges.first, name: value})
        for name, one in ranges.space.items()
        for value in _extremes(one)
    )
