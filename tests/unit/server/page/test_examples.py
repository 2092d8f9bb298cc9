from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.texts import plain
from taxolens.demo.examples import drawn_examples
from taxolens.server.page.examples import MOST, Example, Examples, examples_in
from tests.unit.inference.colour_model import write_photo


def test_the_photos_of_a_folder_are_found_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        write_photo(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:50])
    (tmp_path / "folder").mkdir()
    assert examples_in(tmp_path).names == ("a.png", "b.png")


def test_a_folder_of_thousands_offers_a_few(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        write_photo(tmp_path / f"{number:02}.png")
    assert len(examples_in(tmp_path).names) == MOST


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_without_photos_is_told_at_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="folder of examples"):
        examples_in(tmp_path / name)


def test_a_photo_is_read_when_somebody_looks_and_only_once() -> None:
    read = []
    examples = Examples((Example("a", lambda: read.append(1) or b"bytes"),))
    assert not read
    for _ in range(2):
        assert asyncio.run(examples.photo(0)) == b"bytes"
    assert len(read) == 1
    for number in (1, -1):
        with pytest.raises(IndexError):
            asyncio.run(examples.photo(number))


def test_drawings_are_said_to_be_drawings_and_mean_little_to_other_models() -> None:
    drawn = Examples((), drawn=frozenset({"folsomia_candida"}))
    assert "drawings" in drawn.note(["folsomia_candida", "other"], plain)
    assert "learnt other things" in drawn.note(["dog"], plain)
    assert Examples().note(["dog"], plain) == ""


def test_drawn_examples_are_photos_of_springtails() -> None:
    examples = drawn_examples()
    assert len(asyncio.run(examples.small(0))) > 500
    assert "folsomia_candida" in examples.drawn
