"""Run folders and models that are made in a moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from onnx import numpy_helper

from taxolens.core.records import Image, Part
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.document import to_json
from taxolens.evaluation.judge import judge
from taxolens.formats.table import write_table
from taxolens.modelfile.card import CardClass
from taxolens.modelfile.read import ModelFile
from taxolens.modelfile.write import write_model
from taxolens.recipes.parse import recipe_document
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.run_folder import (
    HISTORY,
    METRICS,
    MODEL,
    PREDICTIONS,
    RECIPE,
    REPORT,
    SPLIT,
    write_json,
)
from taxolens.workflows.run_tables import write_predictions
from tests.unit.inference.colour_model import card, graph, write_photo

COLOURS = ("red", "green", "nothing")


def write_model_of(path: Path, classes: Sequence[str | tuple[str, str]], **fields: Any) -> ModelFile:
    """A model that gives photos of red, green and blue the names of a class each, in whatever order.

    Args:
        classes: ids in the model's order; each a colour, or (id, the colour that it answers to).
    """
    pairs = [one if isinstance(one, tuple) else (one, one) for one in classes]
    matrix = np.zeros((3, len(pairs)), dtype=np.float32)
    for column, (_, colour) in enumerate(pairs):
        if colour in COLOURS:
            matrix[COLOURS.index(colour), column] = 0.05
        else:
            matrix[:, column] = float(colour)
    made = graph(outputs=len(pairs))
    for tensor in made.graph.initializer:
        if tensor.name == "matrix":
            tensor.CopyFrom(numpy_helper.from_array(matrix, "matrix"))
    usual = card(classes=tuple(CardClass(id=name) for name, _ in pairs))
    output = usual.output.changed(size=len(pairs))
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_model(made, usual.changed(output=output, **fields), path)


def write_photos(folder: Path, per_colour: int, colours: Sequence[str] = COLOURS) -> Path:
    """Class folders of coloured photos."""
    for colour in colours:
        for number in range(per_colour):
            seed = number + 1000 * COLOURS.index(colour)
            write_photo(folder / colour / f"{number:03d}.png", colour, seed=seed)
    return folder


def make_run(
    folder: Path,
    *,
    right: Sequence[bool] = (True, True, False, True, True, True),
    names: Sequence[str] | None = None,
    learnt: Sequence[Path] = (),
    groups: Sequence[int] | None = None,
    model: ModelFile | None = None,
    **recipe: Any,
) -> Path:
    """A run whose held-back photos were named rightly or not, as told.

    Args:
        names: of the held-back photos.
        learnt: files that it learnt from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if model is None:
        write_model_of(folder / MODEL, COLOURS)
    n = len(right)
    truth = np.arange(n, dtype=np.int64) % 3
    called = np.where(np.array(right), truth, (truth + 1) % 3)
    probabilities = np.full((n, 3), 0.05)
    probabilities[np.arange(n), called] = 0.9
    held = tuple(names or (f"{COLOURS[one]}/{row}.jpg" for row, one in enumerate(truth.tolist())))
    answers = Answers(COLOURS, held, truth, probabilities, None if groups is None else np.array(groups))
    result = judge(
        answers, precision=0.95, temperature=None, conformal_quantile=None, conformal_coverage=None
    )
    split = {"by": "none", "seed": 0, "train": 20, "val": 4, "test": n}
    write_json(
        folder / METRICS,
        {
            **to_json(result),
            "split": split,
            "backbone": {"name": "tiny", "sha256": "0" * 64},
            "seconds": {"a": 1},
        },
    )
    asked = replace(TrainRecipe(SourceRecipe(Path("/data/colours")), folder), **recipe)
    write_json(folder / RECIPE, recipe_document(asked))
    write_predictions(answers, folder / PREDICTIONS)
    images = [
        Image(
            path,
            path.name,
            path.parent.name,
            part=Part.TRAIN,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in learnt
    ]
    write_table(images, folder / SPLIT)
    (folder / HISTORY).write_text("regularisation,loss,accuracy\n1,0.5,0.9\n", encoding="utf-8")
    (folder / REPORT).write_text("<!doctype html>", encoding="utf-8")
    return folder


def said(file: Path) -> Any:
    """A JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))
