"""Training photos in random order, changed at random, in steps; the same for the same seed and epoch.

What is done to a photo depends on seed, epoch and the photo's row alone: not on threads, on the size of a
step or on where a stopped training was taken up again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from taxolens.core.trainer import Pixels
from taxolens.execution.local import default_workers, ordered_map
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.policy import Policy, policy
from taxolens.recipes.network import NetworkRecipe, Sampling

_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a network learns from.

    Attributes:
        pixels: all photos.
        truth: int64 [n].
        rows: int64 [t], those to learn from.
        classes: how many there are.
    """

    pixels: Pixels
    truth: NDArray[np.int64]
    rows: NDArray[np.int64]
    classes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's photos.

    Attributes:
        pixels: uint8 [b, height, width, 3].
        truth: int64 [b].
    """

    pixels: torch.Tensor
    truth: torch.Tensor


class Batches:
    """Steps of an epoch.

    Args:
        place: which of the processes that share the work this is, and how many there are.
    """

    def __init__(self, lesson: Lesson, recipe: NetworkRecipe, place: tuple[int, int] = (0, 1)) -> None:
        self._lesson, self._recipe, self._place = lesson, recipe, place
        self._policy: Policy = policy(recipe.augment)

    def __len__(self) -> int:
        """Steps in an epoch, the same for every process."""
        mine = len(self._lesson.rows) // self._place[1]
        return -(-mine // self._recipe.batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The steps of epoch `number`, as even in size as can be: a last one of a single photo teaches little."""
        order = self._order(number)

        def seen(row: int) -> NDArray[np.uint8]:
            return self._changed(row, number)

        window = _AHEAD * min(self._recipe.batch, max(1, len(order)))
        changed = ordered_map(seen, order.tolist(), workers=default_workers(), window=window)
        for rows in np.array_split(order, max(1, len(self))) if len(order) else ():
            pixels = np.stack([next(changed) for _ in rows])
            yield Batch(torch.from_numpy(pixels), torch.from_numpy(self._lesson.truth[rows]))

    def _order(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._recipe.seed, epoch))
        rows = self._lesson.rows
        if self._recipe.sampling is Sampling.BALANCED:
            rows = balanced(rows, self._lesson.truth[rows], rng)
        rank, processes = self._place
        mine: NDArray[np.int64] = rng.permutation(rows)[rank::processes]
        return mine[: len(rows) // processes]

    def _changed(self, row: int, epoch: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng((self._recipe.seed, epoch, row))
        pixels = self._lesson.pixels[row]
        changed = self._policy(Picture.of(pixels), rng).pixels
        if changed.shape != pixels.shape:
            raise ValueError(f"a policy made {changed.shape} of {pixels.shape}")
        return np.ascontiguousarray(changed)


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
