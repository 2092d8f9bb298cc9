"""What can be set about an operation: a name, a kind, a range and a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taxolens.core.errors import UsageError

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""
Value = int | float | str | bool | Colour
"""What a parameter can be set to."""
Values = Mapping[str, Any]
"""A `Value` for every parameter of an operation, by name."""

_TRUE = frozenset({"yes", "true", "on", "1"})
_FALSE = frozenset({"no", "false", "off", "0"})
_COLOUR = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


class Kind(StrEnum):
    """What a parameter holds."""

    INT = "int"
    FLOAT = "float"
    CHOICE = "choice"
    BOOL = "bool"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be set.

    Attributes:
        name: as it is written in a step.
        kind: what it holds.
        default: used where a step does not set it.
        low: smallest number allowed.
        high: largest number allowed.
        choices: the words allowed.
        help: one English phrase, marked for translation.
    """

    name: str
    kind: Kind
    default: Value
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    help: str = ""

    def read(self, value: object, operation: str) -> Value:
        """A value from a command line or a recipe, checked.

        Args:
            value: text, or what TOML and JSON make of a value.
            operation: who asks, for the error.

        Raises:
            UsageError: it is of another kind or out of range.
        """
        if self.kind is Kind.CHOICE:
            return self._choice(value, operation)
        if self.kind is Kind.BOOL:
            return self._bool(value, operation)
        if self.kind is Kind.COLOUR:
            return self._colour(value, operation)
        return self._number(value, operation)

    def written(self, value: Value) -> str:
        """The text that `read` understands as this value."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            return "#{:02x}{:02x}{:02x}".format(*value)
        return f"{value:.12g}" if isinstance(value, float) else str(value)

    def _number(self, value: object, operation: str) -> Value:
        try:
            number = float(value) if isinstance(value, (str, int, float)) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        whole = self.kind is Kind.INT
        fits = not isinstance(value, bool) and self.low <= number <= self.high and math.isfinite(number)
        if fits and not (whole and number != int(number)):
            return int(number) if whole else number
        fields = {"operation": operation, "parameter": self.name, "value": value}
        range_ = {"low": f"{self.low:g}", "high": f"{self.high:g}"}
        if whole:
            raise UsageError(
                "{operation}: {parameter} is a whole number from {low} to {high}, not {value}.",
                **fields,
                **range_,
            )
        raise UsageError(
            "{operation}: {parameter} is a number from {low} to {high}, not {value}.", **fields, **range_
        )

    def _choice(self, value: object, operation: str) -> Value:
        word = str(value).strip().lower()
        if word in self.choices:
            return word
        raise UsageError(
            "{operation}: {parameter} is one of {choices}, not {value}.",
            operation=operation,
            parameter=self.name,
            choices=", ".join(self.choices),
            value=value,
        )

    def _bool(self, value: object, operation: str) -> Value:
        word = str(value).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise UsageError(
            "{operation}: {parameter} is yes or no, not {value}.",
            operation=operation,
            parameter=self.name,
            value=value,
        )

    def _colour(self, value: object, operation: str) -> Value:
        if isinstance(value, (tuple, list)) and len(value) == 3:
            value = "".join(f"{part:02x}" if isinstance(part, int) else "?" for part in value)
        found = _COLOUR.fullmatch(str(value).strip())
        if found:
            red, green, blue = (int(part, 16) for part in found.groups())
            return red, green, blue
        raise UsageError(
            "{operation}: {parameter} is a colour such as #72a03c, not {value}.",
            operation=operation,
            parameter=self.name,
            value=value,
        )


def whole(name: str, default: int, low: int, high: int, help: str) -> Parameter:
    """A whole number from `low` to `high`."""
    return Parameter(name, Kind.INT, default, low, high, help=help)


def number(name: str, default: float, low: float, high: float, help: str) -> Parameter:
    """A number from `low` to `high`."""
    return Parameter(name, Kind.FLOAT, default, low, high, help=help)


def choice(name: str, default: str, choices: tuple[str, ...], help: str) -> Parameter:
    """One of some words."""
    return Parameter(name, Kind.CHOICE, default, choices=choices, help=help)


def yes_no(name: str, default: bool, help: str) -> Parameter:
    """Yes or no."""
    return Parameter(name, Kind.BOOL, default, help=help)


def colour(name: str, default: Colour, help: str) -> Parameter:
    """A colour, written #rrggbb."""
    return Parameter(name, Kind.COLOUR, default, help=help)
