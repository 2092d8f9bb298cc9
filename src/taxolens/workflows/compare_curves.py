"""How the runs of a comparison learnt, their curves over each other."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from taxolens.report.curves import Series, line_chart
from taxolens.report.page import Block, Pair, Section
from taxolens.report.wording import Wording
from taxolens.workflows.compare_facts import Comparison
from taxolens.workflows.run_folder import HISTORY

_EPOCH = "number"  # see taxolens.core.trainer.Epoch, whose fields are the columns
_Curve = tuple[tuple[float, float], ...]


def curves_section(found: Comparison, wording: Wording) -> Section | None:
    """Validation loss and accuracy by epoch, of the runs that have epochs; None where none has."""
    histories = [(model.name, read_history(model.run)) for model in found.models if model.run]
    histories = [(name, curves) for name, curves in histories if curves]
    if not histories:
        return None
    say = wording.say
    charts: list[Block] = []
    for column, title, percent in (
        ("val_loss", say("Loss on validation photos"), False),
        ("val_accuracy", say("Accuracy on validation photos"), True),
        ("train_loss", say("Loss on training photos"), False),
    ):
        series = [Series(name, curves[column]) for name, curves in histories if curves.get(column)]
        if series:
            reading = say("One line for each run.") if len(series) > 1 else series[0].name
            charts.append(
                line_chart(
                    series,
                    wording,
                    title=title,
                    reading=reading,
                    x_title=say("Epoch"),
                    y_title=title,
                    percent=percent,
                )
            )
    if not charts:
        return None
    return Section("curves", say("How they learnt"), blocks=(Pair(tuple(charts)),))


def read_history(run: Path) -> Mapping[str, _Curve]:
    """Column to its points (epoch, value); empty where the run has no epochs or its history cannot be read."""
    try:
        with (run / HISTORY).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error, UnicodeDecodeError):
        return {}
    if not rows or _EPOCH not in rows[0]:
        return {}
    names = [name for name in rows[0] if name and name != _EPOCH]
    return {name: curve for name in names if (curve := _curve(rows, name))}


def _curve(rows: Sequence[Mapping[str, str]], name: str) -> _Curve:
    points = ((_number(row.get(_EPOCH)), _number(row.get(name))) for row in rows)
    return tuple((x, y) for x, y in points if math.isfinite(x) and math.isfinite(y))


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
