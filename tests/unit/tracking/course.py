"""A made-up course of a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.detection_trainer import DetectionEpoch
from taxolens.core.tracking import TrackedRun
from taxolens.core.trainer import Epoch

EPOCHS = (
    Epoch("head", 1, 0.003, 1.5, 0.4, 1.2, 0.5, 2.0),
    Epoch("network", 2, 0.001, 1.0, None, 0.8, 0.7, 3.5),
    Epoch("network", 3, 0.0005, 0.5, None, 0.25, 0.9, 3.25),
)
DETECTOR_EPOCHS = (
    DetectionEpoch(1, 0.01, {"iou": 3.5, "obj": 4.0, "cls": 1.5}, None, None, 6.0),
    DetectionEpoch(2, 0.005, {"iou": 2.5, "obj": 3.0, "cls": 1.0}, 0.25, 0.125, 5.0),
    DetectionEpoch(3, 0.001, {"iou": 2.0, "obj": 2.5, "cls": 0.5}, 0.5, 0.25, 5.5),
)
FIGURES = {"accuracy": 0.875, "macro_f1": 0.85, "n": 40.0}


def photos() -> NDArray[np.uint8]:
    """Two photos of 8 x 6 pixels."""
    return np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).astype(np.uint8)


def no_photos() -> NDArray[np.uint8]:
    """Fails when it is asked."""
    raise AssertionError("nobody was to ask for photos")


def tracked(folder: Path, name: str = "feuilles d'été") -> TrackedRun:
    """A run with a French name and its place."""
    (folder / "place").mkdir(parents=True, exist_ok=True)
    return TrackedRun(
        name=name,
        group="prélèvements",
        settings={"network.rate": "0.001", "source.data": "forêt/été | 2024", "name": ""},
        place=folder / "place",
        out=folder / "run",
        home=folder / "home",
    )


def below(run: TrackedRun, number: int) -> TrackedRun:
    """A part of a run."""
    place = run.place / str(number)
    place.mkdir()
    return replace(run, name=f"{run.name} {number}", place=place, parent=run.place)


def written_run(folder: Path) -> Path:
    """A complete run folder, as far as trackers look at it."""
    folder.mkdir(parents=True)
    for name in ("report.html", "metrics.json", "history.csv", "recipe.json", "model.onnx"):
        (folder / name).write_text(f"Précision : {name}", encoding="utf-8")
    return folder
