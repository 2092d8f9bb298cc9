"""The mean photo of each class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image
from taxolens.data.lookbook import tiny_of

MOST_IN_A_MEAN = 400
"""Photos of a class that its mean is made of: more change nothing that can be seen."""

MOST_MEANS = 200
"""Classes that have a mean photo, the largest."""

_LEAST_IN_A_MEAN = 20
_IN_ALL_MEANS = 20_000


class Means:
    """Adds up small pictures of some photos of each class, the same photos at every run.

    They are those with the smallest hashes, which is a draw by lot that a new photo hardly changes. The
    more classes, the fewer photos of each, at least 20; 20,000 in all.

    Args:
        images: photos, of which those with a label count.
    """

    def __init__(self, images: Sequence[Image]) -> None:
        self.labels = tuple(sorted({image.label for image in images if image.label is not None}))
        self._class_of = _chosen(images, {label: k for k, label in enumerate(self.labels)})
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._counts: dict[int, int] = defaultdict(int)

    def __contains__(self, index: int) -> bool:
        return index in self._class_of

    def add(self, index: int, jpeg: bytes) -> None:
        """Adds the small picture of a chosen photo; a picture that was damaged on the disk does not count."""
        with suppress(Exception):  # whatever the decoder makes of the damage
            pixels = tiny_of(jpeg)
            k = self._class_of[index]
            if k in self._sums:
                self._sums[k] += pixels
            else:
                self._sums[k] = pixels.astype(np.float64)
            self._counts[k] += 1

    def made(self) -> Mapping[int, NDArray[np.float32]]:
        """float32 [64, 64, 3], 0..255, by the number of the class in `labels`."""
        means = {k: (self._sums[k] / self._counts[k]).astype(np.float32) for k in sorted(self._sums)}
        return MappingProxyType(means)


def _chosen(images: Sequence[Image], numbers: Mapping[str, int]) -> dict[int, int]:
    """Class by index of the photos that means are made of."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        if image.label is not None:
            members[numbers[image.label]].append(index)
    largest = sorted(members, key=lambda k: (-len(members[k]), k))[:MOST_MEANS]
    most = min(MOST_IN_A_MEAN, max(_LEAST_IN_A_MEAN, _IN_ALL_MEANS // max(len(largest), 1)))
    class_of: dict[int, int] = {}
    for k in largest:
        drawn = sorted(members[k], key=lambda index: (images[index].sha256 or "", images[index].name))
        class_of.update((index, k) for index in drawn[:most])
    return class_of
