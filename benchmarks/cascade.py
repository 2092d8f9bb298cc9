"""What a small detector in front of a classifier changes on camera-trap photos, beside the same classifier alone.

python -m benchmarks.cascade [--place DIR]

A run that is there is not trained again; delete the place to begin anew.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

import taxolens
from benchmarks.accuracy import fold_tables, judged, pooled, read_predictions
from benchmarks.sets import MOBILENET, SHARED, unpacked
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import compare_paired
from taxolens.evaluation.result import Interval
from taxolens.imaging.region import CropRule, region
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.finds import box_of
from taxolens.inference.predictor import Predictor

TAXOLENS = Path(sys.executable).with_name("taxolens")
DETECTORS: Mapping[str, str] = {"YOLOX-Nano": "yolox_nano.onnx", "YOLOv8n int8": "yolov8n_int8.onnx"}
TABLE = "photos-and-crops.csv"
EMPTY, ELSE = "empty", "(person, vehicle)"
ANIMALS = ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
VEHICLES = ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat")
PEOPLE = ("person",)


@dataclass(frozen=True)
class Fold:
    """A table of photos with their part, beside the photos."""

    table: Path
    rows: tuple[dict[str, str], ...]

    @classmethod
    def of(cls, table: Path) -> Fold:
        """Reads it."""
        with table.open(encoding="utf-8", newline="") as file:
            return cls(table, tuple(csv.DictReader(file)))

    def photos(self, *parts: str) -> list[dict[str, str]]:
        """The photos of these parts."""
        return [row for row in self.rows if row["split"] in parts]

    def path(self, row: Mapping[str, str]) -> Path:
        """Where a photo lies."""
        return self.table.parent / row["file"]


def described(name: str, place: Path) -> Path:
    """A detector of COCO's classes that tells animals, people and vehicles; a bench or a kite is nothing."""
    model, table = place / "cascade" / name, place / "cascade" / "coco-roles.csv"
    if not model.is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        plain = model.with_name(f"plain-{name}")
        source = SHARED / "weights" / name
        subprocess.run(
            [TAXOLENS, "models", "describe", source, "--labels", "coco", "--out", plain],
            check=True,
        )
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["label", "role"])
            for label in taxolens.load(plain).labels:
                role = "person" if label in PEOPLE else "vehicle" if label in VEHICLES else "blank"
                writer.writerow([label, "" if label in ANIMALS else role])
        subprocess.run(
            [TAXOLENS, "models", "describe", plain, "--taxonomy", table, "--out", model],
            check=True,
        )
    return model


def train(data: Path, run: Path) -> Path:
    """Trains a head on MobileNetV2 by the command, as a user does."""
    if not (run / "model.onnx").is_file():
        asked = [str(TAXOLENS), "train", str(data), "--out", str(run), "--overwrite", "--quiet", *MOBILENET]
        subprocess.run(asked, check=True)
    return run


def with_crops(fold: Fold, detector: DetectorPredictor, place: Path) -> Path:
    """The photos of a fold and, of those to learn from, what the detector's boxes show, as photos of their own.

    The detector knows nothing of the labels: a crop gets that of its photo.
    """
    place.mkdir(parents=True, exist_ok=True)
    rule, rows = CropRule(), [{**row, "file": str(fold.path(row).resolve())} for row in fold.rows]
    least = detector.rule(top_k=1, threshold=None).least or 0.0
    roles = np.array([taxon.role is None for taxon in detector.card.taxa])
    for row in fold.photos("train", "val"):
        path = fold.path(row)
        boxes = detector.boxes(path)
        with Pillow.open(path) as photo:
            for number, (place_of, scores) in enumerate(zip(boxes.places, boxes.scores, strict=True)):
                if scores.max() < least or not roles[int(scores.argmax())]:
                    continue
                part = region(box_of(place_of), photo.size, rule)
                edges = (part.x, part.y, part.x + part.width, part.y + part.height)
                across, down = photo.size
                pixels = [round(edge * side) for edge, side in zip(edges, (across, down) * 2, strict=True)]
                crop = place / f"{path.parent.name}-{path.stem}-{number}.png"
                photo.convert("RGB").crop(tuple(pixels)).save(crop)  # type: ignore[arg-type]
                rows.append({**row, "file": str(crop.resolve())})
    table = place / TABLE
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file", "label", "sequence", "split"])
        writer.writeheader()
        writer.writerows(rows)
    return table


