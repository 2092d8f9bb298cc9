"""The formats in which results are written, by name and by the end of a file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from taxolens.core.errors import UsageError
from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.formats import (
    camtrap_dp,
    coco_results,
    dwca,
    megadetector,
    results_csv,
    results_parquet,
    results_xlsx,
    timelapse,
)
from taxolens.formats.about import About
from taxolens.formats.deployments import asked_for
from taxolens.formats.result import Result


class Write(Protocol):
    """Writes results, whole or not at all, taking them one at a time."""

    def __call__(self, results: Iterable[Result], out: Path, about: About) -> None:
        """Writes the file (or folder) `out`.

        Args:
            results: those of one photo follow each other.

        Raises:
            OutputError: it cannot be written; what was there stays as it was.
            MissingExtra: a library that the format needs is not installed.
            DataError: the format needs to know what neither the results nor `about` tell.
        """


@dataclass(frozen=True, slots=True)
class Format:
    """One format of results.

    Attributes:
        title: what people call it.
        suffixes: ends of file names, in small letters; the first is the usual one.
        recognises: whether a file or folder that is there already is one of this kind, and may be replaced.
        needs_deployments: it cannot be written without `about.deployments`.
        checked: raises MissingExtra where the format cannot be written here; told before any work is done.
    """

    title: str
    suffixes: tuple[str, ...]
    write: Write
    recognises: Callable[[Path], bool]
    needs_deployments: bool = False
    checked: Callable[[], None] = lambda: None


FORMATS: Registry[Format] = Registry(noted("There is no format called {name}. Choose from: {known}."))


def format_of(out: Path, asked: str | None = None) -> Format:
    """The format of an output: the one asked for, else the one that the end of its name tells.

    Raises:
        UsageError: there is no such format, the name tells none, or it may mean several.
    """
    suffix = out.suffix.lower()
    if asked is not None:
        return _fitting(FORMATS[asked], suffix, out)
    named = [name for name in FORMATS if suffix == FORMATS[name].suffixes[0]]
    if len(named) == 1:
        return FORMATS[named[0]]
    if named and suffix in _USUAL:
        return FORMATS[_USUAL[suffix]]
    raise UsageError(
        "The name {out} does not tell the format. Add --format with one of: {known}.",
        out=out,
        known=", ".join(named or FORMATS),
    )


def check_writable(format: Format, about: About) -> None:
    """Tells before any work is done what writing would lack.

    Raises:
        UsageError: the format needs a table of deployments.
        MissingExtra: the format needs a library that is not installed.
    """
    format.checked()
    if format.needs_deployments and not about.deployments:
        raise asked_for(format.title)


_USUAL = {".csv": "csv", ".json": "megadetector"}


def _fitting(format: Format, suffix: str, out: Path) -> Format:
    if suffix in format.suffixes:
        return format
    raise UsageError(
        "{format} is written to a name that ends in {suffixes}, not to {out}.",
        format=format.title,
        suffixes=", ".join(end or "/" for end in format.suffixes),
        out=out,
    )


def _write_csv(results: Iterable[Result], out: Path, about: About) -> None:
    results_csv.write_results_csv(results, out, top_k=about.top_k)


def _write_xlsx(results: Iterable[Result], out: Path, about: About) -> None:
    results_xlsx.write_results_xlsx(results, out, top_k=about.top_k)


def _write_parquet(results: Iterable[Result], out: Path, about: About) -> None:
    results_parquet.write_results_parquet(results, out, top_k=about.top_k)


FORMATS.add("csv", Format("CSV", (".csv",), _write_csv, results_csv.is_results_csv))
FORMATS.add(
    "xlsx",
    Format("XLSX", (".xlsx",), _write_xlsx, results_xlsx.is_xlsx, checked=results_xlsx.check_xlsx),
)
FORMATS.add(
    "parquet",
    Format(
        "Parquet",
        (".parquet",),
        _write_parquet,
        results_parquet.is_parquet,
        checked=results_parquet.check_parquet,
    ),
)
FORMATS.add(
    "megadetector",
    Format("MegaDetector JSON", (".json",), megadetector.write_megadetector, megadetector.is_megadetector),
)
FORMATS.add(
    "camtrap-dp",
    Format(
        camtrap_dp.NAME,
        (".zip", ""),
        camtrap_dp.write_camtrap_dp,
        camtrap_dp.is_camtrap_dp,
        needs_deployments=True,
    ),
)
FORMATS.add("coco", Format("COCO", (".json",), coco_results.write_coco_results, coco_results.is_coco_results))
FORMATS.add(
    "timelapse",
    Format("Timelapse CSV", (".csv",), timelapse.write_timelapse, timelapse.is_timelapse),
)
FORMATS.add("dwca", Format(dwca.NAME, (".zip", ""), dwca.write_dwca, dwca.is_dwca))
