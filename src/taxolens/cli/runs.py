"""`taxolens runs`: the runs of a folder, listed, shown, compared, deleted, brought back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from taxolens.cli import options as shared
from taxolens.cli.help_page import App, examples
from taxolens.cli.runs_tables import compared, counts, document, facts, how_to_use, settings_of, table_of
from taxolens.cli.table import show_document
from taxolens.cli.words import language, say, tell
from taxolens.core.errors import UsageError
from taxolens.evaluation.rivals_document import rivalry_document
from taxolens.report.wording import Wording
from taxolens.workflows.compare_words import told_finding
from taxolens.workflows.run_record import read_run
from taxolens.workflows.runs import RunOrder, check_deletable, delete_run, find_runs, restore_run
from taxolens.workflows.runs_compare import RunsComparison, compare_runs

app = App(
    no_args_is_help=True,
    help=say("The runs that trainings left: list, show, compare, delete, restore."),
    epilog=examples("taxolens runs list", "taxolens runs show run/"),
)

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help=say("Run folder."))]
RunFolders = Annotated[list[Path], typer.Argument(metavar="RUN...", help=say("Run folders."))]


@app.command(
    "list",
    help=say("The runs below a folder, at any depth."),
    epilog=examples("taxolens runs list", "taxolens runs list experiments/ --sort accuracy"),
)
def list_runs(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER...]", help=say("Where to look; here when not given.")),
    ] = None,
    sort: Annotated[
        RunOrder, typer.Option("--sort", help=say("The newest first, or the most accurate first."))
    ] = RunOrder.DATE,
    as_json: shared.AsJson = False,
) -> None:
    """Shows the runs that can be read; exit code 3 when some could not."""
    places = folders or [Path()]
    found = find_runs(places, sort)
    if as_json:
        broken = [{"folder": str(one.folder), "reason": one.error.told(say)} for one in found.broken]
        show_document({"runs": [document(run) for run in found.runs], "broken": broken})
    elif found.runs:
        table_of(found.runs, places)
    else:
        tell([say("There is no run here. Train one: taxolens train DATA --out RUN")])
    if not as_json:
        tell((say("Skipped: {why}").format(why=one.error.told(say)) for one in found.broken), err=True)
    raise typer.Exit(3 if found.broken else 0)


@app.command(
    "show",
    help=say("What a run learnt from, how, how good it is, and how to use it."),
    epilog=examples("taxolens runs show run/", "taxolens runs show run/ --json"),
)
def show(run: RunFolder, as_json: shared.AsJson = False) -> None:
    """Shows one run."""
    record = read_run(run)
    if as_json:
        show_document({**document(record), "recipe": dict(record.recipe)})
        return
    facts(record)
    counts(record)
    settings_of(record)
    how_to_use(record)


@app.command(
    "compare",
    help=say("Runs side by side: settings that differ, figures, and whether the difference could be luck."),
    epilog=examples(
        "taxolens runs compare run/ another-run/", "taxolens runs compare run/ another-run/ --json"
    ),
)
def compare(runs: RunFolders, as_json: shared.AsJson = False) -> None:
    """Compares each run with the first one."""
    if len(runs) < 2:
        raise UsageError("Name at least two runs to compare.")
    found = compare_runs([read_run(run) for run in runs])
    if as_json:
        show_document(_comparison_document(found))
        return
    compared(found)
    tell(_told(found))


@app.command(
    "delete",
    help=say("Delete runs; they can be brought back with restore."),
    epilog=examples("taxolens runs delete old-run/", "taxolens runs delete old-run/ older-run/ --yes"),
)
def delete(
    runs: RunFolders,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("Do not ask."))] = False,
    quiet: shared.Quiet = False,
) -> None:
    """Moves runs into a hidden folder beside them, after asking."""
    check_deletable(runs)
    if not quiet:
        tell(f"{run}: {Wording(say, language).megabytes(_size(run))}" for run in runs)
    if not yes:
        _ask(len(runs))
    for run in runs:
        place = delete_run(run)
        if not quiet:
            template = say("Deleted: {run}. It lies in {place}; bring it back: taxolens runs restore {run}")
            tell([template.format(run=run, place=place)])
    if not quiet:
        tell([say("Their space is free once you remove that folder.")])


@app.command(
    "restore",
    help=say("Bring back a deleted run."),
    epilog=examples("taxolens runs restore old-run/", "taxolens runs restore old-run/ older-run/"),
)
def restore(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help=say("Where the run lay."))],
    quiet: shared.Quiet = False,
) -> None:
    """Moves runs back to where they were."""
    for run in runs:
        restore_run(run)
        if not quiet:
            tell([say("Restored: {run}").format(run=run)])


def _ask(runs: int) -> None:
    if not sys.stdin.isatty():
        raise UsageError("Nothing was deleted, since nobody can be asked here. Add --yes to delete.")
    question = say("Delete this run?") if runs == 1 else say("Delete these {n} runs?").format(n=runs)
    typer.echo(f"{question} [{say('y')}/N] ", nl=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", say("y"), say("yes")):
        tell([say("Nothing was deleted.")])
        raise typer.Exit(0)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _told(found: RunsComparison) -> list[str]:
    names = [run.name for run in found.runs]
    wording = Wording(say, language)
    lines = [told_finding(one, names, wording) for one in found.test.rivalries]
    if any(run.figures.of_boxes for run in found.runs):
        return lines
    if not found.test.n:
        lines.append(
            say(
                "They held back different photos, so their figures cannot be compared one by one. "
                "Do it on the same photos: taxolens compare RUN RUN DATA"
            )
        )
    elif found.test.left_out:
        lines.append(
            say("Judged on the {n} photos that all of them held back; {others} others are left out.").format(
                n=found.test.n, others=found.test.left_out
            )
        )
    return lines


def _comparison_document(found: RunsComparison) -> dict[str, Any]:
    names = [str(run.folder) for run in found.runs]
    return {
        "runs": [document(run) for run in found.runs],
        "fields": {row.name: dict(zip(names, row.values, strict=True)) for row in found.fields},
        "shared_test_photos": found.test.n,
        "left_out": found.test.left_out,
        "pairs": [rivalry_document(one, names) for one in found.test.rivalries],
    }
