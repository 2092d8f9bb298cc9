"""The main job on drawn photos: draw, train, inspect, identify, and tell how it went."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.backbone import BackboneMaker
from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import UNSURE
from taxolens.core.taxonomy import Role
from taxolens.core.texts import Say, noted
from taxolens.demo.dataset import DrawnSet, write_class_folders, write_detection, write_unsorted
from taxolens.demo.taxa import BLANK, TAXA
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.source import SequenceBy, SiteBy, SourceRecipe
from taxolens.recipes.split import SplitRecipe
from taxolens.recipes.train import TrainRecipe, Views
from taxolens.storage.atomic import told_as_output
from taxolens.workflows.identify import identify
from taxolens.workflows.inspect import inspect
from taxolens.workflows.train import train

_MARK = ".drawn-by-taxolens"
PER_CLASS = 40
_NEW = 48
_SITES = 6
_CLOSENESS = 1.5
_SHOWN = tuple(taxon.id for taxon in TAXA if taxon.id != "protaphorura_armata")
"""Without the one that only a microscope tells from Folsomia; a first model should show what can be done."""
DRAWN = noted(
    "All photos of this demonstration are drawn by the program: the figures say nothing about real photos."
)
_TABLE_FIELDS = ("label", "en", "fr", "scientific", "rank", "role")


@dataclass(frozen=True, slots=True)
class TourRecipe:
    """Where the demonstration goes; everything lies below `out`."""

    out: Path
    seed: int = 0
    per_class: int = PER_CLASS
    boxes: int = 0
    language: str = "en"

    @property
    def boxed(self) -> Path:
        """Photos of several animals with their boxes, as YOLO has them."""
        return self.out / "boxes"

    @property
    def photos(self) -> Path:
        """Labelled photos, `<site>/<taxon>/`."""
        return self.out / "photos"

    @property
    def card(self) -> Path:
        """New photos, as from a memory card."""
        return self.out / "card"

    @property
    def taxa(self) -> Path:
        """Names of the taxa."""
        return self.out / "taxa.csv"

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.out / "run"

    @property
    def inspection(self) -> Path:
        """The page on what the labelled photos hold."""
        return self.out / "inspection.html"

    @property
    def table(self) -> Path:
        """The table that names the new photos."""
        return self.out / "results.csv"


@dataclass(frozen=True, slots=True)
class Tour:
    """How the demonstration went, counted against what was drawn."""

    judged: int
    accuracy: float
    new_photos: int
    right: int
    wrong: int
    unsure: int


def tour(
    recipe: TourRecipe, *, home: Path, maker: Callable[[str], BackboneMaker], progress: Progress, say: Say
) -> Tour:
    """Draws photos, trains on them, inspects them, names new ones and compares with what was drawn.

    Photos are inspected after the training, which has remembered what the backbone sees in them.
    """
    drawn = draw_photos(recipe, progress=progress, say=say)
    source = SourceRecipe(data=recipe.photos, sequence_by=SequenceBy.EXIF)
    trained = train(
        TrainRecipe(
            source=source,
            out=recipe.run,
            name="drawn-springtails",
            taxonomy=recipe.taxa,
            split=SplitRecipe(train=60, val=20, test=20),
            views=Views.TURNS,
            remark=say(DRAWN),
            overwrite=True,
            language=recipe.language,
        ),
        home=home,
        maker=maker,
        progress=progress,
        say=say,
    )
    inspect(
        InspectRecipe(source=source, report=recipe.inspection, language=recipe.language),
        home=home,
        maker=maker,
        progress=progress,
        say=say,
    )
    identify(
        IdentifyRecipe(
            photos=recipe.card, model=trained.model, out=recipe.table, restart=True, site_by=SiteBy.FOLDER
        ),
        progress=progress,
        say=say,
    )
    return _compared(recipe, drawn, trained.result.n, trained.result.accuracy.value)


def draw_photos(recipe: TourRecipe, *, progress: Progress, say: Say) -> DrawnSet:
    """Draws labelled photos and new ones; answers with the truth about the new ones.

    Raises:
        UsageError: other things lie in the folder.
    """
    _claim(recipe.out)
    write_class_folders(
        recipe.photos,
        per_class=recipe.per_class,
        seed=recipe.seed,
        taxa=_SHOWN,
        sites=_SITES,
        closeness=_CLOSENESS,
        progress=progress,
        what=say("Drawing photos to learn from"),
    )
    drawn = write_unsorted(
        recipe.card,
        count=_NEW,
        seed=recipe.seed + 1,
        taxa=_SHOWN,
        sites=_SITES,
        closeness=_CLOSENESS,
        progress=progress,
        what=say("Drawing new photos"),
    )
    if recipe.boxes:
        write_detection(
            recipe.boxed,
            count=recipe.boxes,
            seed=recipe.seed + 2,
            taxa=_SHOWN,
            sites=_SITES,
            progress=progress,
            what=say("Drawing photos with boxes"),
        )
    _write_taxa(recipe.taxa)
    return drawn


def _claim(out: Path) -> None:
    """Only a folder that a demonstration made is used again; the files of others stay even there."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / _MARK).is_file()):
        raise UsageError(
            "{out} holds other things. Name a new folder for the demonstration with --out.", out=out
        )
    with told_as_output(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / _MARK).touch()


def _write_taxa(table: Path) -> None:
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_TABLE_FIELDS)
        for taxon in (one for one in TAXA if one.id in _SHOWN):
            writer.writerow([taxon.id, taxon.en, taxon.fr, taxon.scientific, taxon.rank, ""])
        writer.writerow([BLANK.id, BLANK.en, BLANK.fr, "", "", Role.BLANK])


def _compared(recipe: TourRecipe, drawn: DrawnSet, judged: int, accuracy: float) -> Tour:
    truth = {record.path.relative_to(recipe.card).as_posix(): record.taxon_id for record in drawn.records}
    with recipe.table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        # Nobody knows what is in photos that somebody else put there.
        answers = {row["file"]: row["label"] for row in rows if row["file"] in truth}
    unsure = sum(answer == UNSURE for answer in answers.values())
    right = sum(answers.get(name) == taxon for name, taxon in truth.items())
    return Tour(judged, accuracy, len(truth), right, len(answers) - unsure - right, unsure)
