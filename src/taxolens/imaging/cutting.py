"""Boxes of a photo as a classifier sees them: each cut out as if it were the photo's only one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.decode import upright_size
from taxolens.imaging.fitting import Size
from taxolens.imaging.photograph import Photograph, scale_for
from taxolens.imaging.preprocess import Preprocess
from taxolens.imaging.region import CropRule, region

_JPEG = "JPEG"


def cut_out(
    source: Source,
    boxes: Sequence[Box],
    crop: CropRule,
    rule: Preprocess,
    *,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Cuts boxes out of a photo, which is decoded once for all that take the same fraction of its pixels.

    The pixels of a crop depend on nothing but the photo, its box and the rules: neither on the other boxes nor on
    their order. So what was learnt of a box may be remembered, whatever is asked about the photo next.

    Args:
        source: a file, or its bytes.
        boxes: in shares of the upright photo.
        crop: how a box becomes a part of the photo.
        rule: how this part becomes the model's input.

    Yields:
        the number of a box, and uint8 [rule.height, rule.width, 3]; largest crops first.

    Raises:
        ImageError: the photo cannot be read.
    """
    photo = Photograph(source, max_megapixels=max_megapixels)
    size = _announced(source, max_megapixels) or photo.size()
    parts = [region(box, size, crop) for box in boxes]
    # Pixels that are there stay in use while they are enough, so the fewest must come first.
    scales = [scale_for(part, size, rule) for part in parts]
    for number in sorted(range(len(parts)), key=lambda one: -scales[one]):
        yield number, next(photo.crops([parts[number]], rule))


def was_cut_scaled(
    source: Source,
    box: Box,
    crop: CropRule,
    rule: Preprocess,
    *,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
) -> bool:
    """Whether scaled decoding changes anything for this box: the photo is a JPEG, and the box large enough.

    Raises:
        ImageError: the header cannot be read.
    """
    size = _announced(source, max_megapixels)
    return size is not None and scale_for(region(box, size, crop), size, rule) > 1


def _announced(source: Source, max_megapixels: float) -> Size | None:
    """Width and height of a JPEG, upright, before it is decoded; other formats tell theirs afterwards."""
    with opened(source, max_megapixels=max_megapixels) as image:
        return upright_size(image) if image.format == _JPEG else None
