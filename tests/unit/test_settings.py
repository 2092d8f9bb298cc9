from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.settings import read_settings


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"TAXOLENS_LANG": "fr", "LANG": "en_GB.UTF-8"}, "fr"),
        ({"LC_ALL": "fr_FR.UTF-8", "LANG": "en_GB.UTF-8"}, "fr"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_ours_then_the_systems(environ: dict[str, str], language: str) -> None:
    assert read_settings(environ).language == language


def test_home_is_where_the_user_says(tmp_path: Path) -> None:
    assert read_settings({"TAXOLENS_HOME": str(tmp_path)}).home == tmp_path
    assert read_settings({}).home == Path.home() / ".taxolens"
