"""Options of `taxolens serve`, and what it tells."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import typer

from taxolens.cli import serve as command
from taxolens.compose.server import Listening
from taxolens.recipes.serve import LogForm, LogLevel, ServeRecipe

_BROKEN_OFF = 7


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ServeRecipe]:
    """The recipes of what was typed; nothing is served."""
    recipes: list[ServeRecipe] = []

    def serve(recipe: ServeRecipe, *, ready: Any, **others: Any) -> bool:
        recipes.append(recipe)
        ready(Listening("http://127.0.0.1:9", ("beetles",), open_to_all=True))
        return recipe.port != _BROKEN_OFF

    monkeypatch.setattr(command, "serve", serve)
    return recipes


def _typed(*words: str) -> None:
    typer.main.get_command(command.app).main(list(words), standalone_mode=False)


def test_every_option_fills_its_field(asked: list[ServeRecipe], tmp_path: Path) -> None:
    words = (
        "beetles=b.onnx m.onnx --host 0.0.0.0 --port 9 --api-key-file k --cors https://a.example --cors https://b.example "
        "--alias champion=beetles --detector d.onnx --tile 640 --watch 5 --examples e --workers 2 --max-queue 3 "
        "--seconds 4 --max-megabytes 5 --max-megapixels 6 --max-photos 7 --max-connections 8 --log json --log-level debug"
    )
    _typed(*words.split())
    (recipe,) = asked
    usual = ServeRecipe(("x",))
    left = {
        one.name
        for one in dataclasses.fields(recipe)
        if getattr(recipe, one.name) == getattr(usual, one.name)
    }
    assert left == {"export_triton"}
    assert recipe.models == ("beetles=b.onnx", "m.onnx")
    assert recipe.cors == ("https://a.example", "https://b.example")
    assert (recipe.log, recipe.log_level) == (LogForm.JSON, LogLevel.DEBUG)


def test_it_tells_where_it_is(asked: list[ServeRecipe], capsys: pytest.CaptureFixture[str]) -> None:
    _typed("m.onnx")
    told = capsys.readouterr().out
    assert "http://127.0.0.1:9/" in told
    assert "beetles" in told
    assert "--api-key-file" in told


def test_quiet_servers_tell_nothing_but_errors(
    asked: list[ServeRecipe], capsys: pytest.CaptureFixture[str]
) -> None:
    _typed("m.onnx", "--quiet")
    assert capsys.readouterr().out == ""
    assert asked[0].log_level is LogLevel.ERROR


def test_ends_that_answered_nobody_have_an_exit_code_of_their_own(
    asked: list[ServeRecipe], capsys: pytest.CaptureFixture[str]
) -> None:
    command_line = typer.main.get_command(command.app)
    assert command_line.main(["m.onnx", "--port", str(_BROKEN_OFF)], standalone_mode=False) == 130
    assert "got none" in capsys.readouterr().err
    assert command_line.main(["m.onnx"], standalone_mode=False) in (None, 0)
