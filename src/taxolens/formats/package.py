"""Formats of several files: a folder, or one .zip, that is there whole or not at all."""

from __future__ import annotations

import csv
import shutil
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from taxolens.core.errors import UsageError
from taxolens.formats.media import in_utf8
from taxolens.storage.atomic import PART, told_as_output, written_whole

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


@contextmanager
def written_package(out: Path) -> Iterator[Path]:
    """A folder to write files into that takes the place of `out` when the block ends.

    Args:
        out: a `.zip`, or a folder; what is there is replaced, so ask before whether it may be.

    Raises:
        OutputError: it cannot be written; what was there stays as it was.
    """
    part = out.with_name(f".{out.name}{PART}.d")
    with told_as_output(out):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            yield part
            if out.suffix.lower() == ".zip":
                _zip(part, out)
            else:
                _take_place(part, out)
        finally:
            shutil.rmtree(part, ignore_errors=True)


class PackageTable:
    """A CSV in UTF-8 (RFC 4180) of a package, written row by row.

    Args:
        path: where it is written.
        columns: its headings; a row may leave columns out.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, delimiter: str = ",") -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._columns = columns
        self._rows = csv.writer(self._file, delimiter=delimiter, lineterminator="\r\n")
        self._rows.writerow(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, **cells: str | float | int | None) -> None:
        """One row; None and what is left out stay empty."""
        self._rows.writerow([_cell(cells.get(column)) for column in self._columns])


def member_of(package: Path, name: str) -> bytes | None:
    """The first 64 KB of a file of a package; None where the package has none of this name."""
    try:
        if package.is_dir():
            with (package / name).open("rb") as file:
                return file.read(65_536)
        with zipfile.ZipFile(package) as archive, archive.open(name) as member:
            return member.read(65_536)
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


def check_replaceable(out: Path, *, recognised: bool, files: Collection[str]) -> None:
    """Refuses to put a package in the place of anything but an earlier one or an empty folder.

    Args:
        recognised: a package of the same kind is there.
        files: names of its files; a folder that holds others, such as the photos, stays.

    Raises:
        UsageError: something else is there.
    """
    held = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if held - set(files):
        raise UsageError(
            "The folder {out} holds other things ({name}). Name another --out.",
            out=out,
            name=min(held - set(files)),
        )
    if not recognised and out.exists() and (held or not out.is_dir()):
        raise UsageError(
            "{out} is there already and is something else. Move it away or name another --out.", out=out
        )


def _cell(value: str | float | int | None) -> str:
    if value is None:
        return ""
    return (
        in_utf8(value)
        if isinstance(value, str)
        else f"{value:.6g}"
        if isinstance(value, float)
        else str(value)
    )


def _zip(folder: Path, out: Path) -> None:
    with written_whole(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            # The same files make the same archive: no times, no rights of this machine
            entry = zipfile.ZipInfo(path.name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _READABLE
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 16)


def _take_place(part: Path, out: Path) -> None:
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)
    try:
        part.replace(out)
    except OSError:
        if old.exists():
            old.replace(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
