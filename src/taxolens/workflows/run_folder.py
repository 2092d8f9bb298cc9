"""A run folder: everything that one training left, complete or not there at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from taxolens.core.errors import OutputError, UsageError

MODEL = "model.onnx"
REPORT = "report.html"
METRICS = "metrics.json"
HISTORY = "history.csv"
SPLIT = "split.csv"
PREDICTIONS = "test_predictions.csv"
RECIPE = "recipe.json"


@contextmanager
def run_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Gives a folder to fill, which becomes `out` when all went well and vanishes otherwise.

    Args:
        out: the run folder to be.
        overwrite: a run that lies there already is replaced, but only once the new one is complete.

    Raises:
        UsageError: something else lies at `out`, or a run that may not be replaced.
        OutputError: no folder can be made there.
    """
    check_free(out, overwrite=overwrite)
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            "The run folder {out} cannot be made: {why}. Name another place with --out.",
            out=out,
            why=error.strerror or error,
        ) from error
    try:
        yield unfinished
        _put_in_place(unfinished, out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuses a place that holds something else, before any work is done."""
    if out.is_file():
        raise UsageError("{out} is a file, not a folder. Name a folder for the run with --out.", out=out)
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / RECIPE).is_file():
        raise UsageError("The folder {out} holds other things. Name a new folder with --out.", out=out)
    if not overwrite:
        raise UsageError(
            "The folder {out} holds a run already. Name another with --out, or add --overwrite.", out=out
        )


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Writes a document so that people can read it too."""
    path.write_text(json_text(document), encoding="utf-8")


def json_text(document: Mapping[str, Any]) -> str:
    """JSON that people can read too."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _put_in_place(unfinished: Path, out: Path) -> None:
    if out.exists():
        old = out.with_name(f".{out.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        out.replace(old)
        unfinished.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    else:
        unfinished.replace(out)
