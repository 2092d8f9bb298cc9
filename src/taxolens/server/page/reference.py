"""The OpenAPI document for people: every door, what it takes and what it answers, without a script from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Term:
    """A word and what it means: a parameter, a field, or a status."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Door:
    """One method at one path.

    Attributes:
        anchor: what a link to it ends in.
        parameters: of path and query; those that must be given are marked.
        bodies: media types that it takes.
        statuses: of answers.
        fields: of the answer, where it is JSON.
        example: of the answer.
        required: words of the parameters that must be given.
    """

    anchor: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Term, ...]
    required: frozenset[str]
    bodies: tuple[str, ...]
    statuses: tuple[Term, ...]
    fields: tuple[Term, ...]
    example: str


def doors_told(document: Mapping[str, Any]) -> tuple[Door, ...]:
    """The doors of an OpenAPI 3.1 document, in its order."""
    schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    return tuple(
        _door(number, method, path, told, schemas)
        for number, (method, path, told) in enumerate(_operations(document))
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield method.upper(), path, told


def _door(number: int, method: str, path: str, told: Mapping[str, Any], schemas: Mapping[str, Any]) -> Door:
    schema = _resolved(_answer_schema(told), schemas)
    parameters = told.get("parameters", ())
    examples = schema.get("examples", ())
    return Door(
        anchor=f"door-{number}",
        method=method,
        path=path,
        summary=told.get("summary", ""),
        text=told.get("description", ""),
        parameters=tuple(Term(one["name"], one.get("description", "")) for one in parameters),
        required=frozenset(one["name"] for one in parameters if one.get("required")),
        bodies=tuple(told.get("requestBody", {}).get("content", {})),
        statuses=tuple(Term(status, one.get("description", "")) for status, one in told["responses"].items()),
        fields=_fields(schema),
        example=json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else "",
    )


def _answer_schema(told: Mapping[str, Any]) -> Mapping[str, Any]:
    content = told["responses"].get("200", {}).get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = schemas.get(name, schema)
    return found


def _fields(schema: Mapping[str, Any]) -> tuple[Term, ...]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    return tuple(Term(name, one.get("description", "")) for name, one in properties.items())
