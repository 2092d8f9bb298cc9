"""Photos that show how a detector fares: some in which it found all, and some in which it went wrong most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taxolens.core.geometry import Box
from taxolens.evaluation.detection.answers import Scene, gathered, ranked, usual_limit
from taxolens.evaluation.detection.matching import NONE, matched, overlaps

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo with its true boxes and those that were found.

    Attributes:
        found: boxes at the working point.
        hits: true boxes that were found, under their name.
        wrong: found boxes that stand for no true one.
    """

    name: str
    truth: tuple[Box, ...]
    found: tuple[Box, ...]
    hits: int
    wrong: int

    @property
    def missed(self) -> int:
        """True boxes that were not found."""
        return len(self.truth) - self.hits

    @property
    def f1(self) -> float:
        """Of this photo alone; 0 where nothing is right."""
        return 2 * self.hits / max(1, len(self.truth) + len(self.found))


def samples(
    scenes: Sequence[Scene], labels: Sequence[str], *, least: float, overlap: float = 0.5, most: int = _SHOWN
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """The photos in which most was found and least went wrong, and others in which most went wrong.

    Args:
        least: score of boxes that count, 0..1.
        overlap: intersection over union of a right box, at least.
        most: photos of each kind.
    """
    listed = _listed(scenes, labels, least, overlap)
    best = sorted((one for one in listed if one.hits), key=lambda one: (-one.f1, -one.hits, one.name))[:most]
    left = (one for one in listed if one.missed + one.wrong and one not in best)
    worst = sorted(left, key=lambda one: (-(one.missed + one.wrong), one.name))[:most]
    return tuple(best), tuple(worst)


def _listed(scenes: Sequence[Scene], labels: Sequence[str], least: float, overlap: float) -> list[Sample]:
    answers = gathered(scenes, labels)
    answers = ranked(answers, usual_limit(answers.truth))
    pairs = overlaps(answers.truth, answers.found, overlap)
    own = pairs.at(answers.found.label[pairs.found] == answers.truth.label[pairs.truth])
    rivals = answers.found.label * max(answers.n, 1) + answers.found.image
    nothing = np.zeros((1, len(answers.truth)), dtype=bool)
    given = matched(own, rivals, np.array([overlap]), nothing)[0, 0]
    work = answers.score >= least
    hits = np.bincount(answers.found.image[work & (given != NONE)], minlength=answers.n)
    seen = np.bincount(answers.found.image[work], minlength=answers.n)
    return [
        Sample(
            scene.name,
            tuple(one.box for one in scene.truth if one.label in labels),
            tuple(one.box for one in scene.found if one.score >= least and one.label in labels),
            int(hits[at]),
            int(seen[at] - hits[at]),
        )
        for at, scene in enumerate(scenes)
    ]
