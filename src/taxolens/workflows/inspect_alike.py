"""Photos that nothing tells apart by name: where each lies, and which look alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.probe.clusters import Groups, group_alike
from taxolens.probe.map import Map, project
from taxolens.probe.space import space_of
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.inspect_vectors import Seen

_FEWEST = 10
_PER_GROUP = 5
_MOST_GROUPS = 12


@dataclass(frozen=True, slots=True)
class Alike:
    """What the sample says without labels.

    Attributes:
        rows: int64 [m], photos that were looked at.
        groups: photos that look alike, the largest group first.
        map: where each lies.
    """

    rows: NDArray[np.int64]
    groups: Groups
    map: Map


def alike_in(seen: Seen, recipe: InspectRecipe, *, progress: Progress, say: Say) -> Alike | None:
    """Groups the sample that was embedded in full; None where it is too small for groups."""
    if len(seen.sample) < _FEWEST:
        return None
    steps = progress.track(("groups", "map"), what=say("Studying the photos"), total=2)
    next(steps)
    space = space_of(seen.vectors)
    count = int(np.clip(round((len(seen.sample) / _PER_GROUP) ** 0.5), 2, _MOST_GROUPS))
    groups = group_alike(space, count, seed=recipe.seed)
    next(steps)
    placed = project(space, way=recipe.map, seed=recipe.seed)
    for _ in steps:
        pass
    return Alike(seen.sample, groups, placed)
