"""How pigment lies on a body.

A pattern answers, for points of the skin, how much of the second colour and how much of the accent is
there. Points are given by t (0 front of the head .. 1 end of the abdomen) and q (0 middle of the back
.. 1 middle of the belly), so that the same animal can be seen from above and from the side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.demo.noise import smoothstep

Array = NDArray[np.float32]
Weights = tuple[Array, Array]
"""Shares of the second colour and of the accent, 0..1 each."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points of the skin, all [n].

    Attributes:
        t: along the body.
        q: around the body.
        segment: number of the segment behind the head, 0 = the first.
        phase: place within the segment, 0 front .. 1 back.
        blotch: coarse noise, about -1..1, the individual's own.
        speck: fine noise, about -1..1.
    """

    t: Array
    q: Array
    segment: NDArray[np.int8]
    phase: Array
    blotch: Array
    speck: Array


def _bump(x: Array, centre: float, width: float) -> Array:
    return np.asarray(np.exp(-(((x - np.float32(centre)) / np.float32(width)) ** 2)), dtype=np.float32)


def _banded(p: Points) -> Weights:
    ragged = p.phase + 0.22 * p.blotch + 0.1 * p.speck
    band = smoothstep(0.42, 0.58, ragged) * smoothstep(0.55, 0.4, p.q)
    fourth = p.segment == 6
    # The long fourth abdominal segment carries a broken bow in its middle as well.
    bow = _bump(p.phase - 0.9 * p.q, 0.28, 0.09) * smoothstep(0.4, 0.3, p.q)
    band = np.where(fourth, np.maximum(band, 0.9 * bow), band)
    flank = _bump(p.q, 0.4, 0.06) * smoothstep(-0.5, 0.2, p.blotch) * 0.8
    face = _bump(p.t, 0.03, 0.03) * 0.7 + _bump(p.q, 0.42, 0.07) * 0.6
    second = np.where(p.t < 0.17, face, np.maximum(band, flank))
    return second.clip(0, 1), smoothstep(0.55, 0.9, p.q) * 0.7


def _orchesella(p: Points) -> Weights:
    dark = smoothstep(-0.75, -0.2, p.blotch + 0.3 * p.speck) * smoothstep(0.62, 0.48, p.q)
    seam = smoothstep(0.86, 0.97, p.phase) * 0.8
    middle = _bump(p.q, 0.0, 0.025) * smoothstep(-0.3, 0.4, p.blotch) * 0.7
    girdle = (p.segment == 5) * smoothstep(0.05, 0.25, p.phase) * smoothstep(0.5, 0.4, p.q)
    patches = (p.segment == 6) * _bump(p.q, 0.2, 0.06) * smoothstep(0.1, 0.5, p.blotch + 0.4)
    accent = np.maximum(np.maximum(girdle, 0.8 * patches), np.maximum(middle, 0.6 * seam))
    return dark * (1 - 0.85 * girdle), (accent * (p.t > 0.17)).clip(0, 1)


def _scaled(p: Points) -> Weights:
    bare = smoothstep(0.35, 0.75, p.blotch + 0.35 * p.speck) * 0.85
    seam = np.maximum(smoothstep(0.9, 0.99, p.phase), smoothstep(0.06, 0.0, p.phase)) * 0.5
    head = (p.t < 0.15) * 0.35
    return np.maximum(np.maximum(bare, seam), head), smoothstep(0.0, 0.9, p.speck) * 0.45


def _lined(p: Points) -> Weights:
    middle = _bump(p.q, 0.0, 0.022) * 0.9
    flank = smoothstep(0.16, 0.34, p.q + 0.06 * p.blotch) * smoothstep(0.62, 0.5, p.q) * 0.75
    seam = smoothstep(0.8, 1.0, p.phase + 0.1 * p.blotch) * 0.7
    second = np.maximum(np.maximum(middle, flank), seam * (p.t > 0.16))
    freckles = smoothstep(0.45, 0.9, p.speck) * 0.6 + smoothstep(0.6, 0.95, p.q) * 0.6
    return second, freckles.clip(0, 1)


def _granular(p: Points) -> Weights:
    blotched = smoothstep(-0.5, 0.7, p.blotch) * 0.75
    row = _bump(p.phase, 0.5, 0.12) * smoothstep(0.2, 0.8, p.speck) * 0.5
    pale = smoothstep(0.5, 0.9, p.q) * 0.8 + smoothstep(0.75, 1.0, p.phase) * 0.35 + row
    return blotched, pale.clip(0, 1)


def _gut(p: Points) -> Weights:
    inside = smoothstep(0.28, 0.4, p.t) * smoothstep(0.93, 0.82, p.t)
    filled = smoothstep(-0.7, 0.5, p.blotch) * _bump(p.q, 0.0, 0.16) * inside
    fat = smoothstep(0.25, 0.7, p.speck + 0.4 * p.blotch) * 0.8
    return filled, fat * smoothstep(0.1, 0.25, p.q + 0.1)


def _globe_freckled(p: Points) -> Weights:
    cloud = smoothstep(-0.1, 0.9, p.blotch) * smoothstep(0.7, 0.3, p.q)
    freckles = smoothstep(0.35, 0.75, p.speck) * 0.9 + smoothstep(0.6, 0.95, p.q) * 0.5
    return cloud, freckles.clip(0, 1)


def _globe_marbled(p: Points) -> Weights:
    veins = smoothstep(0.3, 0.1, np.abs(p.blotch + 0.2 * p.speck + 0.1)) * smoothstep(0.02, 0.14, p.q)
    clouds = smoothstep(0.45, 0.7, p.blotch) * smoothstep(0.75, 0.5, p.q)
    back = _bump(p.t, 0.66, 0.16) * _bump(p.q, 0.0, 0.06) * 0.7
    bars = 0.55 + 0.45 * np.cos(p.t * np.float32(110.0))
    fir = smoothstep(0.13, 0.08, p.q + 0.35 * np.abs(p.t - np.float32(0.87))) * smoothstep(0.78, 0.82, p.t)
    head = (p.t < 0.2) * smoothstep(0.2, 0.6, p.blotch) * 0.8
    second = np.where(p.t < 0.2, head, np.maximum(np.maximum(veins * 0.8, clouds), back))
    return second, fir * smoothstep(0.2, 0.5, bars + fir * 0.3) * (p.t > 0.25)


PATTERNS: Mapping[str, Callable[[Points], Weights]] = MappingProxyType(
    {
        "banded": _banded,
        "orchesella": _orchesella,
        "scaled": _scaled,
        "lined": _lined,
        "granular": _granular,
        "gut": _gut,
        "globe_freckled": _globe_freckled,
        "globe_marbled": _globe_marbled,
    }
)
