"""Who may ask: keys in a file, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError

LEAST_LENGTH = 16
_NAMED = re.compile(r"(?P<name>[\w.@-]+)\s*:\s*(?P<key>\S+)", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Keys:
    """SHA-256 of each key, and who it belongs to.

    A key is random and long, so a plain hash is enough: there is nothing to guess.
    """

    owners: Mapping[bytes, str]

    def owner(self, key: str) -> str | None:
        """Whose key this is; None: nobody's. Takes as long for a wrong key as for a right one."""
        asked = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = None
        for known, name in self.owners.items():
            if hmac.compare_digest(known, asked):
                found = name
        return found


def read_keys(path: Path) -> Keys:
    """Reads a file with one key a line, or `name: key`; empty lines and those that begin with # count for nothing.

    Raises:
        UsageError: the file cannot be read, holds no key, the same twice, or one that is too short.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(
            "The keys in {file} cannot be read. Give a text file with one key a line.", file=path
        ) from error
    owners: dict[bytes, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, key = _parted(text, number, path)
        digest = hashlib.sha256(key.encode()).digest()
        if digest in owners:
            raise UsageError("Line {line} of {file} repeats a key. Remove it.", line=number, file=path)
        owners[digest] = name
    if not owners:
        raise UsageError("{file} holds no key. Write one a line.", file=path)
    return Keys(owners)


def _parted(text: str, number: int, path: Path) -> tuple[str, str]:
    """The owner and the key of a line."""
    named = _NAMED.fullmatch(text)
    name, key = (named["name"], named["key"]) if named else (f"key {number}", text)
    if len(key) < LEAST_LENGTH or not _KEY.fullmatch(key):
        raise UsageError(
            "Line {line} of {file} is no key: it takes {least} letters, digits or signs or more, without spaces. "
            "Make one with: openssl rand -hex 24",
            line=number,
            file=path,
            least=LEAST_LENGTH,
        )
    return name, key
