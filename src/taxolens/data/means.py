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
        self._class_of = _chosen(images)
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def __contains__(self, index: int) -> bool:
        return index in self._class_of

    def add(self, index: int, jpeg: bytes) -> None:
        """Adds the small picture of a chosen photo; a picture that was damaged on the disk does not count."""
        with suppress(Exception):  # whatever the decoder makes of the damage
            pixels = tiny_of(jpeg)
            label = self._class_of[index]
            if label in self._sums:
                self._sums[label] += pixels
            else:
                self._sums[label] = pixels.astype(np.float64)
            self._counts[label] += 1

    def made(self, labels: Sequence[str]) -> Mapping[int, NDArray[np.float32]]:
        """float32 [64, 64, 3], 0..255, by the number of the class in `labels`."""
        means = {
            k: (self._sums[label] / self._counts[label]).astype(np.float32)
            for k, label in enumerate(labels)
            if label in self._sums
        }
        return MappingProxyType(means)


def _chosen(images: Sequence[Image]) -> dict[int, str]:
    """Class by index of the photos that means are made of."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        if image.label is not None:
            members[image.label].append(index)
    largest = sorted(members, key=lambda label: (-len(members[label]), label))[:MOST_MEANS]
    most = min(MOST_IN_A_MEAN, max(_LEAST_IN_A_MEAN, _IN_ALL_MEANS // max(len(largest), 1)))
    class_of: dict[int, str] = {}
    for label in largest:
        drawn = sorted(members[label], key=lambda index: (images[index].sha256 or "", images[index].name))
        class_of.update((index, label) for index in drawn[:most])
    return class_of
