"""A zip of photos: looked through before anything is written, unpacked once, kept by its hash."""

from __future__ import annotations

import errno
import hashlib
import lzma
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path, PurePosixPath

from taxolens.core.errors import DataError, OutputError
from taxolens.core.printable import UNPRINTABLE
from taxolens.storage.atomic import told_as_output

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_ABANDONED_AFTER = 24 * 3600.0
_PART = ".part"
_PLAIN = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
_NAMING = frozenset(
    {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
)
_LEFT_OUT = "__macosx"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may be.

    Attributes:
        files: entries.
        unpacked: bytes of all files together.
        ratio: unpacked bytes per byte of the archive, asked of archives that unpack to more than `free`.
        free: unpacked bytes below which the ratio does not matter.
    """

    files: int = 2_000_000
    unpacked: int = 50 * 10**9
    ratio: float = 200.0
    free: int = 10**9


USUAL_LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive and where it goes below the target folder."""

    info: zipfile.ZipInfo
    place: PurePosixPath


def unpacked(archive: Path, unpack_to: Path, limits: ArchiveLimits = USUAL_LIMITS) -> Path:
    """The folder that holds what is in a zip; unpacked now unless it was before.

    It appears whole or not at all, under the first 16 characters of the archive's SHA-256.

    Raises:
        DataError: the archive is damaged, encrypted, too large, or names files it must not.
        OutputError: there is no room, or the place may not be written.
    """
    target = unpack_to / _digest(archive)[:16]
    if not target.is_dir():
        with opened_zip(archive) as file:
            entries = checked_entries(file, archive, limits)
            with told_as_output(unpack_to):
                unpack_to.mkdir(parents=True, exist_ok=True)
                _sweep(unpack_to)
                _check_room(entries, unpack_to, archive)
            _unpack(file, entries, target, archive)
    return _only_folder(target)


def _digest(archive: Path) -> str:
    try:
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(archive, error) from error


def unreadable(archive: Path, error: OSError) -> DataError:
    """What is said of an archive that the system does not let be read."""
    return DataError(
        "{archive} cannot be read: {why}. Check its access rights.",
        archive=archive,
        why=error.strerror or error,
    )


@contextmanager
def opened_zip(archive: Path) -> Iterator[zipfile.ZipFile]:
    """A zip; what is wrong with its bytes is told in one sentence."""
    with zip_faults_told(archive), zipfile.ZipFile(archive) as file:
        yield file


@contextmanager
def zip_faults_told(archive: Path) -> Iterator[None]:
    """Turns what Python's reader of zips throws into one sentence each."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise damaged(archive) from error
    except (NotImplementedError, RuntimeError) as error:
        raise DataError(
            "The archive {archive} is packed in a way that cannot be read. Unpack it and name the folder.",
            archive=archive,
        ) from error


def damaged(archive: Path) -> DataError:
    """What is said of an archive whose bytes make no sense."""
    return DataError(
        "The archive {archive} is damaged. Get it again, or unpack it yourself and name the folder.",
        archive=archive,
    )


def checked_entries(file: zipfile.ZipFile, archive: Path, limits: ArchiveLimits) -> list[Entry]:
    """The files of an archive, once all of them are known to be harmless."""
    infos = file.infolist()
    if len(infos) > limits.files:
        raise DataError(
            "The archive {archive} holds {count} files, more than {most}. Unpack it and name the folder.",
            archive=archive,
            count=len(infos),
            most=limits.files,
        )
    entries = [Entry(info, _place(info, archive)) for info in infos]
    entries = [entry for entry in entries if not entry.info.is_dir()]
    check_size(sum(entry.info.file_size for entry in entries), archive, limits)
    seen: set[PurePosixPath] = set()
    for entry in entries:
        if entry.place in seen:
            raise DataError(
                "The archive {archive} holds {name} twice. Pack it anew.", archive=archive, name=entry.place
            )
        seen.add(entry.place)
    return [entry for entry in entries if not is_left_out(entry.place)]


def check_size(size: int, archive: Path, limits: ArchiveLimits) -> None:
    """Refuses an archive that unpacks to more than photos do.

    Raises:
        DataError: it does.
    """
    packed = max(1, archive.stat().st_size)
    if size > limits.unpacked or (size > limits.free and size > limits.ratio * packed):
        raise DataError(
            "The archive {archive} would unpack to {size:.1f} GB, which no photos do. "
            "If they are, unpack it and name the folder.",
            archive=archive,
            size=size / 1e9,
        )


def _place(info: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    """Where an entry goes; refused when that is anywhere but below the target folder."""
    name = _name(info)
    if stat.S_IFMT(info.external_attr >> 16) not in _PLAIN:
        raise outside(name, archive)
    place = safe_place(name, archive)
    if UNPRINTABLE.search(info.orig_filename):
        raise _unwritable(info.orig_filename, archive)
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise DataError("The archive {archive} is encrypted. Unpack it and name the folder.", archive=archive)
    return place


def safe_place(name: str, archive: Path) -> PurePosixPath:
    """Where a file of an archive goes, below the folder it is unpacked to.

    Raises:
        DataError: it would go elsewhere, or not every system can write such a name.
    """
    name = name.replace("\\", "/")
    place = PurePosixPath(name)
    # Windows drops dots and spaces at the end of a part, so that ".. " is the folder above there.
    climbs = place.is_absolute() or any(not part.strip(". ") for part in place.parts)
    if climbs or name[1:2] == ":":
        raise outside(name, archive)
    # Windows takes a colon for a drive or a stream wherever it stands.
    if ":" in name or UNPRINTABLE.search(name):
        raise _unwritable(name, archive)
    return place


def _unwritable(name: str, archive: Path) -> DataError:
    return DataError(
        "The archive {archive} holds {name}, a name with a colon or a control character, which not every "
        "system can write. Pack it anew with other names.",
        archive=archive,
        name=ascii(name),
    )


def outside(name: str, archive: Path) -> DataError:
    """What is said of an archive that would write beside the folder it is unpacked to."""
    return DataError(
        "The archive {archive} is not safe to unpack: {name} points outside it. "
        "Get it from a source that you trust.",
        archive=archive,
        name=ascii(name),
    )


def _name(info: zipfile.ZipInfo) -> str:
    """An entry's name. Many programs write UTF-8 without saying so; it is then read as code page 437."""
    if info.flag_bits & _UTF8_FLAG or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def is_left_out(place: PurePosixPath) -> bool:
    """Whether a file is hidden, or one that macOS adds, and so no photo of anybody's."""
    return any(part.startswith(".") or part.lower() == _LEFT_OUT for part in place.parts)


def _check_room(entries: list[Entry], folder: Path, archive: Path) -> None:
    size = sum(entry.info.file_size for entry in entries)
    if size > shutil.disk_usage(folder).free:
        raise OutputError(
            "There is no room in {folder} for the {size:.1f} GB in {archive}. Free some, or unpack it elsewhere "
            "and name the folder.",
            folder=folder,
            size=size / 1e9,
            archive=archive,
        )


def _sweep(folder: Path) -> None:
    """Removes what a killed run left half unpacked; another run's present work is left alone."""
    for left in folder.glob(f".*{_PART}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(left, ignore_errors=True)


def _unpack(file: zipfile.ZipFile, entries: list[Entry], target: Path, archive: Path) -> None:
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}-", suffix=_PART, dir=target.parent))
    try:
        for entry in entries:
            _write(file, entry, part, archive)
        part.chmod(0o755)
        with suppress(OSError):  # another run was faster and has unpacked the same bytes
            part.rename(target)
        if not target.is_dir():
            raise OutputError("{target} cannot be written. Name another TAXOLENS_HOME.", target=target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(file: zipfile.ZipFile, entry: Entry, part: Path, archive: Path) -> None:
    place = part.joinpath(*entry.place.parts)
    if not place.is_relative_to(part):
        raise outside(str(entry.place), archive)
    with _created(place, entry, part, archive) as target:
        for chunk in _chunks(file, entry, archive):
            with told_as_output(part.parent):
                target.write(chunk)
        with told_as_output(part.parent):
            target.flush()


def _created(place: Path, entry: Entry, part: Path, archive: Path) -> BufferedWriter:
    """A new file, open for writing; a name that cannot be had is the archive's fault, the rest the disk's."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return place.open("xb")
    except OSError as error:
        if error.errno not in _NAMING:
            with told_as_output(part.parent):
                raise
        raise DataError(
            "The archive {archive} holds {name}, which this system cannot write beside the rest. "
            "Pack it anew with other names.",
            archive=archive,
            name=repr(str(entry.place)),
        ) from error


def _chunks(file: zipfile.ZipFile, entry: Entry, archive: Path) -> Iterator[bytes]:
    """The bytes of an entry; what goes wrong here is never the fault of the place they are written to."""
    try:
        with file.open(entry.info) as packed:
            while chunk := packed.read(_CHUNK):
                yield chunk
    except OSError as error:
        if error.errno is None:  # the way in which bz2 says that its stream makes no sense
            raise damaged(archive) from error
        raise unreadable(archive, error) from error


def _only_folder(folder: Path) -> Path:
    """Archives often hold one folder that holds all the rest."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        if not any(entry.is_dir() or entry.suffix.lower() == ".csv" for entry in inside[0].iterdir()):
            return folder  # one folder of photos is a class
        folder = inside[0]
