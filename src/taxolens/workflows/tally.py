"""What became of photos, counted while their results pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from taxolens.core.records import UNSURE, Failure, Status
from taxolens.formats.result import Result

_FAILURES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of photos: found = answered + blank + failed.

    Attributes:
        found: photos found.
        answered: photos with an answer, "unsure" among them.
        blank: photos whose best class means that nothing is there, or in which a detector found nothing.
        unsure: photos whose answer is below the threshold; that of the surest box, where there are boxes.
        failed: photos that could not be read.
        corrected: photos of which a person says what is there.
        failures: the first 1,000 photos that could not be read; the table lists all.
    """

    found: int
    answered: int
    blank: int
    unsure: int
    failed: int
    corrected: int
    failures: tuple[Failure, ...]


class Tally:
    """Counts results as they pass."""

    def __init__(self) -> None:
        self._statuses: Counter[Status] = Counter()
        self._unsure = self._corrected = 0
        self._failures: list[Failure] = []
        self._photo: str | None = None

    def counting(self, rows: Iterable[Result]) -> Iterator[Result]:
        """Yields the results and counts their photos; those of one photo follow each other."""
        for row in rows:
            said = row.prediction
            if said.name == self._photo:
                yield row
                continue
            self._photo = said.name
            self._statuses[said.status] += 1
            self._unsure += said.status is Status.OK and said.label == UNSURE != said.top1
            self._corrected += row.corrected_by is not None
            if said.failure and len(self._failures) < _FAILURES_KEPT:
                self._failures.append(said.failure)
            yield row

    def counts(self) -> Counts:
        """The counts."""
        return Counts(
            found=self._statuses.total(),
            answered=self._statuses[Status.OK],
            blank=self._statuses[Status.BLANK],
            unsure=self._unsure,
            failed=self._statuses[Status.FAILED],
            corrected=self._corrected,
            failures=tuple(self._failures),
        )
