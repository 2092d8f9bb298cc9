"""The pixel work of a preparation: pieces of the plan, each done once, by whoever comes to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.execution.local import ordered_map
from taxolens.inference.forecast import forecast
from taxolens.workflows.prepare_folder import Head, PreparedFolder
from taxolens.workflows.prepare_photo import Bench, Written, write_photos
from taxolens.workflows.prepare_plan import Planned

_SMALLEST, _LARGEST, _PIECES = 4, 64, 64
_AHEAD = 4


def piece_of(rows: int) -> int:
    """Photos of a piece: what is done again at most, per processor, after a stop. Small works have small
    pieces, so that there is something to do for every shard."""
    return max(_SMALLEST, min(_LARGEST, rows // _PIECES))


@dataclass(frozen=True, slots=True)
class Share:
    """Which pieces are to be done: the `number`-th of every `count`, from 1."""

    number: int
    count: int

    def holds(self, piece: int) -> bool:
        """Whether a piece, from 0, belongs to it."""
        return piece % self.count == self.number - 1


@dataclass(frozen=True, slots=True)
class _Job:
    """Photos of one source in one piece, and whether they end it."""

    piece: int
    photos: tuple[Planned, ...]
    ends: bool


def do_share(
    folder: PreparedFolder,
    bench: Bench,
    share: Share,
    *,
    head: Head,
    workers: int,
    progress: Progress,
    say: Say,
) -> None:
    """Writes the photos of a share that are not written yet.

    Raises:
        OutputError: they cannot be written.
    """
    pieces = _pieces(head)
    waiting = frozenset(
        piece for piece in range(pieces) if share.holds(piece) and not folder.has_piece(piece)
    )
    _tell_known(waiting, share, pieces, progress, say)
    if not waiting:
        return
    jobs = _jobs(folder.rows(), waiting, head)
    total = sum(min(head.piece, head.rows - piece * head.piece) for piece in waiting)
    with folder.shard(f"{share.number}/{share.count}"):
        done = ordered_map(
            lambda job: (job, write_photos(bench, job.photos)), jobs, workers=workers, window=workers * _AHEAD
        )
        counted = progress.track(
            forecast(_noted(folder, done), total=total, progress=progress, say=say),
            what=say("Writing photos"),
            total=total,
        )
        for _ in counted:
            pass


def is_complete(folder: PreparedFolder, head: Head) -> bool:
    """Whether every piece is done."""
    return all(folder.has_piece(piece) for piece in range(_pieces(head)))


def _pieces(head: Head) -> int:
    return -(-head.rows // head.piece)


def _tell_known(waiting: frozenset[int], share: Share, pieces: int, progress: Progress, say: Say) -> None:
    mine = sum(share.holds(piece) for piece in range(pieces))
    if waiting and len(waiting) < mine:
        progress.note(
            say("Going on: {done} of {all} parts of the work are done.").format(
                done=mine - len(waiting), all=mine
            )
        )


def _jobs(rows: Iterable[Planned], waiting: frozenset[int], head: Head) -> Iterator[_Job]:
    """The photos of the waiting pieces; those of one source together, for it is decoded once."""
    mine = (row for row in rows if row.number // head.piece in waiting)
    for (piece, _), group in groupby(mine, key=lambda row: (row.number // head.piece, row.path)):
        photos = tuple(group)
        last = photos[-1].number
        yield _Job(piece, photos, last + 1 == head.rows or (last + 1) % head.piece == 0)


def _noted(folder: PreparedFolder, done: Iterable[tuple[_Job, list[Written]]]) -> Iterator[Written]:
    """Yields what was written, and notes each piece that is complete."""
    gathered: list[Written] = []
    for job, written in done:
        gathered += written
        if job.ends:
            folder.write_piece(job.piece, gathered)
            gathered = []
        yield from written
