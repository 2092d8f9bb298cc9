"""`taxolens bench`: how fast this machine names photos, beside the plain ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.model_names import model_named
from taxolens.cli.option_table import Option, with_options
from taxolens.cli.progress import progress_for
from taxolens.cli.results_options import ENGINE
from taxolens.cli.source_options import MAX_MEGAPIXELS, WORKERS
from taxolens.cli.table import plain_table, show
from taxolens.cli.words import language, say
from taxolens.compose.trainers import load_peer_maker
from taxolens.recipes.bench import BenchRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.report.wording import Wording
from taxolens.workflows.bench import Benchmark, bench
from taxolens.workflows.bench_ways import Way

app = App()

EPILOG = examples(
    "taxolens bench card/ --model run/",
    "taxolens bench card/ --model run/ --variant small.onnx --engine openvino",
    "taxolens bench card/ --model run/model.onnx --photos-used 500 --markdown speed.md",
)
PHOTOS = Option("photos", "photos", say("A folder of photos."), Path, "PHOTOS", required=True)
MODEL = Option(
    "--model",
    "model",
    say("Run folder or model file; a run of a network allows PyTorch's own way too."),
    Path,
    "RUN|FILE",
    required=True,
    read=model_named,
)
VARIANT = Option(
    "--variant", "variant", say("A faster model file made of it by shrink, measured too."), Path, "FILE"
)
MOST = Option("--photos-used", "most", say("Photos to use, spread over the folder (200)."), int, "N")
ROUNDS = Option("--rounds", "rounds", say("How often the ways take turns (5)."), int, "N")
MARKDOWN = Option("--markdown", "markdown", say("Write a table for a page of documentation."), Path, "FILE")
_NAMES: Mapping[Way, str] = MappingProxyType(
    {
        Way.TORCH: "PyTorch",
        Way.ONNX: "onnxruntime",
        Way.OURS: "taxolens",
        Way.VARIANT: "taxolens, variant",
    }
)


@app.command(help=say("Measure how fast this machine names photos."), epilog=EPILOG)
@with_options(PHOTOS, MODEL, VARIANT, ENGINE, MOST, ROUNDS, WORKERS, MAX_MEGAPIXELS, shared.JSON, MARKDOWN)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and runs its workflow."""
    recipe = parse_recipe(BenchRecipe, given)
    found = bench(recipe, peers=load_peer_maker, progress=progress_for(quiet), say=say)
    if not quiet:
        _show(found, Wording(say, language))


def _show(found: Benchmark, wording: Wording) -> None:
    """One way a row, two lines each, for a terminal of 80 columns."""
    table = plain_table()
    table.add_column(say("Way"), no_wrap=True)
    for heading in (
        say("Photos/s"), say("Times as fast"), say("Processor, ms"), say("Memory, MB"), say("Same answer, %")
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for one in found.ways:
        table.add_row(
            _NAMES[one.way],
            _two((one.rate, one.slowest, one.fastest), wording, 1),
            _two((one.times, one.times_low, one.times_high), wording, 2),
            wording.decimal(one.processor, 1),
            wording.decimal(one.megabytes, 0) if one.megabytes else "",
            wording.decimal(100 * one.agreement, 1),
        )
    show(table)
    show(*_told(found, wording))


def _two(figure: tuple[float, float, float], wording: Wording, digits: int) -> str:
    value, low, high = (wording.decimal(one, digits) for one in figure)
    return f"{value}\n{low}–{high}"


def _told(found: Benchmark, wording: Wording) -> tuple[str, ...]:
    stages = {
        "read": say("reading"),
        "decode": say("decoding"),
        "resize": say("resizing"),
        "infer": say("the network"),
        "write": say("writing"),
    }
    parts = ", ".join(
        f"{stages[name]} {wording.decimal(value, 2)}" for name, value in asdict(found.stages).items()
    )
    return (
        say(
            "PyTorch and onnxruntime: whole photos decoded, one by one, on all processors; "
            "taxolens: what identify does, results on the disk included."
        ),
        say(
            "{n} photos of {megapixels} megapixels, {workers} at once; the range is that of the rounds."
        ).format(
            n=wording.count(found.photos),
            megapixels=wording.decimal(found.megapixels, 1),
            workers=wording.count(found.workers),
        ),
        say("Milliseconds of a photo on one processor: {parts}.").format(parts=parts),
        say("That is {share} of what decoding and the network alone allow.").format(
            share=wording.percent(found.ways[-1].rate / found.bound, 0)
        ),
    )
