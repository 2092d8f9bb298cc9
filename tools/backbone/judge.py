"""Judges the network against the naive floor on real photos, with a fifth held back.

    python -m tools.backbone.judge FOLDER... [--model FILE] [--visits] [--fifths 5]

Photos are `.../<class>/<file>`. Both sides get the same split, the same multinomial logistic
regression on standardised features, and the same choice of its regularisation on validation photos.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from tools.backbone.floor import Recipe, describe, recipes

SHIPPED = Path(__file__).parents[2] / "src/taxolens/modelfile/shipped/taxolens-tiny.onnx"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
ENOUGH = 6000  # photos on which the floor's recipe is chosen

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Photos:
    """Files with their classes and the units that a split keeps together."""

    files: list[Path]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of the three parts."""

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]


def _visits(files: list[Path]) -> NDArray[np.int64]:
    """Runs of consecutive file numbers: frames of one visit."""
    numbers = np.array([int(re.findall(r"\d+", file.stem)[-1]) for file in files])
    order = np.argsort(numbers)
    run = np.cumsum(np.diff(numbers[order], prepend=numbers[order][0]) > 2)
    visits = np.empty(len(files), np.int64)
    visits[order] = run
    return visits


def read_photos(folder: Path, visits: bool) -> Photos:
    """Every photo under a folder; its class is the last folder of its path."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    labels = np.unique([file.parent.name for file in files], return_inverse=True)[1]
    groups = _visits(files) if visits else np.arange(len(files))
    return Photos(files, labels, groups)


def split_photos(photos: Photos, seed: int, turn: int = 0) -> Split:
    """One of five fifths for the test, a fifth of the rest for validation, by class, groups unbroken."""
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    rest, test = list(folds.split(photos.labels, photos.labels, photos.groups))[turn]
    train, val = next(folds.split(rest, photos.labels[rest], photos.groups[rest]))
    return Split(rest[train], rest[val], test)


def _fit(features: Features, labels: NDArray[np.int64], strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=400, tol=1e-3).fit(features, labels)


def choose(features: Features, labels: NDArray[np.int64], split: Split) -> tuple[float, float]:
    """Validation accuracy and the regularisation (C) that gives it."""
    scaler = StandardScaler().fit(features[split.train])
    train, val = scaler.transform(features[split.train]), scaler.transform(features[split.val])
    scores = [(_fit(train, labels[split.train], c).score(val, labels[split.val]), c) for c in STRENGTHS]
    return max(scores)


def hold_back(features: Features, labels: NDArray[np.int64], split: Split, strength: float) -> float:
    """Accuracy on the test photos of a head fitted on all others."""
    rest = np.concatenate([split.train, split.val])
    scaler = StandardScaler().fit(features[rest])
    head = _fit(scaler.transform(features[rest]), labels[rest], strength)
    return float(head.score(scaler.transform(features[split.test]), labels[split.test]))


def _map(function: Callable[[Image.Image], Features], files: list[Path]) -> Features:
    def one(file: Path) -> Features:
        with Image.open(file) as photo:
            return function(photo.convert("RGB"))

    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(one, files)))


def judge_floor(photos: Photos, split: Split, seed: int) -> tuple[str, float]:
    """The best recipe of the floor, by validation, and its accuracy on the test photos."""
    with Image.open(photos.files[0]) as photo:
        side = 32 if photo.width <= 32 else 64
    known = np.concatenate([split.train, split.val])
    few = np.random.default_rng(seed).permutation(known)[:ENOUGH]
    part = Split(np.flatnonzero(np.isin(few, split.train)), np.flatnonzero(np.isin(few, split.val)), few[:0])
    files = [photos.files[i] for i in few]

    def score(recipe: Recipe) -> float:
        return choose(_map(partial(describe, recipe=recipe), files), photos.labels[few], part)[0]

    best = max(recipes(side), key=score)
    features = _map(partial(describe, recipe=best), photos.files)
    strength = choose(features, photos.labels, split)[1]
    name = f"{best.colours} histogram + HOG {best.cells}x{best.cells} at {side} px, C={strength:g}"
    return name, hold_back(features, photos.labels, split, strength)


def judge_network(photos: Photos, split: Split, model: Path) -> tuple[str, float]:
    """The network's accuracy on the test photos."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.read_bytes(), options, providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[1]

    def embed(photo: Image.Image) -> Features:
        pixels = np.asarray(photo.resize((side, side), Image.Resampling.BILINEAR))
        found: Features = session.run(None, {"image": pixels[None]})[0][0]
        return found

    features = _map(embed, photos.files)
    strength = choose(features, photos.labels, split)[1]
    return f"{model.stem}, {features.shape[1]} values, C={strength:g}", hold_back(
        features, photos.labels, split, strength
    )


def interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def _print_row(name: str, judged: list[tuple[str, float, int]]) -> None:
    """One row of the table; with several fifths their photos are pooled."""
    n = sum(size for _, _, size in judged)
    accuracy = sum(share * size for _, share, size in judged) / n
    low, high = interval(accuracy, n)
    print(f"| {name} | {judged[0][0]} | {n} | {accuracy:.3f} | {low:.3f}-{high:.3f} |", flush=True)


def judge(folder: Path, arguments: argparse.Namespace) -> None:
    """Print the floor's row and the network's."""
    photos = read_photos(folder, arguments.visits)
    splits = [split_photos(photos, arguments.seed, turn) for turn in range(arguments.fifths)]
    if not arguments.no_floor:
        judged = [(*judge_floor(photos, split, arguments.seed), len(split.test)) for split in splits]
        _print_row(folder.name, judged)
    judged = [(*judge_network(photos, split, arguments.model), len(split.test)) for split in splits]
    _print_row(folder.name, judged)


def main() -> None:
    """Print one row per data set and side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--visits", action="store_true", help="keep consecutive file numbers together")
    parser.add_argument("--fifths", type=int, default=1, choices=range(1, 6), help="held back in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-floor", action="store_true")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        judge(folder, arguments)


if __name__ == "__main__":
    main()
