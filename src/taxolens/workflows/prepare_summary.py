"""What a preparation left, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxolens.core.texts import Say
from taxolens.data.columns import PARTS
from taxolens.workflows.prepare_folder import FAILURES, RECIPE

_CLASSES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class PrepareSummary:
    """What a preparation left.

    Attributes:
        photos: those of the source that were written (or named).
        copies: those made from them.
        failed: photos that could not be prepared.
        counts: photos with their copies, or boxes, per class and part (or fold).
        notes: what a reader should know, in the user's language.
        complete: the tables are written; False after a shard that is not the last.
    """

    out: Path
    photos: int
    copies: int
    failed: int
    counts: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]
    seconds: float
    complete: bool = True

    @classmethod
    def of_shard(cls, out: Path, notes: tuple[str, ...], seconds: float) -> PrepareSummary:
        """After a shard that leaves work to others."""
        return cls(out, 0, 0, 0, {}, notes, seconds, complete=False)

    def lines(self, say: Say) -> Iterator[str]:
        """For the terminal."""
        yield from self.notes
        if not self.complete:
            return
        yield from self._table(say)
        yield say("{photos} photos, {copies} copies, {failed} failed, in {seconds:.1f} s.").format(
            photos=self.photos, copies=self.copies, failed=self.failed, seconds=self.seconds
        )
        if self.failed:
            yield say("What failed, and why: {file}").format(file=self.out / FAILURES)
        yield say("Ready: {out}. The same again elsewhere: taxolens prepare DATA --recipe {recipe}").format(
            out=self.out, recipe=self.out / RECIPE
        )

    def _table(self, say: Say) -> Iterator[str]:
        places = _ordered({place for row in self.counts.values() for place in row})
        shown = list(self.counts.items())[:_CLASSES_SHOWN]
        width = max([len(label) for label, _ in shown] + [len(say("all classes"))])
        yield f"{'':{width}}  " + "".join(f"{place:>10}" for place in places)
        for label, row in shown:
            yield f"{label:{width}}  " + "".join(f"{row.get(place, 0):>10}" for place in places)
        if len(self.counts) > len(shown):
            yield say("... and {more} more classes").format(more=len(self.counts) - len(shown))
        sums = [sum(row.get(place, 0) for row in self.counts.values()) for place in places]
        yield f"{say('all classes'):{width}}  " + "".join(f"{total:>10}" for total in sums)


def summary_of(
    out: Path, result: Mapping[str, Any], seconds: float, notes: tuple[str, ...] = ()
) -> PrepareSummary:
    """What the recipe in a complete folder says came of it."""
    return PrepareSummary(
        out=out,
        photos=int(result.get("photos", 0)),
        copies=int(result.get("copies", 0)),
        failed=int(result.get("failed", 0)),
        counts=result.get("counts", {}),
        notes=notes,
        seconds=seconds,
    )


def _ordered(places: set[str]) -> list[str]:
    parts = [part.value for part in PARTS if part.value in places]
    return parts + sorted(places - set(parts), key=lambda place: (len(place), place))
