"""Libraries that only some formats need, loaded when one of them is asked for."""

from __future__ import annotations

import importlib
from types import ModuleType

from taxolens.core.errors import MissingExtra


def tables_library(module: str, format_name: str) -> ModuleType:
    """A library of the extra `tables`.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            "{format} is written with the extra part tables: pip install 'taxolens[tables]'",
            format=format_name,
        ) from error
