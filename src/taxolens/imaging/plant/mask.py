"""Where the leaf is: one object on paper, with its lesions and without its shadow.

Made for leaves photographed one by one on a plain background, in sun or shade. A pixel is leaf when its
chroma is away from that of the paper (`paper`), which shadows are not. Three things need more:

- In very dark shadow a camera's chroma means little, and JPEG lets the green of the leaf bleed some pixels into
  it; so chroma counts less there. What is dark, green or brown and wider than the bleeding is leaf in shade.
- Glare has hardly any chroma: near the leaf, or where it is green, half of the distance will do.
- Holes are filled: black spots and dry tissue are as much leaf as the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.disc import closed, opened
from taxolens.imaging.plant.paper import Lab, paper_of, to_lab
from taxolens.imaging.plant.working import reduced, resized, unit_of

LEAST_SHARE = 0.01
MOST_SHARE = 0.98
"""An object smaller or larger than these shares of the photo is none: nothing stands out from anything."""

# All lengths are in pixels of a photo whose longer side has 256
_BLEEDING, _NEAR, _GAP, _SPECK = 5.0, 12.0, 2.0, 1.0
# What is dark on paper of this lightness; on darker paper, darker
_PAPER_LIGHT = 65.0
# Chroma counts in full from this lightness on, and least at black
_DARK_FROM, _DARK_OVER, _DARK_LEAST = 4.0, 14.0, 0.15
# Otsu's threshold, taken a little lower and kept within what is leaf in any light
_EASE, _LOW, _HIGH, _TOP = 0.8, 5.0, 11.0, 40.0
# Signs of a leaf that need less than the threshold: greener than paper, or not in deep shadow
_GREENER, _BROWNER, _GREENISH, _FAINT_GREEN = 4.0, 4.0, 3.0, 2.0
_HALF, _WEAK, _NOT_DEEP, _AS_LIGHT = 0.5, 0.6, 12.0, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class _Signs:
    """What speaks for leaf at each pixel, all [h, w].

    Attributes:
        red: a less that of paper.
        yellow: b less that of paper.
        light: L, as it would be on paper of common lightness.
        distance: from the colour of paper.
        threshold: on `distance`.
    """

    red: NDArray[np.float32]
    yellow: NDArray[np.float32]
    light: NDArray[np.float32]
    distance: NDArray[np.float32]
    threshold: float

    @property
    def sure(self) -> Mask:
        """Leaf without any doubt."""
        return np.asarray(self.distance * _trust(self.light) > self.threshold)

    def shaded(self, leaf: Mask) -> Mask:
        """Green or brown in the shade, or in glare; believed only where it is wide."""
        brown = (self.red > _BROWNER) & (self.yellow > _BROWNER)
        coloured = (self.distance > self.threshold) & (brown | (self.red < -_GREENER))
        usual = float(np.median(self.light[leaf])) if leaf.any() else 0.0
        pale = (self.distance > _HALF * self.threshold) & (self.red < -_GREENISH)
        return np.asarray(coloured | (pale & (self.light > _AS_LIGHT * usual)))

    @property
    def weak(self) -> Mask:
        """Leaf if leaf is near on both sides."""
        trusted = (self.light > _NOT_DEEP) | (self.red < -_FAINT_GREEN)
        return np.asarray((self.distance > _WEAK * self.threshold) & trusted)


def leaf_mask(pixels: Pixels) -> Mask:
    """The leaf.

    Args:
        pixels: uint8 [h, w, 3], upright RGB.

    Returns:
        bool [h, w], one piece without holes; all false where nothing stands out from the border.
    """
    small = reduced(pixels)
    unit = unit_of(small)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), max(0.3, 0.8 * unit)), np.uint8)
    signs = _signs(to_lab(smooth))
    mask = filled(largest(opened(signs.sure, _SPECK * unit)))
    mask = filled(largest(mask | opened(signs.shaded(mask) & ~mask, _BLEEDING * unit)))
    mask = closed(mask | (closed(mask, _NEAR * unit) & signs.weak), _GAP * unit)
    mask = filled(largest(opened(filled(mask), _SPECK * unit)))
    if not LEAST_SHARE <= mask.mean() <= MOST_SHARE:
        return np.zeros(pixels.shape[:2], np.bool_)
    return resized(mask, *pixels.shape[:2])


def _signs(lab: Lab) -> _Signs:
    paper = paper_of(lab)
    red, yellow = np.moveaxis(paper.away(lab), -1, 0)
    light = lab[..., 0] / np.float32(np.clip(paper.light / _PAPER_LIGHT, 0.5, 1.1))
    # Shadows go towards blue, so that way counts half; dark colours are faint
    towards = np.where(yellow < 0, 0.5 * yellow, yellow)
    distance = np.hypot(red, towards) * np.sqrt(60 / (lab[..., 0] + 30))
    threshold = float(np.clip(_EASE * _otsu(distance * _trust(light)), _LOW, _HIGH))
    return _Signs(red, yellow, light, distance, threshold)


def _trust(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much chroma means at a lightness, 0..1."""
    return np.asarray(((light - _DARK_FROM) / _DARK_OVER).clip(_DARK_LEAST, 1))


def _otsu(distance: NDArray[np.float32]) -> float:
    """Threshold between the two heaps of a histogram (Otsu 1979)."""
    levels = (distance.clip(0, _TOP) * (255 / _TOP)).astype(np.uint8)
    return float(cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)[0]) * _TOP / 255


def largest(mask: Mask) -> Mask:
    """The largest piece of a mask; pixels that touch at a corner only do not hang together."""
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    return np.asarray(pieces == 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax()))


def filled(mask: Mask) -> Mask:
    """The mask without holes."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)
