from __future__ import annotations

import pytest

from taxolens.core.printable import printable


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u202a", "\u202e", "\u2069"])
def test_what_could_command_a_terminal_becomes_a_question_mark(character: str) -> None:
    assert printable(f"a{character}b.jpg") == "a?b.jpg"


@pytest.mark.parametrize("text", ["forêt/é.jpg", "森/鹿.jpg", "👩\u200d🌾.jpg", "نمر.jpg"])
def test_words_of_any_language_stay(text: str) -> None:
    assert printable(text) == text
