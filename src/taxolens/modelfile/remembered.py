"""Backbones that a user gave a name to."""

from __future__ import annotations

import re
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.modelfile.catalogue import catalogue

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = frozenset({"auto", "taxolens-tiny"})


def remembered_path(name: str, home: Path) -> Path:
    """Where the backbone of that name lies or would lie."""
    return _folder(home) / f"{name}.onnx"


def is_remembered(name: str, home: Path) -> bool:
    """Whether a backbone has that name."""
    return _NAME.fullmatch(name) is not None and remembered_path(name, home).is_file()


def remembered_names(home: Path) -> tuple[str, ...]:
    """All names that were given, sorted."""
    return tuple(sorted(file.stem for file in _folder(home).glob("*.onnx") if _NAME.fullmatch(file.stem)))


def check_name(name: str) -> None:
    """Checks that a name can be given.

    Raises:
        UsageError: it could be taken for something else, or is no file name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "{name} cannot be the name of a backbone. Use letters, digits, dots, dashes and underscores.",
            name=name,
        )
    if name in _RESERVED or name in catalogue() or name.endswith(".onnx"):
        raise UsageError("The name {name} is taken by Taxolens itself. Choose another.", name=name)


def _folder(home: Path) -> Path:
    return home / "backbones" / "remembered"
