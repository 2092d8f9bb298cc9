"""`taxolens shrink`: a model to a smaller and faster one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.source_options import WORKERS
from taxolens.cli.table import plain_table, show, shown
from taxolens.cli.words import language, say, settings, tell
from taxolens.compose.trainers import load_detector_trainer, load_pruner, load_trainer
from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.report.table import Table
from taxolens.report.wording import Wording
from taxolens.workflows.shrink_any import shrink_any
from taxolens.workflows.shrink_words import shrink_table
from taxolens.workflows.variant import make_variant
from taxolens.workflows.variant_words import variant_table

app = App()

EPILOG = examples(
    "taxolens shrink run/model.onnx photos/ --out small.onnx",
    "taxolens shrink run/ photos/ --out small.onnx --rival pruned-run/ --smaller 3",
    "taxolens shrink run/ photos/ --out small-run/ --speedup 2",
    "taxolens shrink run/ photos/ --out small-run/ --speedup 3 --at-most-lost 2 --epochs 20",
)
MODEL = Option(
    "model",
    "model",
    say("Model file, or run folder; to prune, a run of train --method finetune, scratch or detect."),
    Path,
    "MODEL|RUN",
    required=True,
)
DATA = Option(
    "data",
    "data",
    say("The photos of its run, or labelled photos that it did not learn from."),
    Path,
    "DATA",
    required=True,
)
OUT = Option(
    "--out -o",
    "out",
    say("A model file (.onnx): int8 and smaller inputs are tried. A folder: the network is pruned."),
    Path,
    "FILE.onnx|RUN",
    required=True,
)
BOTH = (
    Option(
        "--at-most-lost",
        "at_most_lost",
        say("Points of accuracy (detectors: mAP50) that may be lost (a model file 0.5, a pruned network 1)."),
        float,
        "POINTS",
    ),
    Option("--timed", "timed", say("Photos to measure the speed on (100)."), int, "N"),
    Option(
        "--max-megapixels",
        "max_megapixels",
        say("Photos that announce more pixels are listed as failed."),
        float,
        "N",
    ),
    Option("--overwrite", "overwrite", say("Replace what is there."), bool),
)
_FILE = say("To a model file (--out FILE.onnx)")
VARIANTS = (
    Option("--smaller", "smaller", say("How many smaller inputs are tried (2)."), int, "N", _FILE),
    Option("--no-int8", "integers", say("No whole numbers of eight bits."), bool, None, _FILE, gives=False),
    Option(
        "--rival",
        "rivals",
        say("A further model of the same classes, such as a pruned one; may be given several times."),
        list[Path],
        "MODEL|RUN",
        _FILE,
        read=tuple,
    ),
    Option(
        "--at-worst-lost",
        "at_worst_lost",
        say("Points that may be lost at the worst, with 95% certainty (1)."),
        float,
        "POINTS",
        _FILE,
    ),
    Option("--least-faster", "least_faster", say("How many times as fast (1.2)."), float, "N", _FILE),
    Option("--unproven", "unproven", say("Also take what lost little on too few photos."), bool, None, _FILE),
    Option(
        "--calibrating", "calibrating", say("Photos to take ranges from, at most (200)."), int, "N", _FILE
    ),
    Option("--report", "report", say("Page to write (beside the model)."), Path, "FILE", _FILE),
    Option("--json", "json", say("Write the figures."), Path, "FILE", _FILE),
)
_RUN = say("To a pruned network (--out RUN)")
PRUNING = (
    Option(
        "--speedup",
        "speedup",
        say("How many times fewer multiplications are to be left (2)."),
        float,
        "N",
        _RUN,
    ),
    Option("--steps", "steps", say("Steps in which channels are taken out (2)."), int, "N", _RUN),
    Option(
        "--epochs", "recovery.epochs", say("Passes in which the smaller network learns (12)."), int, "N", _RUN
    ),
    Option("--rate", "recovery.rate", say("Learning rate; what suits the optimizer."), float, "R", _RUN),
    Option("--batch", "recovery.batch", say("Photos in a step; as the run."), int, "N", _RUN),
    Option(
        "--augment",
        "recovery.augment",
        say("How photos are changed at random; as the run."),
        metavar="none|light|standard|strong|randaugment|trivialaugment",
        panel=_RUN,
    ),
    Option(
        "--distill-weight",
        "recovery.weight",
        say("Share of the original's answers in what it learns from (0.7); 0: labels alone."),
        float,
        "0..1",
        _RUN,
    ),
    Option(
        "--distill-temperature",
        "recovery.temperature",
        say("Softens the teacher's answers (4)."),
        float,
        "T",
        _RUN,
    ),
    Option(
        "--distill-hints",
        "recovery.hints",
        say("Weight of what the teacher sees before it decides (0)."),
        float,
        "W",
        _RUN,
    ),
    Option(
        "--numbers",
        "recovery.precision",
        say("Numbers to compute with (auto: measured)."),
        metavar="auto|fp32|bf16",
        panel=_RUN,
    ),
    Option("--device", "recovery.device", say("Where to compute."), metavar="auto|cpu|cuda", panel=_RUN),
    Option("--restart", "restart", say("Forget what a stopped attempt left."), bool, None, _RUN),
    Option(
        "--no-saliency",
        "saliency",
        say("Leave out of the report what answers hang on."),
        bool,
        None,
        _RUN,
        gives=False,
    ),
)


_IN_REPORT = (1, 7)  # size of the file, share of same answers
_NAMED_ELSEWHERE = {"data": "source.data", "max_megapixels": "source.max_megapixels"}


@app.command(help=say("Make a model smaller and faster."), epilog=EPILOG)
@with_options(MODEL, DATA, OUT, shared.MODEL_NAME, WORKERS, *BOTH, *VARIANTS, *PRUNING)
def command(given: dict[str, Any], recipe: shared.RecipeFile = None, quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow; exit code 1 when a pruned network does not pay, 3 when some
    photos could not be read."""
    to_file = given["out"].suffix.lower() == ".onnx"
    _check(given, PRUNING if to_file else VARIANTS)
    (_to_file if to_file else _to_run)(given, recipe, quiet)


