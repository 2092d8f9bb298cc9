"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from taxolens.core.errors import OutputError
from taxolens.core.texts import noted

PART = ".part"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def written_whole(path: Path, *, shared: bool = False) -> Iterator[BinaryIO]:
    """A file to write into that takes the place of `path` once everything is on the disk.

    The bytes go to `.NAME.part` beside it. Where the block raises, or the machine stops, `path` is as
    it was before; what a stopped machine left in `.NAME.part` is overwritten the next time.
    One writer at a time: who can meet another holds a lock, or shares the place.

    Args:
        shared: others may write the same file at this moment. Each writes into a name of its own, and the
            last one to finish stays.

    Raises:
        OutputError: the disk is full, or the place may not be written.
    """
    own = f".{secrets.token_hex(4)}" if shared else ""
    part = path.with_name(f".{path.name}{own}{PART}")
    with told_as_output(path):
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


@contextmanager
def told_as_output(path: Path) -> Iterator[None]:
    """Turns the system's refusals to write at `path` into one sentence each."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            template = noted("The disk of {path} is full. Free some space and run the same command again.")
        elif error.errno in _FORBIDDEN:
            template = noted(
                "{path} may not be written. Change its rights, close it in other programs, "
                "or name another place."
            )
        else:
            template = noted("{path} cannot be written: {why}. Name another place.")
        raise OutputError(template, path=path, why=error.strerror or str(error)) from error


def _sync_folder(folder: Path) -> None:
    """Makes a rename outlive a power cut, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
