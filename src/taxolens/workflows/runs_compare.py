"""Runs beside each other: what was asked differently, what came out, and whether it could be luck."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.rivals import Rivalry, rivalries
from taxolens.formats.source import printable
from taxolens.workflows.run_folder import PREDICTIONS
from taxolens.workflows.run_record import RunRecord, held_back_by

_PLACES = frozenset({"out", "overwrite", "workers", "language", "track"})  # what changes nothing in a model
_SCORES = "p:"
_PROBED = 100

PhotoKey = tuple[str, str, int]
"""What a photo is known by (its hash, or its name), its true class, and which of several such it is, from 1."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of the recipe that is not the same in all runs, and its value in each."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedTest:
    """What runs answered on photos that all of them held back.

    Attributes:
        n: such photos.
        left_out: photos that only some of them held back.
        rivalries: each run against the first; empty where no photo is shared.
    """

    n: int
    left_out: int
    rivalries: tuple[Rivalry, ...]


@dataclass(frozen=True, slots=True)
class RunsComparison:
    """Runs beside each other."""

    runs: tuple[RunRecord, ...]
    fields: tuple[FieldRow, ...]
    test: SharedTest


def compare_runs(runs: Sequence[RunRecord]) -> RunsComparison:
    """Compares at least two runs, each with the first.

    Raises:
        DataError: the held-back answers of a run cannot be read.
    """
    return RunsComparison(tuple(runs), differing_fields([run.recipe for run in runs]), _shared_test(runs))


def differing_fields(recipes: Sequence[Mapping[str, Any]]) -> tuple[FieldRow, ...]:
    """The fields that are not the same in all recipes, by their dotted names."""
    flat = [dict(flat_fields(recipe)) for recipe in recipes]
    names = dict.fromkeys(name for one in flat for name in one)
    rows = (FieldRow(name, tuple(one.get(name, "") for one in flat)) for name in names)
    return tuple(row for row in rows if len(set(row.values)) > 1 and row.name not in _PLACES)


def flat_fields(document: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested tables as pairs of a dotted name and a text."""
    found: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            found += flat_fields(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, "" if value is None else str(value)))
    return found


def read_answers(folder: Path) -> Answers:
    """What a run answered on the photos that it held back.

    Raises:
        DataError: the table is not there or damaged.
    """
    table = folder / PREDICTIONS
    try:
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = list(csv.DictReader(file))
        return _answers(rows)
    except (OSError, csv.Error, KeyError, ValueError, TypeError) as error:
        raise DataError("{table} cannot be read: {why}.", table=table, why=error) from error


def _answers(rows: Sequence[Mapping[str, str]]) -> Answers:
    labels = tuple(
        name.removeprefix(_SCORES) for name in (rows[0] if rows else {}) if name.startswith(_SCORES)
    )
    place = {label: index for index, label in enumerate(labels)}
    scores = np.array([[float(row[_SCORES + label]) for label in labels] for row in rows], dtype=np.float64)
    groups = np.array([int(row["group"]) for row in rows], dtype=np.int64)
    return Answers(
        labels=labels,
        names=tuple(_name(row) for row in rows),
        truth=np.array([place[row["truth"]] for row in rows], dtype=np.int64),
        # Written with few decimals, so the sums are a little off.
        probabilities=scores / scores.sum(axis=1, keepdims=True) if rows else np.empty((0, len(labels))),
        groups=groups if len(np.unique(groups)) < len(rows) else None,
    )


def _name(row: Mapping[str, str]) -> str:
    """Of a photo, or of a box in it."""
    return f"{row['file']}#{row['number']}" if row.get("number") else row["file"]


def _shared_test(runs: Sequence[RunRecord]) -> SharedTest:
    """Photos are the same where true class and bytes are; where a run does not know the bytes, the name counts."""
    if any(run.figures.of_boxes for run in runs):
        return SharedTest(0, 0, ())  # what detectors answered on single photos is not kept
    told = [read_answers(run.folder) for run in runs]
    labels = tuple(dict.fromkeys(label for one in told for label in one.labels))
    keys = photo_keys(told, [_hashes(run.folder, one.names) for run, one in zip(runs, told, strict=True)])
    shared = set(keys[0]).intersection(*keys[1:])
    everything = set(keys[0]).union(*keys[1:])
    if not shared:
        return SharedTest(0, len(everything), ())
    order = [key for key in keys[0] if key in shared]
    aligned = [_aligned(one, own, order, labels) for one, own in zip(told, keys, strict=True)]
    # What belongs together is the first run's to say, lest each draw other groups.
    same = [replace(one, names=aligned[0].names, groups=aligned[0].groups) for one in aligned]
    return SharedTest(len(order), len(everything - shared), rivalries(same, 0))


def _hashes(folder: Path, names: Sequence[str]) -> tuple[str | None, ...]:
    """Hashes of photos, where the run's split holds them. It names files from elsewhere than the answers do."""
    files = {printable(file): sha256 for file, sha256 in held_back_by(folder).items()}
    first = next(iter(names), "")
    above = {file.removesuffix(first) for file in files if file.endswith(first)}
    folders = sorted(place for place in above if not place or place.endswith("/"))
    root = max(folders, key=lambda one: sum(one + name in files for name in names[:_PROBED]), default="")
    return tuple(files.get(root + name) for name in names)


def photo_keys(told: Sequence[Answers], hashes: Sequence[Sequence[str | None]]) -> list[list[PhotoKey]]:
    """What tells photos of runs apart: by the hash where it is known, else by the name.

    A photo whose hash a run does not know has that of the photo of its name and class in another run. Of
    photos with the same bytes and class the first belongs to the first, the second to the second.

    Args:
        hashes: of each run's photos; None where it is not known.
    """
    named = [
        [(name, one.labels[row]) for name, row in zip(one.names, one.truth, strict=True)] for one in told
    ]
    known: dict[tuple[str, str], str] = {}
    for photos, own in zip(named, hashes, strict=True):
        for photo, sha256 in zip(photos, own, strict=True):
            if sha256:
                known.setdefault(photo, sha256)
    keys: list[list[PhotoKey]] = []
    for photos, own in zip(named, hashes, strict=True):
        seen: Counter[tuple[str, str]] = Counter()
        keys.append([])
        for photo, sha256 in zip(photos, own, strict=True):
            same = sha256 or known.get(photo) or f"name:{photo[0]}", photo[1]
            seen[same] += 1
            keys[-1].append((*same, seen[same]))
    return keys


def _aligned(
    answers: Answers, keys: Sequence[PhotoKey], order: Sequence[PhotoKey], labels: tuple[str, ...]
) -> Answers:
    """The answers on some photos, in their order, over all classes."""
    row_of = {key: row for row, key in enumerate(keys)}
    rows = np.array([row_of[key] for key in order], dtype=np.int64)
    columns = np.array([labels.index(label) for label in answers.labels], dtype=np.int64)
    table: NDArray[np.float64] = np.zeros((len(rows), len(labels)))
    table[:, columns] = answers.probabilities[rows]
    return Answers(
        labels=labels,
        names=tuple(answers.names[row] for row in rows.tolist()),
        truth=columns[answers.truth[rows]],
        probabilities=table,
        groups=None if answers.groups is None else answers.groups[rows],
    )
