"""What a leaf lies on: the colour of the paper in light and in shadow.

Between light and shadow the chroma of one surface moves on a smooth curve over its lightness. Where the curve
is known, shadows are as near to it as lit paper is, and a leaf is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.operations.picture import Pixels

Lab = NDArray[np.float32]
"""float32 [h, w, 3], CIE L*a*b*: L 0..100, a and b about -100..100."""

_MIDDLE = 50.0
_RING = 0.03
"""Width of the border from which the paper is learnt, as a share of the shorter side."""
_ROUNDS = 8
_STIFF = (0.0, 0.15, 0.05)
"""How strongly black is held to be without colour, and the curve to be straight."""
_GREEN_FROM, _GREEN_OVER = 12.0, 4.0
"""Border pixels whose b - a is above this are rather leaf than paper."""


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """The chroma of the paper at every lightness.

    Attributes:
        curve: float64 [3, 2], of a and b: at L = 50, at L = 0, and the bend between.
        light: L of the paper where it is lit.
    """

    curve: NDArray[np.float64]
    light: float

    def away(self, lab: Lab) -> NDArray[np.float32]:
        """float32 [h, w, 2]: a and b of each pixel, less those of paper that is as light."""
        return np.asarray(lab[..., 1:] - _known(lab[..., 0]) @ self.curve.astype(np.float32))


def _known(light: NDArray[Any]) -> NDArray[Any]:
    """[..., 3]: what the curve is made of."""
    share = light / _MIDDLE
    return np.stack([share, 1 - share, share * (share - 1)], axis=-1)


def to_lab(pixels: Pixels) -> Lab:
    """float32 [h, w, 3], CIE L*a*b* under D65 of sRGB pixels."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def paper_of(lab: Lab) -> Paper:
    """The paper, from the border of the picture.

    A robust curve (iteratively reweighted least squares, Cauchy weights): pixels of a leaf that reaches the
    border are few or green, and lose their say.
    """
    samples = _border(lab).astype(np.float64)
    light, chroma = samples[:, 0], samples[:, 1:]
    greenness = (chroma[:, 1] - chroma[:, 0] - _GREEN_FROM) / _GREEN_OVER
    trust = 0.02 + 1 / (1 + np.exp(greenness.clip(-50, 50)))
    known = _known(light)
    weights, curve = trust, np.zeros((3, 2))
    for _ in range(_ROUNDS):
        weighted = known * weights[:, None]
        stiff = np.diag(np.array(_STIFF) * weights.sum() + 1e-3)
        curve = np.linalg.solve(weighted.T @ known + stiff, weighted.T @ chroma)
        off = np.linalg.norm(chroma - known @ curve, axis=1)
        scale = max(1.5, 1.48 * float(np.quantile(off, 0.35)))
        weights = trust / (1 + (off / (2 * scale)) ** 2) ** 2
    believed = weights >= min(0.25, float(weights.max()))
    return Paper(curve, float(np.quantile(light[believed], 0.8)))


def _border(lab: Lab) -> NDArray[np.float32]:
    """float32 [n, 3]: the pixels along the four sides."""
    wide = max(1, min(3, min(lab.shape[:2]) // 4), round(min(lab.shape[:2]) * _RING))
    sides = (lab[:wide], lab[-wide:], lab[wide:-wide, :wide], lab[wide:-wide, -wide:])
    return np.concatenate([side.reshape(-1, 3) for side in sides])
