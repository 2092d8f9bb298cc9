"""What is studied of many classes, and under which names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.progress import Silent
from taxolens.core.texts import plain
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.inspect import inspect
from taxolens.workflows.inspect_study import study_sample
from taxolens.workflows.inspect_vectors import Seen


def test_figures_bear_the_names_of_the_classes_that_were_studied(tmp_path: Path) -> None:
    labels = ("ant", "bee", "cat", "dog", "eel")
    truth = np.repeat([0, 2, 4], 20)
    rng = np.random.default_rng(0)
    vectors = (rng.normal(0, 5, (5, 16))[truth] + rng.normal(0, 0.5, (60, 16))).astype(np.float32)
    truth[0] = 4  # an ant called eel
    rows = np.arange(60)
    seen = Seen(rows, vectors.astype(np.float16), rows, vectors, ())
    asked = parse_recipe(InspectRecipe, {"source.data": tmp_path})

    study = study_sample(seen, truth, labels, rows, asked, progress=Silent(), say=plain)

    assert study is not None and study.labels == ("ant", "cat", "eel")
    assert (study.suspects[0].row, study.suspects[0].given, study.suspects[0].suggested) == (0, "eel", "ant")
    assert len(study.feasibility.separability) == 3
    assert study.feasibility.clusters.confusion.shape == (3, 3)


def test_the_background_of_many_classes_is_looked_at_in_some_of_them(tmp_path: Path) -> None:
    for label in range(53):
        (tmp_path / "data" / f"{label:02d}").mkdir(parents=True)
        for number in range(4):
            pixels = np.random.default_rng([label, number]).integers(0, 255, (32, 32, 3))
            Pillow.fromarray(pixels.astype(np.uint8)).save(
                tmp_path / "data" / f"{label:02d}" / f"{number}.png"
            )
    asked = {"source.data": tmp_path / "data", "json": tmp_path / "found.json", "embed": False}

    inspect(parse_recipe(InspectRecipe, asked), home=tmp_path / "home", maker=load_backbone_maker)

    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    shares = found["background"]["per_class"]
    assert len(shares) == 53 and sum(share is not None for share in shares) == 50
    assert any("50 classes" in note for note in found["notes"])
