"""Whether the class distribution of a box means what it says: of boxes that lie on a true one, whatever it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.evaluation.calibration import fit_temperature, reliability, shares_at
from taxolens.evaluation.detection.answers import BoxAnswers, Scene, gathered
from taxolens.evaluation.detection.matching import NONE, matched, overlaps
from taxolens.evaluation.detection.result import NamingResult

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FEWEST = 20
"""Of fewer boxes no temperature is fitted."""
_LEAST = 1e-6
_FOLDS = 5
_ANYTHING = "box"


@dataclass(frozen=True, slots=True)
class Namings:
    """Found boxes, each on a true box of its own.

    Attributes:
        scores: float64 [n, c], of every class of the detector, each for itself, 0..1.
        truth: int64 [n], number of the class that is there.
    """

    scores: Floats
    truth: Whole

    def __len__(self) -> int:
        return len(self.truth)


def namings(scenes: Sequence[Scene], names: Sequence[str], *, overlap: float = 0.5) -> Namings:
    """The found boxes that lie on true ones; surer boxes choose first, by place alone.

    Args:
        scenes: of which found boxes without class scores are passed over.
        names: what the data call each class of the detector.
        overlap: least intersection over union.
    """
    numbers = {name: number for number, name in enumerate(names)}
    truth = np.array(
        [numbers.get(one.label, NONE) for scene in scenes for one in scene.truth], dtype=np.int64
    )
    boxes = [one for scene in scenes for one in scene.found if one.scores is not None]
    answers = gathered([_nameless(scene) for scene in scenes], (_ANYTHING,))
    given = _given(answers, overlap)
    kept = np.flatnonzero(given != NONE)
    kept = kept[truth[given[kept]] != NONE]
    scores = [np.asarray(boxes[at].scores, np.float64) for at in kept.tolist()]
    return Namings(np.array(scores).reshape(len(kept), len(names)), truth[given[kept]])


def name_temperature(named: Namings) -> float:
    """The temperature with the smallest log-loss of names; 1 where there are too few boxes, or nothing to tell apart.

    It is 1 too where it would not help with other boxes: the temperatures fitted on four fifths of these must make the
    log-loss of the remaining fifths smaller, all together.

    Returns:
        0.05..20; see `taxolens.evaluation.calibration.fit_temperature`.
    """
    if len(named) < FEWEST or named.scores.shape[1] < 2:
        return 1.0
    logits = np.log(np.maximum(named.scores, _LEAST))
    return fit_temperature(logits, named.truth) if _helps(logits, named.truth) else 1.0


def _helps(logits: Floats, truth: Whole) -> bool:
    fold = np.arange(len(truth)) % _FOLDS
    fitted = np.empty(len(truth))
    for one in range(_FOLDS):
        away = fold == one
        fitted[away] = fit_temperature(logits[~away], truth[~away])
    return _log_loss(logits / fitted[:, np.newaxis], truth) < _log_loss(logits, truth)


def _log_loss(logits: Floats, truth: Whole) -> float:
    top = logits.max(axis=1)
    sums = np.log(np.exp(logits - top[:, np.newaxis]).sum(axis=1)) + top
    return float((sums - logits[np.arange(len(truth)), truth]).mean())


def naming_result(named: Namings, temperature: float) -> NamingResult | None:
    """How good the names of boxes are; None where there is one class, or no box to judge by."""
    if not len(named) or named.scores.shape[1] < 2:
        return None
    shares = shares_at(named.scores, temperature)
    return NamingResult(
        n=len(named),
        accuracy=float((shares.argmax(axis=1) == named.truth).mean()),
        temperature=temperature,
        before=reliability(shares_at(named.scores, 1.0), named.truth),
        after=reliability(shares, named.truth),
    )


def _nameless(scene: Scene) -> Scene:
    """The same photo with one name for everything."""
    return replace(
        scene,
        truth=tuple(replace(one, label=_ANYTHING) for one in scene.truth),
        found=tuple(replace(one, label=_ANYTHING) for one in scene.found if one.scores is not None),
    )


def _given(answers: BoxAnswers, overlap: float) -> Whole:
    """int64 [f], the true box that each found one stands for, in the order in which they were found."""
    order = np.lexsort((-answers.score, answers.found.image))
    found = answers.found.at(order)
    pairs = overlaps(answers.truth, found, overlap)
    nothing = np.zeros((1, len(answers.truth)), dtype=bool)
    given = matched(pairs, found.image, np.array([overlap]), nothing)[0, 0].astype(np.int64)
    back = np.full(len(order), NONE, np.int64)
    back[order] = given
    return back
