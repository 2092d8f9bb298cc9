"""Steps on one photo: the same seed, photo and copy make the same picture, in any order and on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.step import Step


def photo_seed(seed: int, name: str, copy: int = 0) -> int:
    """The seed of one copy of one photo: it hangs on nothing but these three, so that shards agree.

    Args:
        seed: of the whole work.
        name: of the photo in its data set.
        copy: 0 for the photo itself.
    """
    text = f"{seed}\0{copy}\0{name}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def apply_steps(picture: Picture, steps: Sequence[Step], seed: int = 0) -> Picture:
    """The picture after all steps.

    Args:
        picture: never changed in place.
        steps: in order.
        seed: of this copy of this photo (`photo_seed`).

    Raises:
        UsageError: a step has to learn from photos first (`fit_steps`).
        MissingExtra: a step needs a library that is not installed.
    """
    generator = np.random.default_rng(seed)
    for step in steps:
        picture = step.run(picture, generator)
    return picture


def fit_steps(
    steps: Sequence[Step], photos: Callable[[], Iterable[Pixels]], seed: int = 0
) -> tuple[Step, ...]:
    """The steps, each of which has learnt what it needs from photos of the training part.

    Args:
        steps: in order; each learns from photos as they are after the steps before it.
        photos: gives the photos anew, one at a time; called once for each step that learns.
        seed: for steps before it that draw by chance.

    Raises:
        UsageError: there are no photos to learn from.
    """
    ready: list[Step] = []
    for step in steps:
        if step.learns and step.operation.fit is not None:
            step = step.fit(step.operation.fit(_after(ready, photos(), seed), step.values))
        ready.append(step)
    return tuple(ready)


def _after(steps: Sequence[Step], photos: Iterable[Pixels], seed: int) -> Iterator[Pixels]:
    for number, pixels in enumerate(photos):
        yield apply_steps(Picture.of(pixels), steps, photo_seed(seed, str(number))).pixels