def _to_file(given: dict[str, Any], recipe: Path | None, quiet: bool) -> None:
    """Int8 and smaller inputs."""
    asked = {_NAMED_ELSEWHERE.get(field, field): value for field, value in given.items()}
    summary = make_variant(
        parse_recipe(VariantRecipe, {**asked, "language": language}, recipe),
        home=settings.home,
        progress=progress_for(quiet),
        say=say,
    )
    wording = Wording(say, language)
    if not quiet:
        _show(variant_table(summary.facts, wording), without=_IN_REPORT)
        tell(summary.lines(wording))
    raise typer.Exit(3 if summary.unread else 0)


def _to_run(given: dict[str, Any], recipe: Path | None, quiet: bool) -> None:
    """Pruning and learning."""
    summary = shrink_any(
        parse_recipe(ShrinkRecipe, {**given, "language": language}, recipe),
        home=settings.home,
        trainer=load_trainer,
        detector=load_detector_trainer,
        pruner=load_pruner,
        progress=progress_for(quiet),
        say=say,
    )
    wording = Wording(say, language)
    if not quiet:
        _show(shrink_table(summary.facts, wording))
        tell(summary.lines(wording))
    raise typer.Exit(3 if summary.failures else 0)


def _check(given: dict[str, Any], others: tuple[Option, ...]) -> None:
    """Options of the other kind of shrinking mean that --out is not what was meant."""
    for option in others:
        if option.field in given:
            raise UsageError(
                "{option} does not go with --out {out}. A model file (.onnx) is made without training; a folder "
                "gets a pruned network that learns again.",
                option=option.flags.split()[0],
                out=given["out"],
            )


def _show(found: Table, *, without: tuple[int, ...] = ()) -> None:
    """The table of the report, its intervals and some columns left to the report: a terminal has 80 columns."""
    table = plain_table()
    places = [place for place in range(1, len(found.columns)) if place not in without]
    table.add_column(shown(found.columns[0].title))
    for place in places:
        words = (*found.columns[place].title.split(), *(row.cells[place].text for row in found.rows))
        table.add_column(shown(found.columns[place].title), justify="right", width=max(map(len, words)))
    for row in found.rows:
        name = "\n".join(filter(None, (row.cells[0].text, row.cells[0].detail)))
        table.add_row(shown(name), *(shown(row.cells[place].text) for place in places))
    show(table)
