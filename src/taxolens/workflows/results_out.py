"""Where results go and in which format: told before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Taxon
from taxolens.formats.about import About
from taxolens.formats.deployments import read_deployments
from taxolens.formats.project import read_project
from taxolens.formats.result import Result
from taxolens.formats.writers import Format, check_writable, format_of
from taxolens.inference.journal import Journal
from taxolens.inference.store import SUFFIX
from taxolens.modelfile.card import Card, Task
from taxolens.recipes.derive import OutputRecipe
from taxolens.storage.atomic import told_as_output


@dataclass(frozen=True, slots=True)
class ResultsOut:
    """A checked place for results.

    Attributes:
        out: file or folder.
        format: how it is written.
        about: what the format may tell beside the results.
    """

    out: Path
    format: Format
    about: About

    def made(self, created: str) -> ResultsOut:
        """The same for results that came to be at that time (ISO 8601 with a zone)."""
        return replace(self, about=replace(self.about, created=datetime.fromisoformat(created)))

    def write(self, results: Iterable[Result]) -> None:
        """Writes the results.

        Raises:
            OutputError: they cannot be written.
            DataError: the format needs to know what neither results nor deployments tell.
        """
        self.format.write(results, self.out, self.about)


def results_out(
    recipe: OutputRecipe, journal: Journal, card: Card, *, taxa: tuple[Taxon, ...], top_k: int
) -> ResultsOut:
    """Checks that results can be written as asked.

    Raises:
        UsageError: no such format, something else lies there, or a table of deployments is missing.
        MissingExtra: the format needs a library that is not installed.
    """
    photos = Path(journal.photos)
    root = photos if photos.is_dir() else photos.parent
    finds = card.task is Task.DETECT
    drawn_by = card if finds else journal.detector.card if journal.detector else None
    about = About(
        labels=journal.labels,
        taxa=taxa,
        model_name="" if finds else card.name,
        model_version="" if finds else card.version,
        detector=f"{drawn_by.name} {drawn_by.version}" if drawn_by else None,
        model_sha256=journal.model_sha256,
        top_k=top_k,
        created=datetime.fromisoformat(journal.created),
        root=root if root.exists() else None,
    )
    return written_out(recipe, about)


def written_out(recipe: OutputRecipe, about: About) -> ResultsOut:
    """The same for results of any origin.

    Raises:
        UsageError: no such format, something else lies there, or a table of deployments is missing.
        MissingExtra: the format needs a library that is not installed.
    """
    format = format_of(recipe.out, recipe.format)
    about = replace(
        about,
        language=recipe.language,
        deployments=read_deployments(recipe.deployments) if recipe.deployments else (),
        project=read_project(recipe.project) if recipe.project else {},
    )
    check_writable(format, about)
    _check_place(recipe.out, format)
    return ResultsOut(recipe.out, format, about)


def _check_place(out: Path, format: Format) -> None:
    """Results take the place of earlier results, and of nothing else; those beside which scores are kept may
    have been changed by hand."""
    with told_as_output(out):
        if out.is_dir() and "" not in format.suffixes:
            raise UsageError("{out} is a folder. Name a file to write.", out=out)
        if not out.exists() or not (any(out.iterdir()) if out.is_dir() else out.stat().st_size):
            return
        if out.with_name(out.name + SUFFIX).is_dir() or format.recognises(out):
            return
    raise UsageError(
        "{out} is there already and is no result in the format {format}. Move it away or name another --out.",
        out=out,
        format=format.title,
    )
