"""One copy, made beside its place: a file with other bytes than the original's only where that was asked for."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.texts import noted
from taxolens.imaging.blur import blurred
from taxolens.imaging.container import MISSING, UNREADABLE
from taxolens.imaging.drawing import drawn
from taxolens.imaging.keywords import jpeg_with_keywords
from taxolens.imaging.redraw import redrawn
from taxolens.imaging.xmp import new_packet
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.organise_list import Entry, Kind
from taxolens.workflows.organise_look import Look
from taxolens.workflows.organise_names import beside
from taxolens.workflows.organise_plan import Copy, Planned

CHANGING = noted("It changed while it was read.")
_CHUNK = 1 << 20
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A copy to be made.

    Attributes:
        path: its original.
    """

    planned: Planned
    copy: Copy
    path: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that waits for its place.

    Attributes:
        entry: its row in the list.
        scratch: where it lies until then; None for a link, which is made in its place.
    """

    entry: Entry
    scratch: Path | None


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a job: files, or the reason why there are none."""

    job: Job
    files: tuple[Ready, ...] = ()
    reason: str = ""


class Bench:
    """Makes copies; safe to use from several threads.

    Args:
        out: the folder of copies.
        scratch: where files lie until they go to their places, on the same disk.
        link: make hard links.
    """

    def __init__(self, out: Path, scratch: Path, *, link: bool) -> None:
        self._out = out
        self._scratch = scratch
        self._link = link

    def make(self, job: Job) -> Made:
        """Makes a copy.

        Raises:
            OutputError: it cannot be written.
        """
        for _ in range(_TRIES):
            try:
                before = job.path.stat()
                files = self._files(job, before)
                if _same(before, job.path.stat()):
                    return Made(job, files)
            except ImageError as error:
                return Made(job, reason=error.template)
            except FileNotFoundError:
                return Made(job, reason=MISSING)
            except OSError:
                return Made(job, reason=UNREADABLE)
        return Made(job, reason=CHANGING)

    def _files(self, job: Job, original: os.stat_result) -> tuple[Ready, ...]:
        if self._link:
            return (Ready(_entry(job, Kind.LINK, original), None),)
        look, path = job.planned.look, job.path
        if not look.changes_pixels and not (look.keywords and _is_jpeg(path)):
            copy = self._written(job, Kind.COPY, _chunks(path), original)
            return (copy, *self._sidecar(job, original))
        content = path.read_bytes()
        if look.changes_pixels:
            content = _changed(content, path.suffix, look)
        named = jpeg_with_keywords(content, look.keywords) if look.keywords else content
        if named is not None:
            return (self._written(job, Kind.COPY, (named,), original),)
        return (self._written(job, Kind.COPY, (content,), original), *self._sidecar(job, original))

    def _sidecar(self, job: Job, original: os.stat_result) -> tuple[Ready, ...]:
        """Keywords beside a copy that cannot hold them."""
        keywords = job.planned.look.keywords
        return (self._written(job, Kind.SIDECAR, (new_packet(keywords),), original),) if keywords else ()

    def _written(self, job: Job, kind: Kind, chunks: Iterable[bytes], original: os.stat_result) -> Ready:
        scratch = self._scratch / secrets.token_hex(8)
        digest = hashlib.sha256()
        with _opened(scratch, self._out) as file:
            for chunk in chunks:
                digest.update(chunk)
                with told_as_output(self._out):
                    file.write(chunk)
        with told_as_output(self._out):
            os.utime(scratch, ns=(original.st_atime_ns, original.st_mtime_ns))
            written = scratch.stat()
        entry = replace(_entry(job, kind, written), sha256=digest.hexdigest(), photo_size=original.st_size)
        return Ready(entry, scratch)


def _entry(job: Job, kind: Kind, written: os.stat_result) -> Entry:
    size = written.st_size
    name = beside(job.copy.file)[kind is Kind.SIDECAR]
    return Entry(name, job.planned.photo, kind, "", size, written.st_mtime_ns, size, job.copy.made)


@contextmanager
def _opened(place: Path, out: Path) -> Iterator[BinaryIO]:
    """A file to write into; gone where that did not end well."""
    with told_as_output(out):
        file = place.open("wb")
    try:
        yield file
        with told_as_output(out):
            file.close()
    except BaseException:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            place.unlink(missing_ok=True)
        raise


def _changed(content: bytes, suffix: str, look: Look) -> bytes:
    def change(picture: Pillow.Image) -> Pillow.Image:
        if look.hidden:
            picture = blurred(picture, look.hidden)
        return drawn(picture, look.marks) if look.marks else picture

    return redrawn(content, suffix, change, private=bool(look.hidden))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _is_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
