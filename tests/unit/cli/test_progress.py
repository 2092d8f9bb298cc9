"""What is said while work goes on; names out of files must not command the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from taxolens.cli.progress import TerminalProgress
from taxolens.cli.table import shown
from taxolens.cli.words import last_words, tell

EVIL = "ly\x1b[2Jnx\u202e[red]"
HARMLESS = "ly?[2Jnx?[red]"


def on_screen(*, terminal: bool) -> tuple[TerminalProgress, io.StringIO]:
    progress, screen = TerminalProgress(), io.StringIO()
    progress._console = Console(file=screen, force_terminal=terminal, width=200, color_system=None)
    return progress, screen


def test_a_note_is_said_as_it_is_but_for_what_commands_the_terminal() -> None:
    progress, screen = on_screen(terminal=False)
    progress.note(EVIL)
    assert screen.getvalue() == HARMLESS + "\n"


def test_the_name_beside_a_bar_is_text_too() -> None:
    progress, screen = on_screen(terminal=True)
    assert list(progress.track(range(3), what=EVIL, total=3)) == [0, 1, 2]
    assert HARMLESS in screen.getvalue() and "\x1b[2J" not in screen.getvalue()


def test_lines_and_cells_are_filtered(capsys: pytest.CaptureFixture[str]) -> None:
    tell([EVIL])
    tell([EVIL], err=True)
    assert capsys.readouterr() == (HARMLESS + "\n", HARMLESS + "\n")
    assert shown(f"{EVIL}\nsecond line") == f"{HARMLESS}\nsecond line"


def test_what_ends_a_command_is_told_below_the_bar_that_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    progress, screen = on_screen(terminal=True)
    work = progress.track(range(3), what="Writing", total=3)
    next(work)
    assert not screen.getvalue().endswith("\n")
    last_words(["The disk is full."])
    assert screen.getvalue().endswith("\n\x1b[?25h")
    ended = screen.getvalue()
    work.close()  # type: ignore[attr-defined]
    assert screen.getvalue() == ended and capsys.readouterr().err == "The disk is full.\n"
