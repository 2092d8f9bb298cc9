"""What a preparation left, for the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxolens.data.columns import PARTS
from taxolens.formats.manifest import PHOTOS
from taxolens.report.wording import Wording, shortened
from taxolens.workflows.prepare_folder import FAILURES, RECIPE

_CLASSES_SHOWN = 30
_LABEL_LENGTH = 40


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

    def lines(self, wording: Wording) -> Iterator[str]:
        """For the terminal."""
        yield from self.notes
        if not self.complete:
            return
        say = wording.say
        yield from self._table(wording)
        yield say("Photos: {photos}, copies: {copies}, failed: {failed}, in {time}.").format(
            photos=wording.count(self.photos),
            copies=wording.count(self.copies),
            failed=wording.count(self.failed),
            time=wording.duration(self.seconds),
        )
        if self.failed:
            yield say("What failed, and why: {file}").format(file=self.out / FAILURES)
        yield say("Ready: {out}").format(out=self.out)
        yield from self._training(wording)
        yield say("The same again elsewhere: taxolens prepare DATA --recipe {recipe}").format(
            recipe=_quoted(self.out / RECIPE)
        )

    @property
    def _boxed(self) -> bool:
        """Photos with boxes have no class of their own; they are listed without one."""
        return (self.out / PHOTOS).exists()

    def _training(self, wording: Wording) -> Iterator[str]:
        """What to type next."""
        if self._boxed:
            return
        if (self.out / "fold-1.csv").exists():
            told = wording.say("Train on it, once for each fold: taxolens train {data} --out RUN-1")
            yield told.format(data=_quoted(self.out / "fold-1.csv"))
        else:
            yield wording.say("Train on it: taxolens train {data} --out RUN").format(data=_quoted(self.out))

    def _table(self, wording: Wording) -> Iterator[str]:
        say = wording.say
        what = say("Boxes") if self._boxed else say("Photos")
        places = _ordered({place for row in self.counts.values() for place in row})
        first = list(self.counts.items())[:_CLASSES_SHOWN]
        shown = [(shortened(label, _LABEL_LENGTH), row) for label, row in first]
        width = max([len(label) for label, _ in shown] + [len(say("all classes")), len(what)])
        yield f"{what:{width}}  " + "".join(f"{place:>10}" for place in places)
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


def _quoted(path: Path) -> str:
    """As a shell takes it, spaces and all."""
    return shlex.quote(str(path))


def _ordered(places: set[str]) -> list[str]:
    parts = [part.value for part in PARTS if part.value in places]
    return parts + sorted(places - set(parts), key=lambda place: (len(place), place))
