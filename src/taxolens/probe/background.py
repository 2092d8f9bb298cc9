"""Shortcuts: how well a few pixels at the border of a photo name its class.

After Noyan, "Uncovering bias in the PlantVillage dataset" (2022, arXiv 2206.04374): a random forest that saw
nothing but 8 background pixels named 49 % of the photos correctly, where guessing finds 2.6 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from taxolens.probe.regression import Classes, Floats
from taxolens.probe.rehearsal import folds_of, teachable
from taxolens.probe.share import share_right

_TREES = 100
_JOBS = 2
_WARN, _STRONG = 0.15, 0.3


class Shortcut(StrEnum):
    """How much the border gives away."""

    OK = "ok"
    WARN = "warn"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Background:
    """What the border of photos says of their class.

    Attributes:
        accuracy: share of photos named correctly by their border alone, cross-validated, 0..1.
        interval: its 95 % limits.
        chance: what naming the largest class always would reach.
        balanced: mean share over the classes; chance is one divided by the number of classes.
        per_class: float64 [c], share of each class named correctly; NaN where it could not be judged.
        verdict: by how far `balanced` goes from chance (0) to perfect (1): "warn" from 0.15, "strong" from 0.3
            (leaves of PlantVillage reach 0.34), and never where `accuracy` may be chance.
    """

    accuracy: float
    interval: tuple[float, float]
    chance: float
    balanced: float
    per_class: Floats
    verdict: Shortcut


def background_probe(
    border: NDArray[np.uint8], truth: Classes, classes: int, *, groups: Classes | None = None, seed: int = 0
) -> Background:
    """Teaches a random forest (Breiman 2001) on border pixels alone, cross-validated in five folds.

    Args:
        border: uint8 [n, 8, 3], RGB of 8 pixels at the border.
        truth: int64 [n], 0..classes-1.
        groups: int64 [n], photos that stay together in the folds.
    """
    fold = folds_of(truth, np.arange(len(truth)) if groups is None else groups, seed=seed)
    judged = teachable(truth, fold)
    predicted = _crossed(border.reshape(len(border), -1), truth, fold, seed)
    right = predicted == truth
    totals = np.bincount(truth[judged], minlength=classes)
    hits = np.bincount(truth[judged & right], minlength=classes)
    per_class = np.where(totals > 0, hits / np.maximum(totals, 1), np.nan)
    share = share_right(right[judged], None if groups is None else groups[judged])
    chance = float(totals.max() / max(int(totals.sum()), 1))
    balanced = float(np.nanmean(per_class)) if totals.any() else float("nan")
    present = int((totals > 0).sum())
    verdict = _verdict(share.interval[0], chance, balanced, present)
    return Background(share.value, share.interval, chance, balanced, per_class, verdict)


def _crossed(colours: NDArray[np.uint8], truth: Classes, fold: Classes, seed: int) -> Classes:
    predicted = np.full(len(truth), -1, dtype=np.int64)
    for one in np.unique(fold[fold >= 0]):
        forest = RandomForestClassifier(
            _TREES, class_weight="balanced_subsample", min_samples_leaf=2, n_jobs=_JOBS, random_state=seed
        )
        forest.fit(colours[fold != one], truth[fold != one])
        predicted[fold == one] = forest.predict(colours[fold == one])
    return predicted


def _verdict(low: float, chance: float, balanced: float, classes: int) -> Shortcut:
    if classes < 2 or not low > chance / 2:
        return Shortcut.OK
    skill = (balanced - 1 / classes) / (1 - 1 / classes)
    if skill >= _STRONG:
        return Shortcut.STRONG
    return Shortcut.WARN if skill >= _WARN else Shortcut.OK
