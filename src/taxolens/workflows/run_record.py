"""A run folder read back: what the training was asked, what it found, what it learnt from.

Nothing in a run names a place that must still exist: a run may be copied anywhere.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from taxolens.core.errors import DataError, TaxolensError
from taxolens.core.records import Part
from taxolens.evaluation.result import Interval
from taxolens.modelfile.card import Card
from taxolens.modelfile.peek import peek_card
from taxolens.recipes.train import parts_unread_by
from taxolens.workflows.run_folder import FURTHER, METRICS, MODEL, RECIPE, SPLIT, is_run

Document = TypeVar("Document", bound=BaseModel)


class _Part(BaseModel):
    # Trainings of other methods and later versions write more.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Divided(_Part):
    """How many photos went where, and what was kept on one side."""

    by: str = ""
    seed: int | None = None
    train: int = 0
    val: int = 0
    test: int = 0


class _Named(_Part):
    name: str = ""


class Figures(_Part):
    """`metrics.json` as far as it is shown; a classifier has an accuracy, a detector mean average precisions.

    Attributes:
        n: photos that were held back and judged.
        per_class: by label; what is said of each is not looked at here.
        seconds: by stage of the training.
    """

    accuracy: FiniteFloat | None = None
    macro_f1: FiniteFloat | None = None
    loss: FiniteFloat | None = None
    top5: FiniteFloat | None = None
    map50: FiniteFloat | None = None
    map50_95: FiniteFloat | None = None
    precision: FiniteFloat | None = None
    recall: FiniteFloat | None = None
    f1: FiniteFloat | None = None
    ece: FiniteFloat | None = None
    n: int = Field(ge=0)
    groups: int | None = None
    per_class: dict[str, Any]
    intervals: dict[str, tuple[FiniteFloat, FiniteFloat]] = Field(default_factory=dict)
    split: Divided = Divided()
    backbone: _Named = _Named()
    network: _Named = _Named()
    unsure_below: FiniteFloat | None = None
    failures: list[Any] = Field(default_factory=list)
    seconds: dict[str, FiniteFloat] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if self.accuracy is None and self.map50 is None:
            raise ValueError("neither an accuracy nor a mean average precision")
        return self

    @property
    def of_boxes(self) -> bool:
        """Whether a detector was judged."""
        return self.accuracy is None

    @property
    def headline(self) -> Interval:
        """The one figure to know: accuracy, or mean average precision at overlap 0.5."""
        found = self.interval("map50" if self.of_boxes else "accuracy")
        return found or Interval(0.0, 0.0, 1.0)

    @property
    def harmony(self) -> float:
        """Of precision and recall: mean F1 of the classes, or F1 of the boxes of a detector."""
        return (self.f1 if self.of_boxes else self.macro_f1) or 0.0

    def interval(self, name: str) -> Interval | None:
        """A figure with its interval, without one from 0 to 1; None where it was not judged."""
        value = getattr(self, name)
        low, high = self.intervals.get(name, (0.0, 1.0))
        return None if value is None else Interval(value, low, high)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        folder: where it lies.
        recipe: what the training was asked to do.
        size: of the model file in bytes.
    """

    folder: Path
    card: Card
    figures: Figures
    recipe: Mapping[str, Any]
    size: int

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    @property
    def created(self) -> datetime:
        """When the model was made."""
        return self.card.created_at

    @property
    def photos(self) -> int:
        """Photos that could be read."""
        split = self.figures.split
        return split.train + split.val + split.test

    @property
    def method(self) -> str:
        """How it was trained."""
        return str(self.recipe.get("method", ""))

    @property
    def backbone(self) -> str:
        """What it sees with: the frozen backbone, or the network that learnt, whatever name was asked for."""
        figures, card = self.figures, self.card.backbone
        known = figures.backbone.name or figures.network.name or (card.name if card else "")
        network = self.recipe.get("detector" if figures.of_boxes else "network")
        asked = network.get("name") if isinstance(network, Mapping) else None
        return known or str(asked or "")

    @property
    def asked(self) -> Mapping[str, Any]:
        """The recipe without the parts that its method does not read."""
        unread = parts_unread_by(self.method)
        return {name: value for name, value in self.recipe.items() if name not in unread}

    @property
    def data(self) -> str:
        """Name of the photos that it learnt from."""
        source = self.recipe.get("source")
        place = source.get("data") if isinstance(source, Mapping) else None
        return str(place or "").replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def read_run(folder: Path) -> RunRecord:
    """Reads a run.

    Raises:
        DataError: it is none, or a part of it is missing or damaged; the message names the part.
    """
    if not is_run(folder):
        raise DataError(
            "{folder} is no complete run: a training leaves model.onnx, recipe.json, split.csv and metrics.json there.",
            folder=folder,
        )
    try:
        card = peek_card(folder / MODEL)
    except TaxolensError as error:
        raise DataError(error.template, **error.fields) from error
    if card is None:
        raise DataError("{file} has no card, so it is no model of a training.", file=folder / MODEL)
    figures = _document(folder / METRICS, Figures)
    recipe = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    return RunRecord(folder, card, figures, recipe, (folder / MODEL).stat().st_size)


def learnt_from(folder: Path) -> frozenset[str]:
    """Hashes of the photos that a run has seen in training or validation, named or not; empty where it did not keep them.

    Raises:
        DataError: the table of its split cannot be read.
    """
    named = (row for row in _split(folder) if row.get("split") != Part.TEST.value)
    further = _rows(folder / FURTHER) if (folder / FURTHER).is_file() else []
    return frozenset(row["sha256"] for row in (*named, *further))


def held_back_by(folder: Path) -> dict[str, str]:
    """Hash of each photo that a run held back, by its file as the run's table names it.

    Raises:
        DataError: the table of its split cannot be read.
    """
    return {row["file"]: row["sha256"] for row in _split(folder) if row.get("split") == Part.TEST.value}


def parts_of(folder: Path) -> dict[tuple[str, str], Part]:
    """Part of each photo of a run, by its hash and label.

    Raises:
        DataError: the table of its split cannot be read.
    """
    known = {part.value: part for part in Part}
    return {
        (row["sha256"], row.get("label", "")): known[row.get("split", "")]
        for row in _split(folder)
        if row.get("split") in known
    }


def _split(folder: Path) -> list[dict[str, str]]:
    """Rows of the table of a split that hold a hash."""
    return _rows(folder / SPLIT)


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            return [row for row in csv.DictReader(file) if row.get("sha256")]
    except (OSError, csv.Error) as error:
        raise DataError("{table} cannot be read: {why}.", table=table, why=error) from error


def _document(file: Path, kind: type[Document]) -> Document:
    try:
        return kind.model_validate_json(file.read_bytes())
    except OSError as error:
        raise DataError("{file} cannot be read: {why}.", file=file, why=error.strerror or error) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or file.name
        raise DataError(
            "{file} is damaged: {where}: {why}.", file=file, where=where, why=first["msg"]
        ) from error
