"""What the embeddings of a sample say: likely wrong labels, a map, whether this can be learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.probe.crossing import cross_validate
from taxolens.probe.feasibility import Feasibility, study
from taxolens.probe.map import Map, project
from taxolens.probe.space import space_of
from taxolens.probe.suspects import Suspects, find_suspects
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.inspect_vectors import Seen

_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label in doubt.

    Attributes:
        row: which photo.
        given: its label.
        suggested: what a model that had not seen it would call it.
        of_given: what that model thinks of the label, 0..1.
        of_suggested: and of its own answer.
        likely: whether the label is likely wrong, not only worth a look.
    """

    row: int
    given: str
    suggested: str
    of_given: float
    of_suggested: float
    likely: bool = True


@dataclass(frozen=True, slots=True)
class Study:
    """What the sample says.

    Attributes:
        rows: int64 [m], photos that were studied.
        labels: names of the classes that were studied, in the order of every figure by class.
        suspects: the likeliest wrong labels first.
        map: where each lies.
    """

    rows: NDArray[np.int64]
    labels: tuple[str, ...]
    feasibility: Feasibility
    suspects: tuple[Suspect, ...]
    map: Map


def study_sample(
    seen: Seen,
    truth: NDArray[np.int64],
    labels: Sequence[str],
    units: NDArray[np.int64],
    recipe: InspectRecipe,
    *,
    progress: Progress,
    say: Say,
) -> Study | None:
    """Studies the sample that was embedded in full; None where it holds fewer than two classes.

    Args:
        truth: int64 [n], class of each photo.
        units: int64 [n], photos that stay together where something is judged.
    """
    rows = seen.sample
    present, own = np.unique(truth[rows], return_inverse=True)
    if len(rows) < _FEWEST or len(present) < 2:
        return None
    own, names, groups = own.astype(np.int64), tuple(labels[one] for one in present), units[rows]
    steps = progress.track(("suspects", "feasibility", "map"), what=say("Studying the photos"), total=3)
    next(steps)
    space = space_of(seen.vectors)
    crossed = cross_validate(space, own, len(names), groups=groups, seed=recipe.seed)
    suspects = find_suspects(space, own, names, groups=groups, seed=recipe.seed, crossed=crossed)
    next(steps)
    figures = study(space, own, names, groups=groups, seed=recipe.seed, crossed=crossed)
    next(steps)
    placed = project(space, way=recipe.map, seed=recipe.seed)
    for _ in steps:
        pass
    return Study(rows, names, figures, _suspects(suspects, rows, names), placed)


def _suspects(found: Suspects, rows: NDArray[np.int64], labels: Sequence[str]) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            int(rows[row]),
            labels[found.given[place]],
            labels[found.suggested[place]],
            float(found.of_given[place]),
            float(found.of_suggested[place]),
            place < found.likely,
        )
        for place, row in enumerate(found.rows.tolist())
    )
