"""Random problems: true and found boxes of photos, with ties, misses and false finds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.detection.answers import BoxAnswers, Boxes


def random_boxes(rng: np.random.Generator, n: int, images: int, classes: int, most_side: float) -> Boxes:
    edges = np.column_stack([rng.uniform(0, 300, (n, 2)), rng.uniform(1, most_side, (n, 2))])
    return Boxes(rng.integers(0, images, n), rng.integers(0, classes, n), edges)


def random_answers(
    seed: int,
    *,
    images: int = 6,
    classes: int = 3,
    true: int = 40,
    false: int = 20,
    ties: bool = True,
    most_side: float = 150.0,
) -> BoxAnswers:
    """True boxes, most of them found once or twice with shifted edges, a few under another name, and boxes at
    random places."""
    rng = np.random.default_rng(seed)
    truth = random_boxes(rng, true, images, classes, most_side)
    again = rng.integers(0, max(true, 1), true + true // 2) if true else np.empty(0, dtype=np.int64)
    near = truth.at(again)
    shift = rng.normal(0, 0.12, near.edges.shape) * near.edges[:, [2, 3, 2, 3]]
    shifted = near.edges + np.where(rng.random((len(again), 1)) < 0.2, 0.0, shift)
    shifted[:, 2:] = np.maximum(shifted[:, 2:], 0.5)
    renamed = np.where(rng.random(len(again)) < 0.2, rng.integers(0, classes, len(again)), near.label)
    noise = random_boxes(rng, false, images, classes, most_side)
    found = Boxes(
        np.concatenate([near.image, noise.image]),
        np.concatenate([renamed, noise.label]),
        np.concatenate([shifted, noise.edges]),
    )
    score = rng.random(len(found))
    return answers(truth, found, np.round(score, 1) if ties else score, images, classes)


def answers(truth: Boxes, found: Boxes, score: NDArray[np.float64], images: int, classes: int) -> BoxAnswers:
    return BoxAnswers(
        labels=tuple(f"kind {number}" for number in range(classes)),
        names=tuple(f"{number}.jpg" for number in range(images)),
        sizes=np.full((images, 2), 500, dtype=np.int64),
        truth=truth,
        found=found,
        score=score,
    )
