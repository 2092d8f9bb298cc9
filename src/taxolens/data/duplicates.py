"""Files with identical bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from taxolens.core.records import Image


def duplicate_groups(images: Sequence[Image]) -> tuple[tuple[int, ...], ...]:
    """Indices of images with identical bytes, in groups of two and more, in the order of the images.

    An image whose bytes were not hashed is identical only to itself, listed twice.
    """
    same: dict[str, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        same[image.sha256 or str(image.path)].append(index)
    return tuple(tuple(group) for group in same.values() if len(group) > 1)
