"""Photos that hardly show anything, and boxes that cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.core.texts import noted
from taxolens.data.looks import Looks

TINY = 32.0
"""Shorter side in pixels below which a photo is tiny."""

ODD_ASPECT = 4.0
"""Longer side by shorter side above which a photo is oddly shaped."""

DARK = 0.9
"""Share of nearly black pixels above which a photo is dark, unless the median photo is dark too."""

OVER_EXPOSED = 0.9
"""Share of nearly white pixels above which a photo is over-exposed, unless the median photo is white too."""

FLAT = 0.015
"""Standard deviation of luma below which a photo is almost one colour, unless the median photo is flat too."""

BLURRED = 1e-3
"""Sharpness above which no photo is called blurred, however sharp the others are.

Photos of dogs, animals, leaves and sticky traps that were blurred by two pixels (of 256) lie below it, all but
two in a hundred of the originals above.
"""

BLURRED_SPREADS = 3.0
"""How far below the median, in robust standard deviations of log sharpness, a blurred photo is as well.

So a set that is soft as a whole is not wholly listed. The deviation is held between 0.3 and 1, lest photos by
day and by night in one set hide what is blurred.
"""

EMPTY_BOX = 1.0
"""Pixels below which a side of a box is no extent."""

SAME_BOX = 0.95
"""Intersection over union above which two boxes of one label are drawn twice."""

_NORMAL = 1.4826  # standard deviation of normal values by their median absolute deviation
_NO_EDGES = 1e-9
_LEAST_SPREAD, _MOST_SPREAD = 0.3, 1.0
_MOST_NEIGHBOURS = 200  # boxes compared with one box; a column of more is drawn by a machine


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about a photo that a person should look at.

    Attributes:
        index: row of the photo.
        code: "tiny", "blurred", "dark", "over_exposed", "odd_aspect", "flat", "box_empty" or "box_twice".
        value: what was measured.
        limit: what it was compared with.
        reason: one English sentence, which is its own key for translation.
    """

    index: int
    code: str
    value: float
    limit: float
    reason: str


def find_faults(images: Sequence[Image], looks: Looks) -> tuple[Fault, ...]:
    """What a person should look at, kind by kind, the worst first.

    Limits are absolute and, for light, contrast and sharpness, also relative to the other photos, as in
    CleanVision (github.com/cleanlab/cleanvision). A photo that is dark, over-exposed or flat is not called
    blurred as well. Boxes outside their photo never get this far: readers of boxes tell of them.

    Args:
        images: the n photos of `looks`, in its order.

    Raises:
        ValueError: images and looks are not of the same photos.
    """
    if len(images) != len(looks):
        raise ValueError(f"{len(images)} images and {len(looks)} looks")
    return (*_photo_faults(looks), *_box_faults(images, looks))


def _photo_faults(looks: Looks) -> Iterator[Fault]:
    shorter = np.minimum(looks.widths, looks.heights).astype(np.float64)
    aspect = np.maximum(looks.widths, looks.heights) / np.maximum(shorter, 1)
    dark, bright, flat = (
        _share_limit(looks.dark, DARK),
        _share_limit(looks.bright, OVER_EXPOSED),
        _flat_limit(looks),
    )
    blank = (looks.dark > dark) | (looks.bright > bright) | (looks.contrast < flat)
    yield from _below("tiny", shorter, TINY)
    yield from _above("odd_aspect", aspect, ODD_ASPECT)
    yield from _above("dark", looks.dark, dark)
    yield from _above("over_exposed", looks.bright, bright)
    yield from _below("flat", looks.contrast, flat)
    yield from _below(
        "blurred", np.where(blank, np.inf, looks.sharpness), _blur_limit(looks.sharpness[~blank])
    )


def _share_limit(shares: NDArray[np.float32], least: float) -> float:
    """Half way from the median photo to all of it, but never below `least`."""
    return max(least, (1 + float(np.median(shares))) / 2) if len(shares) else least


def _flat_limit(looks: Looks) -> float:
    """A quarter of the median photo's contrast, but never more than what is flat in any set."""
    return min(FLAT, float(np.median(looks.contrast)) / 4) if len(looks) else FLAT


def _blur_limit(sharpness: NDArray[np.float32]) -> float:
    """What is far below the others, but never more than what is soft in any set."""
    if not len(sharpness):
        return 0.0
    logs = np.log(np.maximum(sharpness.astype(np.float64), _NO_EDGES))
    middle = float(np.median(logs))
    spread = _NORMAL * float(np.median(np.abs(logs - middle)))
    return min(
        BLURRED, float(np.exp(middle - BLURRED_SPREADS * min(max(spread, _LEAST_SPREAD), _MOST_SPREAD)))
    )


def _below(code: str, values: NDArray[np.floating], limit: float) -> Iterator[Fault]:
    rows = np.flatnonzero(values < limit)
    for row in rows[np.argsort(values[rows], kind="stable")].tolist():
        yield Fault(row, code, float(values[row]), limit, REASONS[code])


def _above(code: str, values: NDArray[np.floating], limit: float) -> Iterator[Fault]:
    rows = np.flatnonzero(values > limit)
    for row in rows[np.argsort(-values[rows], kind="stable")].tolist():
        yield Fault(row, code, float(values[row]), limit, REASONS[code])


def _box_faults(images: Sequence[Image], looks: Looks) -> Iterator[Fault]:
    for row, image in enumerate(images):
        if image.annotations:
            yield from _empty_boxes(row, image.annotations, int(looks.widths[row]), int(looks.heights[row]))
            yield from _twice(row, image.annotations)


def _empty_boxes(row: int, annotations: Sequence[Annotation], width: int, height: int) -> Iterator[Fault]:
    for one in annotations:
        shorter = min(one.box.width * width, one.box.height * height)
        if shorter < EMPTY_BOX:
            yield Fault(row, "box_empty", shorter, EMPTY_BOX, REASONS["box_empty"])


def _twice(row: int, annotations: Sequence[Annotation]) -> Iterator[Fault]:
    """Each box that covers an earlier one; neighbours by left edge, lest a thousand boxes be a million pairs."""
    ordered = sorted(annotations, key=lambda one: (one.box.x, one.box.y))
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + _MOST_NEIGHBOURS]:
            if other.box.x - one.box.x > (1 - SAME_BOX) * one.box.width:
                break
            overlap = _overlap(one.box, other.box)
            if one.label == other.label and overlap > SAME_BOX:
                yield Fault(row, "box_twice", overlap, SAME_BOX, REASONS["box_twice"])
                break


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0.0) * max(height, 0.0)
    union = one.width * one.height + other.width * other.height - shared
    return shared / union if union > 0 else 0.0


REASONS = {
    "tiny": noted("The photo has fewer pixels than a model looks at."),
    "odd_aspect": noted("The photo is very long or very high: a model sees it squeezed or cut."),
    "dark": noted("Nearly all of the photo is black."),
    "over_exposed": noted("Nearly all of the photo is white."),
    "flat": noted("The photo is almost one colour."),
    "blurred": noted("The photo is much less sharp than the others."),
    "box_empty": noted("A box is less than one pixel wide or high."),
    "box_twice": noted("Two boxes of one label are in the same place."),
}
"""Why each kind is worth a look."""
