"""Runs as tables for a terminal of 80 columns, and as values for programs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from taxolens.cli.table import facts_table, plain_table, show, shown
from taxolens.cli.words import language, say
from taxolens.evaluation.result import Interval
from taxolens.report.wording import Wording
from taxolens.workflows.run_folder import MODEL, REPORT
from taxolens.workflows.run_record import RunRecord
from taxolens.workflows.runs_compare import RunsComparison

_WORDING = Wording(say, language)
_CLASSES_SHOWN = 30


def table_of(runs: Sequence[RunRecord], folders: Sequence[Path]) -> None:
    """One run a row, two lines each; named from the folder that was searched, where it is one."""
    table = plain_table()
    table.add_column(say("Run"), overflow="fold")
    table.add_column(say("Date"), no_wrap=True)
    table.add_column(f"{say('Photos')}\n{say('Classes')}", justify="right")
    table.add_column(f"{say('Accuracy')}\n/ mAP50 %", justify="right")
    table.add_column("F1", justify="right")
    table.add_column(f"{say('Method')}\n{say('Backbone')}", overflow="fold")
    table.add_column(say("MB"), justify="right")
    for run in runs:
        figures = run.figures
        best = figures.headline
        table.add_row(
            shown(_below(run.folder, folders)),
            f"{run.created.astimezone():%Y-%m-%d\n%H:%M}",
            f"{_WORDING.count(run.photos)}\n{len(figures.per_class)}",
            f"{_percent(best.value)}\n{_percent(best.low)}–{_percent(best.high)}",
            _WORDING.decimal(figures.harmony, 3),
            f"{shown(run.method)}\n{shown(run.backbone)}",
            _WORDING.decimal(run.size / 1e6, 1),
        )
    show(table)


def facts(run: RunRecord) -> None:
    """Figures, and what they rest on."""
    figures, split = run.figures, run.figures.split
    failures = len(figures.failures)
    show(
        facts_table(
            {
                say("Run"): shown(run.folder),
                say("Name"): run.card.name,
                say("Created"): f"{run.created.astimezone():%Y-%m-%d %H:%M}, {run.card.created_with}",
                say("Learnt from"): f"{run.data}: {say('{n} photos').format(n=_WORDING.count(run.photos))}"
                + (f", {say('{n} could not be read').format(n=failures)}" if failures else ""),
                say("Split"): say(
                    "{train} to learn, {val} to choose, {test} to judge; kept together: {by}"
                ).format(
                    train=_WORDING.count(split.train),
                    val=_WORDING.count(split.val),
                    test=_WORDING.count(split.test),
                    by=say(split.by) if split.by and split.by != "none" else say("single photos"),
                ),
                say("Method"): f"{run.method}, {run.backbone}".rstrip(", "),
                say("Judged"): say("{n} photos").format(n=_WORDING.count(figures.n)),
                **{name: value for name, (value,) in _judged([run], " ").items()},
                say("Unsure below"): _WORDING.decimal(figures.unsure_below, 3)
                if figures.unsure_below
                else "",
                say("Time"): _WORDING.duration(sum(figures.seconds.values())) if figures.seconds else "",
                say("Model file"): _WORDING.megabytes(run.size),
            }
        )
    )


def counts(run: RunRecord) -> None:
    """How each class fared."""
    table = plain_table()
    table.add_column(say("Class"), overflow="fold")
    for head in (say("Judged"), say("Found (recall)"), say("Trustworthy (precision)"), "F1"):
        table.add_column(head, justify="right")
    known = [(label, one) for label, one in run.figures.per_class.items() if isinstance(one, Mapping)]
    for label, one in known[:_CLASSES_SHOWN]:
        shares = (_share(one.get(name)) for name in ("recall", "precision", "f1"))
        table.add_row(shown(label), str(one.get("support", "")), *shares)
    if len(known) > _CLASSES_SHOWN:
        table.caption = say("... and {more} more").format(more=len(known) - _CLASSES_SHOWN)
    show(table)


def settings_of(run: RunRecord) -> None:
    """The recipe without what is nothing."""
    table = plain_table()
    table.add_column(say("Setting"), no_wrap=True)
    table.add_column(say("Value"), overflow="fold")
    for name, value in _flat(run.asked):
        table.add_row(shown(name), shown(value))
    show(table)


def how_to_use(run: RunRecord) -> None:
    """What to type next."""
    model = shlex.quote(str(run.folder / MODEL))
    console = Console(highlight=False, markup=False)
    for purpose, line in (
        (say("Name new photos: {line}"), f"taxolens identify PHOTOS --model {model} --out results.csv"),
        (say("Judge it on other photos: {line}"), f"taxolens evaluate {model} DATA --report page.html"),
        (say("Read its report: {line}"), str(run.folder / REPORT)),
    ):
        console.print(shown(purpose.format(line=line)), soft_wrap=True)


def compared(found: RunsComparison) -> None:
    """Settings that differ and figures, one column for each run."""
    table = plain_table()
    table.add_column("", overflow="fold")
    for run in found.runs:
        table.add_column(shown(run.name), overflow="fold")
    for row in found.fields:
        table.add_row(shown(row.name), *(shown(value or "-") for value in row.values))
    table.add_section()
    for name, values in _figure_rows(found.runs).items():
        table.add_row(name, *values)
    show(table)


def document(run: RunRecord) -> dict[str, Any]:
    """What a program may want of a run."""
    figures = run.figures
    return {
        "folder": str(run.folder),
        "name": run.card.name,
        "created": run.created.isoformat(),
        "method": run.method,
        "backbone": run.backbone,
        "data": run.data,
        "photos": run.photos,
        "classes": list(figures.per_class),
        "split": figures.split.model_dump(),
        "n": figures.n,
        "accuracy": figures.accuracy,
        "map50": figures.map50,
        "map50_95": figures.map50_95,
        "macro_f1": figures.macro_f1,
        "top5": figures.top5,
        "loss": figures.loss,
        "ece": figures.ece,
        "intervals": {name: list(limits) for name, limits in figures.intervals.items()},
        "bytes": run.size,
    }


def _figure_rows(runs: Sequence[RunRecord]) -> dict[str, list[str]]:
    def row(write: Any) -> list[str]:
        return [write(run) for run in runs]

    return {
        say("Date"): row(lambda run: f"{run.created.astimezone():%Y-%m-%d %H:%M}"),
        say("Photos"): row(lambda run: _WORDING.count(run.photos)),
        say("Judged"): row(lambda run: _WORDING.count(run.figures.n)),
        **_judged(runs, "\n"),
        say("Backbone"): row(lambda run: shown(run.backbone)),
        say("Model file"): row(lambda run: _WORDING.megabytes(run.size)),
        say("Time"): row(lambda run: _WORDING.duration(sum(run.figures.seconds.values()))),
    }


def _judged(runs: Sequence[RunRecord], between: str) -> dict[str, list[str]]:
    """The figures that any of the runs has, one text for each run."""
    found = {
        say("Accuracy"): [_share_of(run.figures.interval("accuracy"), between) for run in runs],
        "Macro-F1": [_number_of(run.figures.interval("macro_f1"), between) for run in runs],
        "mAP50": [_number_of(run.figures.interval("map50"), between) for run in runs],
        "mAP50-95": [_number_of(run.figures.interval("map50_95"), between) for run in runs],
        say("Found (recall)"): [_share_of(run.figures.interval("recall"), between) for run in runs],
        say("Trustworthy (precision)"): [
            _share_of(run.figures.interval("precision"), between) for run in runs
        ],
        say("Log loss"): [
            "" if run.figures.loss is None else _WORDING.decimal(run.figures.loss, 3) for run in runs
        ],
        say("Calibration error (ECE)"): [
            "" if run.figures.ece is None else _WORDING.percent(run.figures.ece) for run in runs
        ],
    }
    return {name: values for name, values in found.items() if any(values)}


def _flat(document_: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in document_.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        elif value is not None and value is not False and value not in ("", []):
            found.append((prefix + name, str(value)))
    return found


def _below(run: Path, folders: Sequence[Path]) -> Path:
    return run.relative_to(folders[0]) if len(folders) == 1 and run != folders[0] else run


def _percent(share: float) -> str:
    return _WORDING.decimal(100 * share, 1)


def _share_of(figure: Interval | None, between: str = " ") -> str:
    if figure is None:
        return ""
    return f"{_WORDING.percent(figure.value)}{between}({_WORDING.percent_range(figure.low, figure.high)})"


def _number_of(figure: Interval | None, between: str = " ") -> str:
    if figure is None:
        return ""
    value, low, high = (_WORDING.decimal(one, 3) for one in (figure.value, figure.low, figure.high))
    return f"{value}{between}({say('{low} to {high}').format(low=low, high=high)})"


def _share(value: object) -> str:
    return _WORDING.percent(value) if isinstance(value, int | float) else ""
