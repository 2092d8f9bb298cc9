"""Diseased areas of a leaf: where its tissue is less green than round about.

Rot, rust, scab and dry tissue have one thing in common: the green is gone, so that a* (green to red, CIE L*a*b*)
is higher than in the tissue round about. Measured from the colour of the paper and against the neighbourhood,
this holds for sunny and cloudy photos and for leaves of any green. What is darker has less chroma by nature,
and glare bleaches without disease; both are allowed for. Tissue that is plainly brown counts wherever it is, and
olive or grey spots (scab) count where they are darker than the rest and have lost a good part of its green.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.disc import narrowed, opened
from taxolens.imaging.plant.mask import filled
from taxolens.imaging.plant.paper import paper_of, to_lab
from taxolens.imaging.plant.working import reduced, resized, unit_of

# Lengths in pixels of a photo whose longer side has 256: the rim, where paper shines through; the leaf stalk,
# which is no blade; how far the neighbourhood reaches; what is too small for a lesion
_RIM, _STALK, _ROUND_ABOUT, _SPECK = 2.5, 5.0, 12.0, 0.9
_HOLE = 0.01
"""Share of the leaf: larger holes in a diseased area are sound tissue with disease all round."""
# Chosen on one half of 1,200 photos of apple and grape leaves, for the other half to be told apart
_LESS_GREEN = 9.0
_GREEN_LOST, _DARKER, _GREEN = 0.3, 0.95, -4.0
_DARK = 0.5
_GLARE = 1.2
_SHADOW, _MARGIN = 0.75, 7.0
_BROWN_RED, _BROWN_YELLOW = 3.0, 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """Diseased areas of one leaf.

    Attributes:
        mask: bool [h, w], true on diseased tissue.
        share: of the leaf's area, 0..1; NaN where there is no leaf.
        boxes: float64 [k, 4], one for each area that hangs together, largest first: left, top, right, bottom in
            pixel edges.
        areas: int64 [k], in pixels.
    """

    mask: Mask
    share: float
    boxes: NDArray[np.float64]
    areas: NDArray[np.int64]


def find_lesions(pixels: Pixels, leaf: Mask) -> Lesions:
    """The diseased areas of a leaf.

    Args:
        pixels: uint8 [h, w, 3], upright RGB; the whole photo, for the colour of the paper is needed too.
        leaf: bool [h, w], from `leaf_mask`.
    """
    small = reduced(pixels)
    mask = resized(leaf, *small.shape[:2])
    if not leaf.any() or not mask.any():
        return Lesions(np.zeros_like(leaf), float("nan"), np.zeros((0, 4)), np.zeros(0, np.int64))
    found = _without_holes(opened(_diseased(small, mask), _SPECK * unit_of(small)), _HOLE * mask.sum())
    found = resized(found, *leaf.shape) & leaf
    boxes, areas = _pieces(found)
    return Lesions(found, float(found.sum() / leaf.sum()), boxes, areas)


def highlighted(pixels: Pixels, lesions: Lesions, colour: tuple[int, int, int], boxes: bool = True) -> Pixels:
    """The photo with diseased areas tinted and outlined, and a box round each."""
    shown = pixels.copy()
    tint = 0.65 * shown[lesions.mask] + 0.35 * np.array(colour)
    shown[lesions.mask] = np.rint(tint).astype(np.uint8)
    outlines, _ = cv2.findContours(lesions.mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, outlines, -1, colour, 1)
    for left, top, right, bottom in lesions.boxes.astype(int).tolist() if boxes else ():
        cv2.rectangle(shown, (left - 1, top - 1), (right, bottom), colour, 1)
    return shown


def _diseased(pixels: Pixels, leaf: Mask) -> Mask:
    unit = unit_of(pixels)
    lab = to_lab(np.asarray(cv2.GaussianBlur(pixels, (0, 0), max(0.3, 0.8 * unit)), np.uint8))
    red, yellow = np.moveaxis(paper_of(lab).away(lab), -1, 0)
    light = lab[..., 0]
    blade = narrowed(opened(leaf, _STALK * unit), _RIM * unit)
    usual = _round_about(np.dstack([light, red, yellow]), blade, _ROUND_ABOUT * unit)
    usual_light, usual_red, usual_yellow = np.moveaxis(usual, -1, 0)
    expected = usual_red * (light / (usual_light + 1e-3)).clip(_DARK, 1)
    glare = (light > _GLARE * usual_light) & (yellow < usual_yellow)
    brown = (red > _BROWN_RED) & (yellow > _BROWN_YELLOW)
    less = (red - expected > _LESS_GREEN) & ~glare
    olive = (
        (red - expected > -_GREEN_LOST * usual_red) & (usual_red < _GREEN) & (light < _DARKER * usual_light)
    )
    shadow = (light < _SHADOW * usual_light) & ~narrowed(leaf, _MARGIN * unit)
    return np.asarray(blade & (((less | olive) & ~shadow) | brown))


def _without_holes(mask: Mask, most: float) -> Mask:
    """The mask with holes of at most so many pixels filled: the middle of a spot can be as dark as a shadow."""
    holes = (filled(mask) & ~mask).astype(np.uint8)
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    small = facts[:, cv2.CC_STAT_AREA] <= most
    small[0] = False
    return np.asarray(mask | small[pieces]) if count > 1 else mask


def _round_about(values: NDArray[np.float32], blade: Mask, sigma: float) -> NDArray[np.float32]:
    """[h, w, k]: Gaussian means over the pixels of the blade alone."""
    known = blade.astype(np.float32)
    sums = cv2.GaussianBlur(values * known[..., None], (0, 0), sigma)
    return np.asarray(sums / (cv2.GaussianBlur(known, (0, 0), sigma)[..., None] + 1e-6))


def _pieces(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Boxes and areas of the pieces, largest first."""
    _, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    pieces = facts[1:][np.argsort(-facts[1:, cv2.CC_STAT_AREA], kind="stable")]
    left, top, width, height, area = pieces.T.astype(np.int64)
    return np.stack([left, top, left + width, top + height], axis=1).astype(np.float64), area
