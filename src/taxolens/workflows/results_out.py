"""Where results go and in which format: told before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.core.taxonomy import Taxon
from taxolens.formats.about import About
from taxolens.formats.deployments import read_deployments
from taxolens.formats.result import Result
from taxolens.formats.writers import Format, check_writable, format_of
from taxolens.inference.journal import Journal
from taxolens.modelfile.card import Card
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
    format = format_of(recipe.out, recipe.format)
    root = Path(journal.photos)
    about = About(
        labels=journal.labels,
        taxa=taxa,
        model_name=card.name,
        model_version=card.version,
        model_sha256=journal.model_sha256,
        top_k=top_k,
        language=recipe.language,
        root=root if root.exists() else None,
        deployments=read_deployments(recipe.deployments) if recipe.deployments else (),
    )
    check_writable(format, about)
    _check_place(recipe.out, format)
    return ResultsOut(recipe.out, format, about)


def _check_place(out: Path, format: Format) -> None:
    """Results take the place of earlier results, and of nothing else."""
    with told_as_output(out):
        if not out.exists() or (out.is_file() and not out.stat().st_size) or format.recognises(out):
            return
    raise UsageError(
        "{out} is there already and is no result in the format {format}. Move it away or name another --out.",
        out=out,
        format=format.title,
    )
