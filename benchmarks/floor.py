"""The naive floor that a backbone must beat: colour histogram, HOG and a logistic head.

No learning from pictures at all: what a careful person could write in an afternoon before 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.feature import hog
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SIDE = 64
CELL = 8
BINS = 8
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def describe(photo: Path) -> NDArray[np.float32]:
    """Joint HSV histogram (8 x 8 x 8, square-rooted) and HOG of the photo squashed to 64 x 64."""
    with Image.open(photo) as opened:
        small = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    hsv = np.asarray(small.convert("HSV"), dtype=np.int64) * BINS // 256
    codes = (hsv[..., 0] * BINS + hsv[..., 1]) * BINS + hsv[..., 2]
    colours = np.sqrt(np.bincount(codes.ravel(), minlength=BINS**3) / codes.size)
    shapes = hog(
        np.asarray(small.convert("L")), orientations=9, pixels_per_cell=(CELL, CELL), cells_per_block=(2, 2)
    )
    return np.concatenate([colours, shapes]).astype(np.float32)


def describe_all(photos: Sequence[Path]) -> NDArray[np.float32]:
    """Features of many photos, float32 [n, d]."""
    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(describe, photos)))


def fit_floor(
    features: NDArray[np.float32], truth: NDArray[np.int64], train: NDArray[np.int64], val: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
    """Chooses the regularisation on validation.

    Returns:
        the regularisation, probabilities float64 [n, c] of all rows, and the classes [c].
    """

    def fitted(strength: float) -> tuple[float, float, NDArray[np.float64], NDArray[np.int64]]:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))
        head.fit(features[train], truth[train])
        right = float(head.score(features[val], truth[val]))
        return right, -strength, head.predict_proba(features), head.classes_

    _, strength, probabilities, classes = max((fitted(s) for s in STRENGTHS), key=lambda found: found[:2])
    return -strength, probabilities, classes
