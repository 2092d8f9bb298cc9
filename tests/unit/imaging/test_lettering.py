from __future__ import annotations

import pytest

from taxolens.imaging import lettering
from taxolens.imaging.lettering import drawable


def test_letters_that_the_font_lacks_are_written_plainer() -> None:
    assert drawable("Fox, 93 %") == "Fox, 93 %"
    assert drawable("Écureuil") in ("Écureuil", "Ecureuil")
    assert drawable("\U0001f98a") == "?"


def test_accents_need_no_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (lettering.font_of, lettering._font_file, lettering._has_glyph)
    for known in caches:
        known.cache_clear()
    monkeypatch.setattr(lettering, "_FONTS", ())
    assert drawable("Écureuil, jeleń 狼") == "Ecureuil, jelen ?"
    for known in caches:
        known.cache_clear()
