"""How well heads on frozen backbones do on real photos, beside the naive floor, on the same splits.

python -m benchmarks.accuracy [--sets dogs3,leaves8,cameratrap,cifar10] [--place DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.floor import describe_all, fit_floor
from benchmarks.sets import MOBILENET, unpacked
from taxolens.core.records import Image
from taxolens.data.split import folds
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.recipes.split import SplitBy

TAXOLENS = Path(sys.executable).with_name("taxolens")
BACKBONES = {
    "MobileNetV2 (ImageNet-1k)": MOBILENET,
    "MobileNetV2-stages (ImageNet-1k, pool=stages)": (*MOBILENET, "--backbone-arg", "pool=stages"),
    "shipped backbone": ("--backbone", "taxolens-tiny"),
}
FEWEST = 20
FOLDS = 5


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    photos: str
    way: str
    result: ClassificationResult

    def line(self) -> str:
        """As Markdown."""
        accuracy, f1 = self.result.accuracy, self.result.macro_f1
        return (
            f"| {self.photos} | {self.way} | {self.result.n} | {accuracy.value:.3f} "
            f"({accuracy.low:.3f}-{accuracy.high:.3f}) | {f1.value:.3f} ({f1.low:.3f}-{f1.high:.3f}) |"
        )


def train(data: Path, run: Path, *options: str) -> None:
    """Trains by the command, as a user does."""
    subprocess.run([TAXOLENS, "train", data, "--out", run, "--overwrite", "--quiet", *options], check=True)


def read_predictions(run: Path) -> Answers:
    """The held-out answers of a run, from its table."""
    with (run / "test_predictions.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    labels = tuple(key.removeprefix("p:") for key in rows[0] if key.startswith("p:"))
    groups = {name: index for index, name in enumerate(dict.fromkeys(row["group"] for row in rows))}
    return Answers(
        labels=labels,
        names=tuple(row["file"] for row in rows),
        truth=np.array([labels.index(row["truth"]) for row in rows]),
        probabilities=np.array([[float(row[f"p:{label}"]) for label in labels] for row in rows]),
        groups=np.array([groups[row["group"]] for row in rows]) if len(groups) < len(rows) else None,
    )


def judged(answers: Answers) -> ClassificationResult:
    """Figures and intervals by the product's own rules, which its tests hold to independent judges."""
    return judge(answers, precision=0.95, temperature=None, conformal_quantile=None, conformal_coverage=None)


def floor_answers(data: Path, run: Path) -> Answers:
    """The floor on the split of a run."""
    with (run / "split.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    held_back = read_predictions(run)
    labels = held_back.labels
    truth = np.array([labels.index(row["label"]) for row in rows])
    part = np.array([row["split"] for row in rows])
    photos = [Path(row["file"]) for row in rows]
    features = describe_all(photos)
    _, probabilities, classes = fit_floor(
        features, truth, np.flatnonzero(part == "train"), np.flatnonzero(part == "val")
    )
    whole = np.full((len(rows), len(labels)), 1e-12)
    whole[:, classes] = probabilities
    position = {photo.relative_to(data.resolve()).as_posix(): index for index, photo in enumerate(photos)}
    chosen = [position[name] for name in held_back.names]
    return Answers(labels, held_back.names, held_back.truth, whole[chosen], held_back.groups)


def held_back_fifth(name: str, data: Path, place: Path) -> Iterator[Row]:
    """A fifth held back: fixed seed, identical photos never on both sides."""
    for way, options in BACKBONES.items():
        run = place / "runs" / f"{name}-{way.split()[0]}"
        train(data, run, "--split", "64/16/20", "--seed", "0", *options)
        yield Row(name, way, judged(read_predictions(run)))
    yield Row(name, "colour histogram + HOG", judged(floor_answers(data, run)))


def fold_tables(data: Path, place: Path, *, validating: int = 1) -> Iterator[Path]:
    """The camera-trap photos in five folds of whole runs of consecutive frames; rare classes left out.

    Args:
        validating: one in so many runs of the fold after the one held back validates; the others of it teach.
    """
    photos = sorted(path for path in data.rglob("*.jpg"))
    counts = Counter(path.parent.name for path in photos)
    photos = [path for path in photos if counts[path.parent.name] >= FEWEST]
    images = [
        Image(path, path.relative_to(data).as_posix(), path.parent.name, sequence=run)
        for path, run in zip(photos, consecutive(photos), strict=True)
    ]
    fold = folds(images, FOLDS, SplitBy.SEQUENCE, 0)
    for held_back in range(FOLDS):
        after = (held_back + 1) % FOLDS
        runs = sorted({image.sequence or "" for image, own in zip(images, fold, strict=True) if own == after})
        judges = set(runs[::validating])
        table = data / f"{'fold' if validating == 1 else 'most'}{held_back}.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "label", "sequence", "split"])
            for image, own in zip(images, fold, strict=True):
                part = "test" if own == held_back else "val" if image.sequence in judges else "train"
                writer.writerow([image.name, image.label, image.sequence, part])
        yield table


def consecutive(photos: list[Path]) -> list[str]:
    """The run of consecutive file numbers that each photo belongs to, whatever its class."""
    number = {path: int("".join(filter(str.isdigit, path.stem))) for path in photos}
    run, names, last = 0, {}, None
    for path in sorted(photos, key=number.__getitem__):
        run += last is not None and number[path] - last > 1
        names[path], last = f"run{run:04d}", number[path]
    return [names[path] for path in photos]


def pooled(parts: list[Answers]) -> Answers:
    """The answers of all folds as one; groups stay apart."""
    known = [part.groups for part in parts if part.groups is not None]
    offsets = np.cumsum([0, *(int(groups.max()) + 1 for groups in known)])
    return Answers(
        labels=parts[0].labels,
        names=tuple(name for part in parts for name in part.names),
        truth=np.concatenate([part.truth for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        groups=np.concatenate([groups + offset for groups, offset in zip(known, offsets, strict=False)])
        if known
        else None,
    )


def cross_validated(name: str, data: Path, place: Path) -> Iterator[Row]:
    """Five folds; every photo is judged once by a model that never saw its run of frames."""
    tables = list(fold_tables(data, place))
    for way, options in BACKBONES.items():
        answers = []
        for table in tables:
            run = place / "runs" / f"{name}-{table.stem}-{way.split()[0]}"
            train(table, run, *options)
            answers.append(read_predictions(run))
        yield Row(f"{name}, 5-fold by run of frames", way, judged(pooled(answers)))
    floors = [
        floor_answers(data, place / "runs" / f"{name}-{table.stem}-{way.split()[0]}") for table in tables
    ]
    yield Row(f"{name}, 5-fold by run of frames", "colour histogram + HOG", judged(pooled(floors)))


def main() -> None:
    """Prints the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="dogs3,leaves8,cameratrap,cifar10")
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    options = parser.parse_args()
    print("| photos | way | n | accuracy (95 % interval) | macro-F1 (95 % interval) |\n|---|---|---|---|---|")
    for name in options.sets.split(","):
        data = unpacked(name, options.place)
        way = cross_validated if name == "cameratrap" else held_back_fifth
        for row in way(name, data, options.place):
            print(row.line(), flush=True)
            (options.place / "rows.jsonl").open("a").write(json.dumps(row.line()) + "\n")


if __name__ == "__main__":
    main()
