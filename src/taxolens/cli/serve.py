"""`taxolens serve`: models over HTTP, and a page to try them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.detector_option import DETECTOR
from taxolens.cli.help_page import App, examples
from taxolens.cli.model_names import model_named
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.tile_options import TILE
from taxolens.cli.words import last_words, say, tell
from taxolens.compose.server import Listening, export_triton, serve
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.serve import LogForm, LogLevel, ServeRecipe

if TYPE_CHECKING:
    from taxolens.server.page.examples import Examples

app = App()

EPILOG = examples(
    "taxolens serve run/model.onnx",
    "taxolens serve beetles=run/model.onnx moths=moths.onnx --alias champion=beetles --port 9000",
    "taxolens serve species.onnx --detector detector.onnx --host 0.0.0.0 --api-key-file keys.txt",
    "taxolens serve run/model.onnx --export-triton triton/",
    note=say("A form, a program or tritonclient may ask; docs/serving.md shows how."),
)
_BROKEN_OFF = 130
_NETWORK, _LIMITS, _LOG = say("Network"), say("Limits"), say("Log")


def _files(typed: list[str]) -> list[str]:
    """Files, also where a ready model is named instead."""
    told = []
    for text in typed:
        name, sign, path = text.partition("=")
        if sign and not Path(text).exists():
            told.append(f"{name}={model_named(Path(path))}" if path else text)
        else:
            told.append(str(model_named(Path(text))))
    return told


OPTIONS = (
    Option(
        "models",
        "models",
        say(
            "Model files, pipelines (.toml) or names of ready models; NAME=FILE gives one a name of its own."
        ),
        list[str],
        "MODEL...",
        read=_files,
    ),
    Option("--host", "host", say("Address to listen at; 0.0.0.0: all (127.0.0.1)."), panel=_NETWORK),
    Option("--port", "port", say("Port; 0: any that is free (8080)."), int, "N", panel=_NETWORK),
    Option(
        "--api-key-file",
        "api_key_file",
        say("Keys that open the server, one a line, also as NAME: KEY."),
        Path,
        "FILE",
        panel=_NETWORK,
    ),
    Option(
        "--cors",
        "cors",
        say("A page of this address may let browsers ask, as https://example.org."),
        list[str],
        "ORIGIN",
        panel=_NETWORK,
    ),
    Option("--alias", "alias", say("Another name for a model."), list[str], "ALIAS=NAME"),
    DETECTOR,
    *under("tile", TILE),
    Option("--watch", "watch", say("Load a file anew when it changes; look every S seconds."), float, "S"),
    Option("--examples", "examples", say("Photos that the page offers to try (drawn ones)."), Path, "DIR"),
    Option(
        "--workers", "workers", say("Processes that answer (one per processor)."), int, "N", panel=_LIMITS
    ),
    Option(
        "--max-queue",
        "max_queue",
        say("Photos that may wait; who comes then is told to come again (64)."),
        int,
        "N",
        panel=_LIMITS,
    ),
    Option("--seconds", "seconds", say("Longest time to an answer (30)."), float, "S", panel=_LIMITS),
    Option("--max-megabytes", "max_megabytes", say("Of one request (64)."), float, "N", panel=_LIMITS),
    Option(
        "--max-megapixels",
        "max_megapixels",
        say("Photos that announce more pixels are refused (50)."),
        float,
        "N",
        panel=_LIMITS,
    ),
    Option("--max-photos", "max_photos", say("In one request (32)."), int, "N", panel=_LIMITS),
    Option(
        "--max-connections",
        "max_connections",
        say("At once, those that rest too (512)."),
        int,
        "N",
        panel=_LIMITS,
    ),
    Option("--log", "log", say("How the log is written (text)."), metavar="|".join(LogForm), panel=_LOG),
    Option(
        "--log-level",
        "log_level",
        say("What it tells at least (info)."),
        metavar="|".join(LogLevel),
        panel=_LOG,
    ),
    Option(
        "--export-triton",
        "export_triton",
        say("Write a model repository for Triton, and serve nothing."),
        Path,
        "DIR",
    ),
)


@app.command(help=say("Answer over HTTP, with a page to try it."), epilog=EPILOG)
@with_options(*OPTIONS)
def command(given: dict[str, Any], quiet: shared.Quiet = False) -> None:
    """Parses a recipe and serves until it is told to stop."""
    if quiet:
        given.setdefault("log_level", LogLevel.ERROR.value)
    recipe = parse_recipe(ServeRecipe, {"models": (), **given})
    if recipe.export_triton is not None:
        written = export_triton(recipe, recipe.export_triton)
        if not quiet:
            tell(say("Written: {out}").format(out=folder) for folder in written)
        return
    if not serve(recipe, ready=(lambda where: None) if quiet else _tell, drawn=_drawn):
        last_words([say("Ended at once. Whoever still waited for an answer got none.")])
        raise typer.Exit(_BROKEN_OFF)


def _drawn() -> Examples:
    """Drawings for the page, where there are no photos for it."""
    from taxolens.demo.examples import drawn_examples

    return drawn_examples()


def _tell(where: Listening) -> None:
    """Where the server is, once it answers."""
    tell(
        [
            say("Models: {names}").format(names=", ".join(where.models)),
            say("The page to try them: {address}").format(address=f"{where.address}/"),
            say(
                "For programs: {predict}, and {protocol} (Open Inference Protocol); described at {openapi}"
            ).format(
                predict=f"{where.address}/predict",
                protocol=f"{where.address}/v2",
                openapi=f"{where.address}/openapi.json",
            ),
        ]
    )
    if where.open_to_all:
        tell([say("Everybody who reaches this machine may ask it. Ask for keys with --api-key-file.")])
    tell([say("Stop it with Ctrl-C.")])
