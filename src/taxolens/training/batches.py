"""Training photos in random order, changed at random, in steps; the same for the same seed and epoch.

What is done to a photo depends on seed, epoch, the photo's row and how often it was shown in this epoch alone:
not on threads, on the size of a step or on where a stopped training was taken up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.trainer import Pixels
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.policy import Policy, policy
from taxolens.recipes.network import NetworkRecipe, Sampling
from taxolens.training.team import ALONE, Team, part_sizes

_AHEAD = 4
_OTHERS = 3
"""Photos without a class for each one with a class, at most."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a network learns from.

    Attributes:
        pixels: all photos.
        truth: int64 [n].
        rows: int64 [t], those to learn from that have a class.
        classes: how many there are.
        wide: those to learn from in the larger size that a teacher wants; what is done to photos is done there.
        unnamed: int64 [u], further rows, of which only a teacher says what they show; their truth is -1.
    """

    pixels: Pixels
    truth: NDArray[np.int64]
    rows: NDArray[np.int64]
    classes: int
    wide: Pixels | None = None
    unnamed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def rounds(self) -> int:
        """How often an epoch shows those that have a class: often enough to be a quarter of it.

        Were they rare, they would come as single large steps, which the limit of the gradient cuts down.
        """
        return max(1, -(-len(self.unnamed) // (_OTHERS * max(1, len(self.rows)))))

    @property
    def photos(self) -> int:
        """Photos that an epoch shows, with a class or without."""
        return self.rounds * len(self.rows) + len(self.unnamed)


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's photos, or one process's part of them.

    Attributes:
        pixels: uint8 [b, height, width, 3]; in the larger size of the lesson's wide view where it has one.
        truth: int64 [b]; -1: nobody has said.
        of: photos in the whole step.
        rows: int64 [b], which photos they are.
    """

    pixels: torch.Tensor
    truth: torch.Tensor
    of: int
    rows: NDArray[np.int64]


class Batches:
    """Steps of an epoch.

    Args:
        team: the processes that share every step's photos.

    Raises:
        UsageError: steps are too small to be shared.
    """

    def __init__(self, lesson: Lesson, recipe: NetworkRecipe, team: Team = ALONE) -> None:
        self._lesson, self._recipe, self._team = lesson, recipe, team
        self._policy: Policy = policy(recipe.augment)
        if min(recipe.batch, lesson.photos) < team.size > 1:
            error = UsageError(
                "Steps of {batch} photos cannot be shared by {n} processes. Raise --batch, or start fewer.",
                batch=min(recipe.batch, lesson.photos),
                n=team.size,
            )
            raise team.failed(error)

    def __len__(self) -> int:
        """Steps in an epoch, the same for every process; none is so small that a process would go without."""
        photos = self._lesson.photos
        return min(-(-photos // self._recipe.batch), max(1, photos // self._team.size))

    def epoch(self, number: int) -> Iterator[Batch]:
        """The steps of epoch `number`, as even in size as can be: a last one of a single photo teaches little."""
        order = self._order(number)
        turns = _turns(order)

        def seen(place: int) -> NDArray[np.uint8]:
            return self._changed(int(order[place]), number, turns[place])

        steps = np.array_split(np.arange(len(order)), max(1, len(self))) if len(order) else []
        parts = [self._part(step) for step in steps]
        window = _AHEAD * min(self._recipe.batch, max(1, len(order)))
        mine = [place for part in parts for place in part.tolist()]
        threads = max(1, default_workers() // self._team.neighbours)
        changed = ordered_map(seen, mine, workers=threads, window=window)
        for step, part in zip(steps, parts, strict=True):
            rows = order[part]
            pixels = np.stack([next(changed) for _ in rows])
            yield Batch(torch.from_numpy(pixels), torch.from_numpy(self._lesson.truth[rows]), len(step), rows)

    def _part(self, step: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's share of a step's places."""
        sizes = part_sizes(len(step), self._team.size)
        start = sum(sizes[: self._team.rank])
        return step[start : start + sizes[self._team.rank]]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._recipe.seed, epoch))
        rounds = [self._round(rng) for _ in range(self._lesson.rounds)]
        order: NDArray[np.int64] = rng.permutation(np.concatenate([*rounds, self._lesson.unnamed]))
        return order

    def _round(self, rng: np.random.Generator) -> NDArray[np.int64]:
        rows = self._lesson.rows
        if self._recipe.sampling is Sampling.BALANCED:
            return balanced(rows, self._lesson.truth[rows], rng)
        return rows

    def _changed(self, row: int, epoch: int, turn: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng((self._recipe.seed, epoch, row, turn))
        lesson = self._lesson
        pixels = (lesson.pixels if lesson.wide is None else lesson.wide)[row]
        changed = self._policy(Picture.of(pixels), rng).pixels
        if changed.shape != pixels.shape:
            raise ValueError(f"a policy made {changed.shape} of {pixels.shape}")
        return np.ascontiguousarray(changed)


def _turns(order: NDArray[np.int64]) -> list[int]:
    """How often each row was shown before: a photo that makes up for others is to be another one each time."""
    shown: Counter[int] = Counter()
    turns = []
    for row in order.tolist():
        turns.append(shown[row])
        shown[row] += 1
    return turns


def balanced(
    rows: NDArray[np.int64], truth: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """As many rows as before, every class as often: whole rounds of each class, then some of it at random."""
    classes = np.unique(truth)
    each = -(-len(rows) // len(classes))
    drawn = [_rounds(rows[truth == one], each, rng) for one in classes]
    chosen: NDArray[np.int64] = rng.permutation(np.concatenate(drawn))[: len(rows)]
    return chosen


def _rounds(rows: NDArray[np.int64], wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    whole, rest = divmod(wanted, len(rows))
    return np.concatenate([np.tile(rows, whole), rng.permutation(rows)[:rest]])
