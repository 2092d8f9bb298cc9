"""English texts to the user's language, through gettext catalogues shipped in the package."""

from __future__ import annotations

import gettext
from pathlib import Path

from taxolens.core.texts import Say, plain

LANGUAGES = ("en", "fr")
_CATALOGUES = Path(__file__).parent / "locale"


def known_language(wanted: str | None) -> str:
    """The language of ours that suits a locale name ("fr_CA.UTF-8" -> "fr"); English where none does."""
    language = _language_of(wanted or "")
    return language if language in LANGUAGES else "en"


def is_known(wanted: str) -> bool:
    """Whether a locale name is one of a language of ours."""
    return _language_of(wanted) in LANGUAGES


def _language_of(locale: str) -> str:
    return locale.split(".")[0].split("_")[0].split("-")[0].lower()


def translator(language: str) -> Say:
    """How to say an English text in `language`; a text without a translation stays English."""
    if language == "en":
        return plain
    catalogue = gettext.translation("taxolens", _CATALOGUES, languages=[language], fallback=True)

    def say(text: str) -> str:
        # gettext answers the empty text with the catalogue's own header
        return catalogue.gettext(text) if text else text

    return say
