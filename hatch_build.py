"""Build hook: compiles the translations, so that a wheel carries them and a bare Python is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TranslationsHook(BuildHookInterface):
    """Writes a .mo beside every .po of the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles before the files of the build are collected."""
        del version, build_data
        for source in sorted(
            Path(self.root, "src", "taxolens", "languages").glob("locale/*/LC_MESSAGES/*.po")
        ):
            with source.open("rb") as po:
                catalogue = read_po(po, abort_invalid=True)
            with source.with_suffix(".mo").open("wb") as mo:
                write_mo(mo, catalogue)
