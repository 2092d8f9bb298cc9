"""What there is to do, counted before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from taxolens.workflows.organise_names import BLANK, FAILED, UNSURE
from taxolens.workflows.organise_plan import Planned


@dataclass(slots=True)
class Survey:
    """Counts of a plan.

    Attributes:
        photos: those of the results.
        apart: by `blank`, `unsure` or `failed`, without those left out; empty: named.
        folders: copies that belong there, also those that are there already.
        to_write: copies.
        bytes: of the originals of these.
        there: copies that are there already.
        changed: copies that somebody has changed, which stay as they are.
        moved: copies that another answer has put elsewhere, or that look otherwise now.
        hidden: photos on which something is blurred.
        wholly: those of them that are blurred as a whole.
        left_out: photos without a place.
        named_left_out: their names and the reason.
    """

    photos: int = 0
    apart: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    to_write: int = 0
    bytes: int = 0
    there: int = 0
    changed: int = 0
    moved: int = 0
    hidden: int = 0
    wholly: int = 0
    left_out: int = 0
    named_left_out: list[tuple[str, str]] = field(default_factory=list)

    @property
    def named(self) -> int:
        """Photos in which something is named."""
        return self.apart[""]

    @property
    def unsure(self) -> int:
        """Photos of which nothing is sure."""
        return self.apart[UNSURE]

    @property
    def blank(self) -> int:
        """Photos that show nothing."""
        return self.apart[BLANK]

    @property
    def failed(self) -> int:
        """Photos that could not be identified."""
        return self.apart[FAILED]

    def counting(self, plans: Iterable[Planned]) -> Iterator[Planned]:
        """Yields the plans and counts them."""
        for planned in plans:
            self.photos += 1
            self.moved += len({entry.folder for entry in planned.stale})
            if planned.reason:
                self.leave_out(planned.photo, planned.reason)
            else:
                self._count(planned)
            yield planned

    def leave_out(self, photo: str, reason: str) -> None:
        """Counts a photo that has no place."""
        self.left_out += 1
        self.named_left_out.append((photo, reason))

    def _count(self, planned: Planned) -> None:
        self.apart[planned.apart] += 1
        self.hidden += bool(planned.look.hidden)
        self.wholly += any(box.width == box.height == 1 for box in planned.look.hidden)
        for copy in planned.copies:
            self.folders[copy.file.rpartition("/")[0]] += 1
            if copy.is_there:
                self.there += 1
            elif copy.is_changed:
                self.changed += 1
            else:
                self.to_write += 1
                self.bytes += planned.size
                self.moved += bool(copy.outdated)
