"""Decide anew from stored scores, and unite what several machines stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_gap
from taxolens.recipes.source import SequenceBy, SiteBy


class RollUp(StrEnum):
    """How far an unsure answer may be rolled up."""

    GENUS = "genus"
    FAMILY = "family"
    ORDER = "order"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a table was decided.

    Attributes:
        threshold: score below which the answer is "unsure"; None: the model's own.
        detector_threshold: boxes of which the detector of a cascade is less sure are not there; None: its own.
        top_k: how many best labels it shows.
        site_by: how sites are found.
        sequence_by: how photos of one event are found.
        gap: what still is one event.
    """

    threshold: float | None = None
    detector_threshold: float | None = None
    top_k: int = 3
    site_by: SiteBy = SiteBy.NONE
    sequence_by: SequenceBy = SequenceBy.NONE
    gap: float = 60.0


@dataclass(frozen=True, slots=True)
class OutputRecipe:
    """How results are written.

    Attributes:
        out: file or folder to write.
        format: name of the format; None: as the end of `out` tells.
        deployments: table of where and when cameras stood, for formats that need it.
        project: file that says who made the data and how, for formats that tell it.
        language: of names of classes, and of pages.
    """

    out: Path
    format: str | None = None
    deployments: Path | None = None
    project: Path | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class DeriveRecipe:
    """Everything that decides what stored scores become; None: as the identification was asked for.

    Attributes:
        results: a table that an identification wrote, or the folder of results beside it.
        output: what is written.
        threshold: score below which the answer is "unsure".
        detector_threshold: boxes of which the detector of a cascade is less sure are not there.
        exclude: classes, species or taxa above them that no answer may be.
        species_list: table of the species that can be met.
        region: which rows of the list count.
        rollup: the last rank that an unsure answer may be rolled up to.
        taxonomy: table of names and taxa, in place of what the model says of its classes.
        top_k: how many best labels a table shows.
        site_by: how sites are found.
        sequence_by: how photos of one event are found, within each folder.
        gap: what still is one event: seconds (exif) or steps of the number (filename).
        by_event: decide events too.
        event_temperature: what the mean logarithms of an event are divided by.
        independence: minutes; events of one species at one site that are closer are one.
        corrections: table of what people say is in photos; kept beside the results.
        clock: table of clocks that were wrong.
        report: page about sites, species and hours.
    """

    results: Path
    output: OutputRecipe
    threshold: float | None = None
    detector_threshold: float | None = None
    exclude: tuple[str, ...] = ()
    species_list: Path | None = None
    region: str | None = None
    rollup: RollUp | None = None
    taxonomy: Path | None = None
    top_k: int | None = None
    site_by: SiteBy | None = None
    sequence_by: SequenceBy | None = None
    gap: float | None = None
    by_event: bool = False
    event_temperature: float = 1.0
    independence: float | None = None
    corrections: Path | None = None
    clock: Path | None = None
    report: Path | None = None

    def __post_init__(self) -> None:
        if self.gap is not None:
            check_gap(self.gap)
        if self.region is not None and self.species_list is None:
            raise UsageError("--region chooses from a table. Give it with --species-list.")
        if self.independence is not None and not 0 <= self.independence < float("inf"):
            raise UsageError(
                "Events cannot be {minutes} minutes apart. Give 0 or more.", minutes=self.independence
            )


@dataclass(frozen=True, slots=True)
class MergeRecipe:
    """What is united, and where to.

    Attributes:
        results: tables that identifications with one model wrote, or the folders of results beside them.
        output: what is written; the united results lie beside it.
    """

    results: tuple[Path, ...]
    output: OutputRecipe
