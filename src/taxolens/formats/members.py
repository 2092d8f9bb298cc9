"""The files of a folder, zip or tar, one after the other, without unpacking; archives are of unknown origin.

What holds for unpacking (`archive.py`) holds here: no name leads outside, links and devices are refused,
and what would grow to more than photos do is not read.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from taxolens.core.errors import DataError
from taxolens.formats.archive import (
    USUAL_LIMITS,
    ArchiveLimits,
    Entry,
    check_size,
    checked_entries,
    damaged,
    is_left_out,
    opened_zip,
    outside,
    safe_place,
    unreadable,
    zip_faults_told,
)

_MOST_AT_ONCE = 1 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """One file.

    Attributes:
        place: its path in the folder or archive.
        size: bytes.
        read: gives its bytes; to be called before the next member is asked for.
    """

    place: PurePosixPath
    size: int
    read: Callable[[], bytes]


def members(source: Path, limits: ArchiveLimits = USUAL_LIMITS) -> Iterator[Member]:
    """The files of a folder, zip, tar (also packed by gzip, bzip2 or xz); any other file is its own member.

    Raises:
        DataError: an archive is damaged, too large, or names files it must not; a file cannot be read.
    """
    if source.is_dir():
        yield from _of_folder(source)
    elif zipfile.is_zipfile(source):
        yield from _of_zip(source, limits)
    elif _is_tar(source):
        yield from _of_tar(source, limits)
    else:
        yield Member(PurePosixPath(source.name), source.stat().st_size, lambda: _file_bytes(source))


def _of_folder(folder: Path) -> Iterator[Member]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            below = PurePosixPath(path.relative_to(folder).as_posix())
            if path.is_file() and not path.is_symlink() and not is_left_out(below):
                yield Member(below, path.stat().st_size, lambda path=path: _file_bytes(path))  # type: ignore[misc]


def _file_bytes(path: Path) -> bytes:
    try:
        _check_member(path.stat().st_size, path)
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _of_zip(archive: Path, limits: ArchiveLimits) -> Iterator[Member]:
    with opened_zip(archive) as file:
        for entry in checked_entries(file, archive, limits):
            _check_member(entry.info.file_size, archive)
            yield Member(
                entry.place,
                entry.info.file_size,
                lambda entry=entry: _zip_bytes(file, entry, archive),  # type: ignore[misc]
            )


def _zip_bytes(file: zipfile.ZipFile, entry: Entry, archive: Path) -> bytes:
    """Read where the caller stands, outside the block of `opened_zip`: what is wrong is told here too."""
    with zip_faults_told(archive):
        try:
            return file.read(entry.info)
        except OSError as error:
            raise _damaged_or_unreadable(archive, error) from error


def _is_tar(source: Path) -> bool:
    try:
        return tarfile.is_tarfile(source)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return False


def _of_tar(archive: Path, limits: ArchiveLimits) -> Iterator[Member]:
    count = size = 0
    with _opened_tar(archive) as file:
        while (info := _next(file, archive)) is not None:
            if info.isdir():
                continue
            place = safe_place(info.name, archive)
            if not info.isreg() or info.issparse():
                raise outside(info.name, archive)
            count, size = count + 1, size + info.size
            _check_count(count, archive, limits)
            check_size(size, archive, limits)
            _check_member(info.size, archive)
            if not is_left_out(place):
                yield Member(place, info.size, lambda info=info: _tar_bytes(file, info, archive))  # type: ignore[misc]


@contextmanager
def _opened_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        file = tarfile.open(archive)  # noqa: SIM115 - closed below
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise damaged(archive) from error
    except OSError as error:
        raise unreadable(archive, error) from error
    with file:
        yield file


def _next(file: tarfile.TarFile, archive: Path) -> tarfile.TarInfo | None:
    try:
        info = file.next()
        file.members.clear()  # type: ignore[attr-defined]  # it would remember every file of a million
        return info
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError) as error:
        raise damaged(archive) from error
    except OSError as error:
        raise _damaged_or_unreadable(archive, error) from error


def _tar_bytes(file: tarfile.TarFile, info: tarfile.TarInfo, archive: Path) -> bytes:
    try:
        packed = file.extractfile(info)
        content = packed.read() if packed else b""
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise damaged(archive) from error
    except OSError as error:
        raise _damaged_or_unreadable(archive, error) from error
    if len(content) != info.size:
        raise damaged(archive)
    return content


def _damaged_or_unreadable(archive: Path, error: OSError) -> DataError:
    """Decompressors say with an error without a number that their stream makes no sense."""
    return damaged(archive) if error.errno is None else unreadable(archive, error)


def _check_count(count: int, archive: Path, limits: ArchiveLimits) -> None:
    if count > limits.files:
        raise DataError(
            "The archive {archive} holds {count} files, more than {most}. Unpack it and name the folder.",
            archive=archive,
            count=count,
            most=limits.files,
        )


def _check_member(size: int, archive: Path) -> None:
    if size > _MOST_AT_ONCE:
        raise DataError(
            "The archive {archive} would unpack to {size:.1f} GB, which no photos do. "
            "If they are, unpack it and name the folder.",
            archive=archive,
            size=size / 1e9,
        )
