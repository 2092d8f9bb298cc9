"""Plain values as TOML, which the standard library reads and does not write.

Source: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, Any]) -> str:
    """A document of plain values (text, numbers, truth values, lists, mappings) as TOML.

    What is None is left out, for TOML has no word for it.

    Raises:
        TypeError: a value is none of these.
    """
    return "\n".join(_table(document, ())).strip() + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Values first: what stands below the name of a table belongs to that table."""
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lists = {key: value for key, value in table.items() if key not in tables and _is_tables(value)}
    for key, value in table.items():
        if value is not None and key not in tables and key not in lists:
            yield f"{_key(key)} = {_value(value)}"
    for key, inner in tables.items():
        yield from _headed(inner, (*path, key), "[{}]")
    for key, rows in lists.items():
        for row in rows:
            yield from _headed(row, (*path, key), "[[{}]]")


def _headed(table: Mapping[str, Any], path: tuple[str, ...], brackets: str) -> Iterator[str]:
    yield ""
    yield brackets.format(".".join(map(_key, path)))
    yield from _table(table, path)


def _is_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    """JSON's way of writing text is TOML's, but for the sign 127 and half signs."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return f"{{{inner}}}"
    raise TypeError(f"TOML has no word for {type(value).__name__}")
