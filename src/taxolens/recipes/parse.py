"""Text to recipe: a TOML or JSON file, options of a command, or both, in one checked step."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from taxolens.core.errors import UsageError
from taxolens.core.texts import noted

Recipe = TypeVar("Recipe")

_WHOLE = noted("{where}: {given} is not a whole number.")
_NUMBER = noted("{where}: {given} is not a number.")
_TRUTH = noted("{where}: {given} is neither true nor false.")
_LIST = noted("{where} wants a list, not {given}.")
_TABLE = noted("{where} wants a table of fields, not {given}.")
_TEMPLATES = {
    "missing": noted("{where} is missing."),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), _TRUTH),
    "string_type": noted("{where}: {given} is not a text."),
    "path_type": noted("{where}: {given} is not a path."),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "dataclass_type"), _TABLE),
    "too_long": noted("{where}: {actual_length} values are too many, {max_length} are wanted."),
    "greater_than": noted("{where}: {given} is too small, it must be above {gt}."),
    "greater_than_equal": noted("{where}: {given} is too small, the least is {ge}."),
    "less_than": noted("{where}: {given} is too large, it must be below {lt}."),
    "less_than_equal": noted("{where}: {given} is too large, the most is {le}."),
}
"""What is said of the faults that values of a recipe can have, by pydantic's name of the fault."""


def parse_recipe(kind: type[Recipe], options: Mapping[str, Any], file: Path | None = None) -> Recipe:
    """Builds a recipe from what was given; everything else keeps the recipe's own default.

    Args:
        kind: the recipe's class.
        options: dotted field names to values; they win over the file. A value of None was not given.
        file: a TOML or JSON file with the same fields, tables for nested ones.

    Raises:
        UsageError: a field that does not exist, is missing or cannot be meant.
    """
    values = _read(file) if file else {}
    for name, value in options.items():
        if value is not None:
            _place(values, name, value)
    _check_names(kind, values, "")
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"])
        raise refusal(where or kind.__name__, error) from error


def refusal(where: str, error: ValidationError) -> UsageError:
    """The first thing that is wrong, in a sentence of ours where it is a usual one.

    Args:
        where: the option or the table that the value is for.
    """
    return fault_told(where, error.errors(include_url=False)[0])


def fault_told(where: str, first: Mapping[str, Any]) -> UsageError:
    """One fault in a sentence of ours where it is a usual one.

    Args:
        first: as pydantic tells it.
    """
    given, why, limits = first["input"], first["type"], first.get("ctx", {})
    if why in ("enum", "literal_error"):
        known = limits["expected"].replace("'", "").replace(" or ", ", ")
        return UsageError(
            "{where}: choose one of {known}, not {given}.", where=where, known=known, given=given
        )
    if template := _TEMPLATES.get(why):
        return UsageError(template, where=where, given=given, **limits)
    return UsageError("{where}: {why}.", where=where, why=first["msg"].rstrip("."))


def recipe_document(recipe: Any) -> dict[str, Any]:
    """A recipe as plain JSON values, which `parse_recipe` reads back."""
    return {field.name: _plain(getattr(recipe, field.name)) for field in dataclasses.fields(recipe)}


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        values = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise UsageError("{path} is not there. Check the path.", path=file) from error
    # Text that is nested too deeply exhausts the parsers' stack.
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            "The recipe {file} cannot be read: {why}. Mend it or leave it out.", file=file, why=error
        ) from error
    if not isinstance(values, dict):
        raise UsageError("The recipe {file} holds no table of fields. See the documentation.", file=file)
    return values


def _check_names(kind: type[Any], values: Mapping[str, Any], table: str) -> None:
    """A misspelt field must not silently keep its default."""
    fields = get_type_hints(kind)
    for name, value in values.items():
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1) or sorted(fields)
            raise UsageError(
                "There is no field {field}. Choose {known}.", field=table + name, known=", ".join(near)
            )
        if dataclasses.is_dataclass(fields[name]) and isinstance(value, Mapping):
            _check_names(fields[name], value, f"{table}{name}.")


def _place(values: dict[str, Any], name: str, value: Any) -> None:
    *tables, field = name.split(".")
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise UsageError("{field} of the recipe must be a table.", field=table)
        values = inner
    values[field] = value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return recipe_document(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
