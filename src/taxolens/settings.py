"""The environment, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from taxolens.languages.translate import known_language


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for.

    Attributes:
        home: where caches, remembered backbones and downloaded files lie (`TAXOLENS_HOME`).
        language: "en" or "fr" (`TAXOLENS_LANG`, else the system's).
    """

    home: Path
    language: str


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the environment."""
    env = os.environ if environ is None else environ
    home = env.get("TAXOLENS_HOME")
    wanted = env.get("TAXOLENS_LANG") or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG")
    return Settings(
        home=Path(home).expanduser() if home else Path.home() / ".taxolens",
        language=known_language(wanted),
    )
