"""Locks that keep a second process out of a place, and that no kill leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from taxolens.core.errors import TaxolensError
from taxolens.storage.atomic import told_as_output


@contextmanager
def held(file: Path, *, busy: TaxolensError, place: Path, keep: bool = False) -> Iterator[None]:
    """Holds the lock `file`; the system lets go of it when the process ends, however it ends.

    Args:
        busy: raised at once where another process holds it.
        place: what it protects, as the user named it, for errors.
        keep: leave the file where it is, in a folder that is ours.

    Raises:
        OutputError: no file can be made there.
    """
    lock = FileLock(file)
    with told_as_output(place):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:  # which is an OSError
            raise busy from error
    try:
        yield
    finally:
        if not keep:
            # Before the lock goes, lest the next one lose its own; some systems only let it go afterwards.
            with suppress(OSError):
                file.unlink(missing_ok=True)
        lock.release()


def lock_beside(place: Path) -> Path:
    """Where the lock of a folder lies that may not exist yet."""
    return place.with_name(f".{place.name}.taxolens-lock")
