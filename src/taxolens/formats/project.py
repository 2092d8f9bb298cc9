"""What the user says of a project: a JSON file in the words of Camtrap DP's `datapackage.json`.

    {"title": "Foxes of the eastern woods",
     "contributors": [{"title": "Ada Example", "email": "ada@example.org", "role": "contact"}],
     "project": {"title": "Eastern woods", "samplingDesign": "systematicRandom",
                 "captureMethod": ["activityDetection"], "individualAnimals": false},
     "licenses": [{"name": "CC0-1.0", "scope": "data"}, {"name": "CC-BY-4.0", "scope": "media"}]}

Everything in it may be left out, and everything else that Camtrap DP knows may be in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from taxolens.core.errors import DataError

_DESIGNS = (
    "simpleRandom",
    "systematicRandom",
    "clusteredRandom",
    "experimental",
    "targeted",
    "opportunistic",
)
_METHODS = ("activityDetection", "timeLapse")
_ROLES = ("contact", "principalInvestigator", "rightsHolder", "publisher", "contributor")
_SCOPES = ("data", "media")


def read_project(path: Path) -> Mapping[str, object]:
    """Reads the file.

    Raises:
        DataError: it cannot be read, or Camtrap DP does not take what it says.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "What {path} says of the project cannot be read: {why}. Write it as JSON.", path=path, why=error
        ) from error
    if not isinstance(told, dict):
        raise DataError("{path} must hold a JSON object that says of the project what you know.", path=path)
    for name, (allowed, good) in _CHECKS.items():
        value = _at(told, name)
        if value is not None and not good(value):
            raise DataError(
                "Camtrap DP does not take what {path} says as {name}. It takes: {allowed}.",
                path=path,
                name=name,
                allowed=allowed,
            )
    return MappingProxyType(told)


def _at(told: dict[str, Any], name: str) -> Any:
    value: Any = told
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_people(value: Any) -> bool:
    return _is_list(value) and all(
        isinstance(one.get("title"), str) and one.get("role", _ROLES[0]) in _ROLES for one in value
    )


def _are_licences(value: Any) -> bool:
    return _is_list(value) and {one.get("scope") for one in value} == set(_SCOPES)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


_CHECKS: Mapping[str, tuple[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "title": ('"..."', lambda value: isinstance(value, str)),
        "project": ("{...}", lambda value: isinstance(value, dict)),
        "project.title": ('"..."', lambda value: isinstance(value, str)),
        "project.samplingDesign": (", ".join(_DESIGNS), lambda value: value in _DESIGNS),
        "project.captureMethod": (
            f"[{', '.join(_METHODS)}]",
            lambda value: isinstance(value, list) and bool(value) and all(one in _METHODS for one in value),
        ),
        "project.individualAnimals": ("true, false", lambda value: isinstance(value, bool)),
        "contributors": (f'[{{"title": "...", "role": {"|".join(_ROLES)}}}]', _is_people),
        "licenses": ('[{"name": "...", "scope": "data"}, {"name": "...", "scope": "media"}]', _are_licences),
    }
)
