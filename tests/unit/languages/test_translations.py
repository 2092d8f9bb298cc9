from __future__ import annotations

import re
import string

import pytest

from taxolens.languages.translate import LANGUAGES, known_language, translator
from tools.messages import read_catalogue, texts_in_code

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def fields(text: str) -> set[str]:
    """The named fields of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_in_the_code_is_translated(language: str) -> None:
    known = {message.id for message in read_catalogue(language) if message.string}
    missing = [message.id for message in texts_in_code() if message.id and message.id not in known]
    assert not missing, f"run python -m tools.messages and translate {len(missing)} texts"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_fields_of_its_original(language: str) -> None:
    for message in read_catalogue(language):
        if message.id and message.string:
            assert fields(message.string) == fields(message.id), message.id


def test_french_signs_never_begin_a_line() -> None:
    loose = re.compile(r"(?<=\S) [:;!?»%](?!\w)|« ")
    texts = [str(message.string) for message in read_catalogue("fr") if message.id]
    assert [text for text in texts if loose.search(text)] == []


def test_the_package_speaks_french() -> None:
    say = translator("fr")
    assert say("Model file") == "Fichier du modèle"
    assert say("") == "" and say("a text that nobody wrote") == "a text that nobody wrote"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr_CA.UTF-8", "fr"), ("fr", "fr"), ("C.UTF-8", "en"), ("de_DE", "en"), ("", "en"), (None, "en")],
)
def test_a_locale_name_leads_to_a_language_of_ours(wanted: str | None, language: str) -> None:
    assert known_language(wanted) == language
