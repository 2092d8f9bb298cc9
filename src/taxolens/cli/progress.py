"""Progress on a terminal: a bar with rate and time left; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from taxolens.cli.words import bars, language, say
from taxolens.core.printable import printable
from taxolens.report.wording import Wording

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 15.0


class RateColumn(ProgressColumn):
    """Pieces per second."""

    def render(self, task: Task) -> Text:
        """Shows the rate once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="cyan")


class TerminalProgress:
    """A bar on a terminal, a line now and then in a log file, silence when asked.

    Args:
        quiet: say nothing at all.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)

    def track(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items and shows how far the work is, and how long it will still take."""
        if self._quiet:
            yield from items
        elif self._console.is_terminal:
            yield from self._bar(items, what, total)
        else:
            yield from self._lines(items, what, total)

    def note(self, text: str) -> None:
        """Says one line."""
        if not self._quiet:
            self._console.print(printable(text), markup=False, soft_wrap=True)

    def _bar(self, items: Iterable[Item], what: str, total: int | None) -> Iterator[Item]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}" if total else "{task.completed:,.0f}"),
            RateColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            bars.append(progress.stop)
            task = progress.add_task(printable(what), total=total)
            for item in items:
                yield item
                progress.advance(task)
        bars.clear()

    def _lines(self, items: Iterable[Item], what: str, total: int | None) -> Iterator[Item]:
        began = told = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if now - told > _SECONDS_BETWEEN_LINES:
                told = now
                self.note(_line(what, done, total, now - began))


def _line(what: str, done: int, total: int | None, seconds: float) -> str:
    wording, rate = Wording(say, language), done / seconds
    told = {"what": what, "done": wording.count(done), "rate": wording.decimal(rate, 1)}
    if not total:
        return say("{what}: {done} so far, {rate} a second").format(**told)
    left = _duration((total - done) / rate)
    return say("{what}: {done} of {total}, {rate} a second, {left} left").format(
        **told, total=wording.count(total), left=left
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d}:{minutes:02d}:{rest:02d}"


def progress_for(quiet: bool) -> TerminalProgress:
    """The progress of a command."""
    return TerminalProgress(quiet=quiet or not sys.stderr)
