"""Help pages: examples that are right, in the user's language."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from taxolens.cli.help_page import examples
from taxolens.cli.main import COMMANDS, app

CALL = "from taxolens.cli.main import main; main()"
MARGIN = "  "


def loaded(name: str) -> Any:
    return typer.main.get_command(importlib.import_module(COMMANDS[name].module).app)


def commands() -> Iterator[tuple[str, Any]]:
    """All commands and groups with the words that call them."""
    yield "taxolens", typer.main.get_command(app)
    for name in COMMANDS:
        command = loaded(name)
        yield f"taxolens {name}", command
        for below, inner in getattr(command, "commands", {}).items():
            yield f"taxolens {name} {below}", inner


def examples_of(command: Any) -> list[str]:
    return [line.strip() for line in command.epilog.splitlines() if line.startswith(MARGIN)]


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=lambda value: str(value)[:40])
def test_every_command_gives_two_examples_that_can_be_typed(words: str, command: Any) -> None:
    shown = examples_of(command)
    assert len(shown) >= 2
    for line in shown:
        program, *typed = shlex.split(line)
        assert program == "taxolens"
        if typed[0] == "--lang":
            del typed[:2]
        called = loaded(typed.pop(0))
        if inner := getattr(called, "commands", None):
            called = inner[typed.pop(0)]
        called.make_context("taxolens", typed)  # refuses what cannot be typed
    assert any(line.startswith(words) for line in shown)


def test_an_example_stays_one_line_and_a_note_stands_apart() -> None:
    end = examples("taxolens " + "very " * 50 + "long", note="A note.")
    assert len(end.splitlines()) == 4
    assert end.endswith("\n\nA note.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "french", "english"),
    [
        (
            ["--help"],
            ["Utilisation\u00a0:", "Commandes", "Afficher ce message"],
            ["Usage:", "Commands", "Show "],
        ),
        (
            ["train", "-h"],
            ["Exemples\u00a0:", "[obligatoire]", "DATA"],
            ["Examples", "[required]", "Options:"],
        ),
        (["demo", "--help"], ["par défaut", "Exemples\u00a0:\n   taxolens demo\n"], ["[default"]),
    ],
)
def test_help_speaks_french(arguments: list[str], french: list[str], english: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, "--lang", "fr", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )
    assert all(words in done.stdout for words in french), done.stdout
    assert not any(words in done.stdout for words in english), done.stdout
