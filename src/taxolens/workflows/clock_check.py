"""Photos whose clock was reset, noticed while results pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.formats.moment import clock_was_reset
from taxolens.formats.result import Result


class ClockCheck:
    """Notices which photos say that they were taken before there were such cameras."""

    def __init__(self) -> None:
        self._count = 0
        self._example = self._last = ""

    def watching(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yields the results."""
        for result in results:
            name = result.prediction.name
            if result.taken is not None and clock_was_reset(result.taken) and name != self._last:
                self._count += 1
                self._example = self._example or name
            self._last = name
            yield result

    def tell(self, progress: Progress, say: Say) -> None:
        """Says what was noticed."""
        if self._count:
            progress.note(
                say(
                    "Photos of a camera whose clock was reset: {count}, such as {name}. "
                    "Say what it showed with taxolens derive --clock."
                ).format(count=self._count, name=self._example)
            )