def answers_of(fold: Fold, model: CascadePredictor | Predictor, labels: tuple[str, ...]) -> Answers:
    """What a model says of each photo that is held back; what is none of the labels goes into one class."""
    rows = fold.photos("test")
    known = {label: number for number, label in enumerate(labels)}
    column = np.array([known.get(label, len(labels) - 1) for label in model.labels])
    table = np.zeros((len(rows), len(labels)))
    for row, photo in enumerate(rows):
        np.add.at(table[row], column, model.scores(fold.path(photo)).astype(np.float64))
    runs = {name: number for number, name in enumerate(dict.fromkeys(row["sequence"] for row in rows))}
    return Answers(
        labels,
        tuple(row["file"] for row in rows),
        np.array([known[row["label"]] for row in rows]),
        table / table.sum(axis=1, keepdims=True),
        np.array([runs[row["sequence"]] for row in rows]),
    )


def line(way: str, answers: Answers, first: Answers, milliseconds: float) -> str:
    """A way as Markdown, beside the first."""
    found = judged(answers)
    blank = next(one for one in found.classes if one.label == EMPTY)
    pair = compare_paired(first, answers)
    return (
        f"| {way} | {found.accuracy.value:.3f} | {_told(found.macro_f1)} | "
        f"{'' if answers is first else f'{_more(pair.macro_f1)}, {pair.p:.2g}'} | {_told(blank.recall)} | "
        f"{_told(blank.precision)} | {milliseconds:.0f} |"
    )


def _told(one: Interval) -> str:
    return f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})"


def _more(one: Interval) -> str:
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def timed(
    folds: list[Fold], models: list[CascadePredictor | Predictor], labels: tuple[str, ...]
) -> tuple[Answers, float]:
    """The answers of all folds as one, and the milliseconds of processor time of one photo."""
    for model in models:
        model.start()
    began = time.process_time()
    answers = pooled([answers_of(fold, model, labels) for fold, model in zip(folds, models, strict=True)])
    return answers, 1000 * (time.process_time() - began) / len(answers.names)


def compared(place: Path) -> Iterator[str]:
    """The table, row by row."""
    data = unpacked("cameratrap", place)
    folds = [Fold.of(table) for table in fold_tables(data, place)]
    whole = [train(fold.table, place / "cascade" / f"whole-{fold.table.stem}") for fold in folds]
    labels = (*read_predictions(whole[0]).labels, ELSE)
    first, milliseconds = timed(folds, [taxolens.load(run / "model.onnx") for run in whole], labels)  # type: ignore[misc]
    yield (
        "| way | accuracy | macro-F1 (95 % interval) | macro-F1 less the first's, p | blanks found | "
        "of those called blank, are | ms |\n|---|---|---|---|---|---|---|"
    )
    yield line("classifier, whole photos", first, first, milliseconds)
    for name, file in DETECTORS.items():
        detector = described(file, place)
        finder = taxolens.load(detector)
        both = [taxolens.load(run / "model.onnx", detector=detector) for run in whole]
        yield line(f"{name} + the same classifier", *_beside(folds, both, labels, first))  # type: ignore[arg-type]
        taught = []
        for fold in folds:
            run = place / "cascade" / f"{detector.stem}-{fold.table.stem}"
            crops = run.with_name(f"{run.name}-crops")
            table = crops / TABLE
            taught.append(train(table if table.is_file() else with_crops(fold, finder, crops), run))  # type: ignore[arg-type]
        both = [taxolens.load(run / "model.onnx", detector=detector) for run in taught]
        yield line(f"{name} + classifier of photos and crops", *_beside(folds, both, labels, first))  # type: ignore[arg-type]
        alone = [taxolens.load(run / "model.onnx") for run in taught]
        yield line("classifier of photos and crops, whole photos", *_beside(folds, alone, labels, first))  # type: ignore[arg-type]


def _beside(
    folds: list[Fold], models: list[CascadePredictor | Predictor], labels: tuple[str, ...], first: Answers
) -> tuple[Answers, Answers, float]:
    answers, milliseconds = timed(folds, models, labels)
    return answers, first, milliseconds


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    for row in compared(parser.parse_args().place):
        print(row, flush=True)


if __name__ == "__main__":
    main()
