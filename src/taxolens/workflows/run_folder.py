"""A run folder: everything that one training left, complete or not there at all."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from taxolens.core.errors import UsageError
from taxolens.core.search import STUDY
from taxolens.core.tracking import EVENTS
from taxolens.storage.atomic import PART, told_as_output
from taxolens.storage.lock import held, lock_beside

MODEL = "model.onnx"
REPORT = "report.html"
METRICS = "metrics.json"
HISTORY = "history.csv"
SPLIT = "split.csv"
FURTHER = "further.csv"
"""Photos without names that it learnt from too, where there are any."""
PREDICTIONS = "test_predictions.csv"
RECIPE = "recipe.json"
WEIGHTS = "weights.safetensors"
"""Of a trained network, to go on from; a head needs none."""
PICKLED = "weights.pt"
"""Of a detector of ultralytics: nothing but that library's own process opens it."""

TUNING = "tuning.html"
TRIALS = "trials.csv"
BEST = "best.toml"
"""These, and the study itself, are of a run that a search ended in."""

_WRITTEN = frozenset(
    {
        MODEL,
        REPORT,
        METRICS,
        HISTORY,
        SPLIT,
        FURTHER,
        PREDICTIONS,
        RECIPE,
        WEIGHTS,
        PICKLED,
        TUNING,
        TRIALS,
        BEST,
        STUDY,
        EVENTS,
    }
)
_NOBODYS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # file managers leave them wherever they look
_ALWAYS_THERE = (MODEL, RECIPE, SPLIT)
_ALWAYS_ASKED = frozenset({"source", "method"})
_UNFINISHED = "unfinished"
_OLD = "old"


@contextmanager
def run_folder(out: Path, *, overwrite: bool, data: Path | None = None) -> Iterator[Path]:
    """Gives a folder to fill, which becomes `out` when all went well and vanishes otherwise.

    What a killed training left beside `out` goes too; a run that it was about to replace comes back first.

    Args:
        out: the run folder to be.
        overwrite: a run that lies there already is replaced, but only once the new one is complete.
        data: what is learnt from.

    Raises:
        UsageError: something else lies at `out`, a run that may not be replaced, or another training
            writes there at this moment.
        OutputError: no folder can be made there.
    """
    check_free(out, overwrite=overwrite, data=data)
    place = out.resolve()
    busy = UsageError(
        "Another training is writing {out}. Wait until it is done, or name another --out.", out=out
    )
    with held(lock_beside(place), busy=busy, place=out):
        _end_swap(place)
        check_free(out, overwrite=overwrite, data=data)
        _remove(_left_behind(place, _UNFINISHED))
        unfinished = _beside(place, _UNFINISHED)
        with told_as_output(out):
            unfinished.mkdir()
        try:
            yield unfinished
            with told_as_output(out):
                _put_in_place(unfinished, place)
        finally:
            _remove([unfinished])


def check_free(out: Path, *, overwrite: bool, data: Path | None = None) -> None:
    """Refuses a place that holds something else, before any work is done.

    Raises:
        UsageError: a file, a folder that is no run or holds more than a run, a run without `overwrite`,
            or a folder that holds `data`.
        OutputError: the place may not be looked at.
    """
    with told_as_output(out):
        if out.is_file():
            raise UsageError("{out} is a file, not a folder. Name a folder for the run with --out.", out=out)
        if data is not None and data.resolve().is_relative_to(out.resolve()):
            raise UsageError(
                "The data {data} lie in the folder {out} of the run. Name another folder with --out.",
                data=data,
                out=out,
            )
        names = {path.name for path in out.iterdir()} if out.exists() else set()
        if names:
            _check_replaceable(out, names, overwrite)


def _check_replaceable(out: Path, names: set[str], overwrite: bool) -> None:
    if not is_run(out):
        raise UsageError("The folder {out} holds other things. Name a new folder with --out.", out=out)
    if not overwrite:
        raise UsageError(
            "The folder {out} holds a run already. Name another with --out, or add --overwrite.", out=out
        )
    if others := beside_run(out):
        raise UsageError(
            "The folder {out} holds {other} beside its run. Move it away or name another folder with --out.",
            out=out,
            other=others[0],
        )


def beside_run(folder: Path) -> tuple[str, ...]:
    """Names of what lies in a run folder and was not left by a training, sorted."""
    return tuple(sorted({path.name for path in folder.iterdir()} - _WRITTEN - _NOBODYS))


def is_run(folder: Path) -> bool:
    """Whether a training made it; a file of the same name alone does not say so."""
    if not all((folder / name).is_file() for name in _ALWAYS_THERE):
        return False
    try:
        recipe = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(recipe, dict) and recipe.keys() >= _ALWAYS_ASKED


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Writes a document so that people can read it too."""
    path.write_text(json_text(document), encoding="utf-8")


def json_text(document: Mapping[str, Any]) -> str:
    """JSON that people can read too."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _put_in_place(unfinished: Path, place: Path) -> None:
    """The old run is away only between two renames, and comes back where the second fails."""
    old = _beside(place, _OLD)
    if place.exists():
        place.replace(old)
    try:
        unfinished.replace(place)
    except BaseException:
        if old.exists():
            old.replace(place)
        raise
    _remove([old, *_left_behind(place, _OLD)])


def _end_swap(place: Path) -> None:
    """Brings back the old run where a training was killed between its two renames."""
    if place.exists():
        return
    for old in filter(is_run, _left_behind(place, _OLD)):
        with told_as_output(place):
            old.replace(place)
        return


def _beside(place: Path, kind: str) -> Path:
    # Not tempfile.mkdtemp, whose folders nobody else may read: this one becomes the run.
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}.{kind}")


def _left_behind(place: Path, kind: str) -> list[Path]:
    """What killed trainings into the same folder left, which only the holder of the lock may ask."""
    named = re.compile(rf"\.{re.escape(place.name)}\.[0-9a-f]{{8}}\.{kind}")
    return [path for path in place.parent.iterdir() if named.fullmatch(path.name) and _is_ours(path)]


def _is_ours(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return all(name in _WRITTEN | _NOBODYS or name.endswith(PART) for name in names)


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
