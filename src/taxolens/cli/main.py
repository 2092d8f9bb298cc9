"""Entry point: finds the command that is called, loads it alone, and tells errors in one sentence."""

from __future__ import annotations

import errno
import importlib
import io
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from taxolens.cli.help_page import Command, Group, examples
from taxolens.cli.stopping import interrupt_waits
from taxolens.cli.words import last_words, say
from taxolens.core.errors import TaxolensError, UsageError
from taxolens.core.version import VERSION
from taxolens.languages.translate import LANGUAGES, is_known

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives and what it is for."""

    module: str
    purpose: str


COMMANDS = {
    "demo": Entry("taxolens.cli.demo", say("Show everything in a minute, on drawn photos.")),
    "prepare": Entry("taxolens.cli.prepare", say("Divide, transform and balance labelled photos.")),
    "inspect": Entry("taxolens.cli.inspect", say("See what a data set holds and what is wrong with it.")),
    "train": Entry("taxolens.cli.train", say("Teach a model from labelled photos.")),
    "tune": Entry("taxolens.cli.tune", say("Search the settings of a training, then train with the best.")),
    "evaluate": Entry("taxolens.cli.evaluate", say("Judge a model on labelled photos.")),
    "compare": Entry(
        "taxolens.cli.compare", say("Judge several models on the same labelled photos, side by side.")
    ),
    "shrink": Entry("taxolens.cli.shrink", say("Make a trained network smaller and faster.")),
    "bench": Entry("taxolens.cli.bench", say("Measure how fast this machine names photos.")),
    "runs": Entry(
        "taxolens.cli.runs", say("The runs that trainings left: list, show, compare, delete, restore.")
    ),
    "identify": Entry("taxolens.cli.identify", say("Name what is in new photos.")),
    "serve": Entry("taxolens.cli.serve", say("Answer over HTTP, with a page to try it.")),
    "derive": Entry("taxolens.cli.derive", say("Decide stored results anew, without the model.")),
    "organise": Entry("taxolens.cli.organise", say("Sort copies of identified photos into folders.")),
    "merge": Entry("taxolens.cli.merge", say("Unite the results of several machines.")),
    "repeats": Entry("taxolens.cli.repeats", say("Find boxes of fixed objects, and set them aside.")),
    "convert": Entry("taxolens.cli.convert", say("Write in another format what other programs found.")),
    "models": Entry(
        "taxolens.cli.models",
        say("Backbones and model files: list, show, get, add, remove, describe, pipeline."),
    ),
    "datasets": Entry("taxolens.cli.datasets", say("Public image sets: list, show, get.")),
    "doctor": Entry("taxolens.cli.doctor", say("What is installed, where things lie, what is missing.")),
}


class Commands(Group):
    """The commands by name; help lists them without loading any."""

    listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of a first day's work."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command itself, or only its one line while help is written."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if self.listing:
            return Command(name=cmd_name, help=entry.purpose)
        with interrupt_waits():
            return typer.main.get_command(importlib.import_module(entry.module).app)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; an interrupt is told in a sentence before typer swallows it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if ctx.invoked_subcommand not in ("identify", "tune"):  # which have told more already
                last_words([say("Stopped. What was done is kept; the same command goes on.")])
            raise typer.Exit(_INTERRUPTED) from None

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Reads the options of every command; here too an interrupt has its own exit code."""
        try:
            return super().make_context(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the help page."""
        self.listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self.listing = False


app = typer.Typer(
    cls=Commands,
    help=say("Names what is in your photos, on the computer you have."),
    epilog=examples("taxolens demo", "taxolens train photos/ --out run/"),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"taxolens {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", help=say("Show the version and stop."), callback=_tell_version, is_eager=True
    ),
    lang: str = typer.Option("", "--lang", metavar="en|fr", help=say("Language of texts and reports.")),
) -> None:
    """Options of every command; what they ask for was done before this is called."""
    del version
    if lang and not is_known(lang):
        raise UsageError(
            "There is no language {lang}. Choose {known}.", lang=lang, known=", ".join(LANGUAGES)
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and leaves with its exit code."""
    if not sys.warnoptions:
        # Libraries warn developers; users are told by us, in their language.
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or a pipe that cannot write a sign shows another; it does not stop the work.
            stream.reconfigure(errors="replace")
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="taxolens")
    except TaxolensError as error:
        _fail(error.told(say), error.exit_code)
    except OSError as error:
        _fail(_told(error), 1)


def _told(error: OSError) -> str:
    """A system's refusal as a sentence that names the place and the mend."""
    place = error.filename or say("the output")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return say("The disk of {place} is full. Free some space and run the same command again.").format(
            place=place
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return say("{place} may not be read or written. Change its rights or name another place.").format(
            place=place
        )
    return say("{place}: the system says: {why}.").format(place=place, why=error.strerror or error)


def _fail(sentence: str, code: int) -> None:
    last_words(sentence.split("\n"))
    sys.exit(code)
