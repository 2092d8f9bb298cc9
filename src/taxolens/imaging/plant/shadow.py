"""Takes shadows off: paper becomes as light as where it is lit, the leaf evenly lit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Mask, Pixels
from taxolens.imaging.plant.disc import narrowed, widened
from taxolens.imaging.plant.paper import Lab, Paper, paper_of, to_lab
from taxolens.imaging.plant.working import reduced, resized, unit_of

# Lengths in pixels of a photo whose longer side has 256: grain of the paper, light on a leaf, light in a scene
_GRAIN, _LEAF, _SCENE, _RIM = 1.5, 12.0, 32.0, 2.0
_FRAME, _FRAME_DARK, _FRAME_RED = 3.0, 0.62, 3.0
"""How far a line of shadow reaches into the mask of a leaf, its light by that of the leaf beside it, and a* from
paper on from which it is brown tissue; chosen by eye on 16 photos."""
_LIT = 0.85
"""Lit paper is as light as this share of the paper is not."""
_TEXTURE = 6.0
"""What of L is kept as the grain of the paper, where the edge of a shadow would leave a line."""
_LEAF_GAIN = 0.6
"""The share of differences in light that is taken off a leaf; the rest is its form."""


def without_shadow(pixels: Pixels, leaf: Mask, strength: float = 1.0) -> Pixels:
    """The photo in even light.

    Paper: L* is brought to that of lit paper, but for its grain, and the chroma follows the curve that paper
    has over its lightness (`paper`). Leaf, or the whole photo where there is none: slow changes of L* are
    evened out, the chroma grows with the light (after the retinex of Land & McCann 1971).

    Args:
        pixels: uint8 [h, w, 3], upright RGB.
        leaf: bool [h, w], from `leaf_mask`; may be empty.
        strength: 0 changes nothing, 1 takes all off.

    Returns:
        uint8 [h, w, 3].
    """
    height, width = pixels.shape[:2]
    small = reduced(pixels)
    change = _change(to_lab(small), resized(leaf, *small.shape[:2]), unit_of(small))
    if small.shape != pixels.shape:
        change = np.asarray(cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    lit = to_lab(pixels) + np.float32(strength) * change
    lit[..., 0] = lit[..., 0].clip(0, 100)
    return np.rint(cv2.cvtColor(lit, cv2.COLOR_LAB2RGB) * 255).clip(0, 255).astype(np.uint8)


def _change(lab: Lab, leaf: Mask, unit: float) -> Lab:
    """What even light adds to each pixel."""
    if not leaf.any() or leaf.all():
        return _even(lab, np.ones_like(leaf), _SCENE * unit) - lab
    leaf = _without_rim(lab, leaf, unit)
    even = _even(lab, leaf, _LEAF * unit)
    even[~leaf] = _lit_paper(lab, leaf, paper_of(lab), unit)[~leaf]
    return even - lab


def _without_rim(lab: Lab, leaf: Mask, unit: float) -> Mask:
    """The leaf without the line of shadow that its mask has taken in: left dark, it would frame the leaf. Dark
    tissue that has lost its green is no shadow."""
    inner = narrowed(leaf, _FRAME * unit)
    if not inner.any():
        return leaf
    light, red = lab[..., 0], paper_of(lab).away(lab)[..., 0]
    dark = light < _FRAME_DARK * _mean(light, inner, _LEAF / 2 * unit)
    return np.asarray(leaf & (inner | ~dark | (red > _FRAME_RED)))


def _lit_paper(lab: Lab, leaf: Mask, paper: Paper, unit: float) -> Lab:
    free = ~widened(leaf, _RIM * unit)
    if not free.any():
        return lab.copy()
    light = lab[..., 0]
    smooth = _mean(light, free, _GRAIN * unit)
    wide = _mean(light, free, _LEAF * unit)
    smooth = np.where(free, smooth, wide)
    lit = float(np.quantile(smooth[free], _LIT))
    even = lab.copy()
    even[..., 0] = (lit + (light - smooth).clip(-_TEXTURE, _TEXTURE)).clip(0, 100)
    # Where the rim of the leaf bleeds into the paper, no chroma is believed
    even[..., 1:] = paper.away(lab) * free[..., None] - paper.away(
        np.dstack([even[..., 0], *2 * [0 * light]])
    )
    return even


def _even(lab: Lab, inside: Mask, sigma: float) -> Lab:
    light = lab[..., 0]
    smooth = _mean(light, inside, sigma)
    usual = float(np.quantile(light[inside], 0.6))
    raised = (light + _LEAF_GAIN * (usual - smooth)).clip(0, 100)
    gain = (raised / (light + 1)).clip(0.5, 2.0)
    return np.dstack([raised, lab[..., 1] * gain, lab[..., 2] * gain]).astype(np.float32)


def _mean(values: NDArray[np.float32], inside: Mask, sigma: float) -> NDArray[np.float32]:
    """Gaussian means over the pixels inside alone; far from them, their overall mean."""
    known = inside.astype(np.float32)
    overall = np.float32(values[inside].mean())
    weight = cv2.GaussianBlur(known, (0, 0), max(0.3, sigma))
    sums = cv2.GaussianBlur(values * known, (0, 0), max(0.3, sigma))
    return np.asarray((sums + 1e-4 * overall) / (weight + 1e-4))
