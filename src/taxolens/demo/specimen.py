"""One animal: how it differs from others of its kind, and how it sits in this photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import radians

import numpy as np
from numpy.typing import NDArray

from taxolens.demo.axis import Axis
from taxolens.demo.colour import linear
from taxolens.demo.taxa import Colouring, Look, SpringtailTaxon

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pigment:
    """The individual's own colours, linear [3] each."""

    base: Array
    second: Array
    accent: Array
    antenna: tuple[Array, Array]
    leg: Array


@dataclass(frozen=True, slots=True)
class Specimen:
    """An individual, the same in all photos of it.

    Attributes:
        seed: of its own textures.
        age: 0 = juvenile (short antennae, large head, pale), 1 = adult.
        stoutness: factor on all radii.
        limbs: factor on antennae and legs.
        contrast: how clear its markings are, 0..1.
        pigment: its colours.
    """

    taxon: SpringtailTaxon
    seed: int
    age: float
    stoutness: float
    limbs: float
    contrast: float
    pigment: Pigment

    @property
    def look(self) -> Look:
        """How its kind is drawn."""
        if self.taxon.look is None:
            raise ValueError(self.taxon.id)
        return self.taxon.look


def draw_specimen(taxon: SpringtailTaxon, rng: np.random.Generator) -> Specimen:
    """A random individual of a taxon."""
    look = taxon.look
    if look is None:
        raise ValueError(taxon.id)
    age = float(np.clip(rng.beta(3.0, 1.6), 0.12, 1.0))
    return Specimen(
        taxon=taxon,
        seed=int(rng.integers(2**31)),
        age=age,
        stoutness=float(np.exp(rng.normal(0, 0.07))),
        limbs=float(np.exp(rng.normal(0, 0.07)) * (0.72 + 0.28 * age)),
        contrast=float(np.clip(look.colouring.contrast * rng.uniform(0.8, 1.15) * (0.8 + 0.2 * age), 0, 1)),
        pigment=_draw_pigment(look.colouring, age, rng),
    )


def _draw_pigment(colouring: Colouring, age: float, rng: np.random.Generator) -> Pigment:
    spread = colouring.spread
    tint = np.exp(rng.normal(0, 0.2 * spread, 3)) * np.exp(rng.normal(0, 0.45 * spread))
    pale = float(0.18 * (1 - age))

    def own(colour: tuple[int, int, int]) -> Array:
        slight = np.exp(rng.normal(0, 0.04, 3))
        changed = linear(colour) * tint * slight
        return np.asarray((changed + (0.62 - changed) * pale).clip(0.003, 0.95), dtype=np.float32)

    return Pigment(
        base=own(colouring.base),
        second=own(colouring.second),
        accent=own(colouring.accent),
        antenna=(own(colouring.antenna[0]), own(colouring.antenna[1])),
        leg=own(colouring.leg),
    )


@dataclass(frozen=True, slots=True)
class Pose:
    """How the animal sits.

    Attributes:
        axis: place, size, direction and bend, in pixels of the photo.
        roll: 0 = seen from above .. 1 = seen from the side.
        head_turn: radians, towards positive d.
        antennae: for near and far antenna: angle at the base to the heading, and how it curves, radians.
        stride: phase of the legs, 0..1.
        furca_out: the furca is stretched out behind instead of folded under the belly.
        bow: how far segment borders bow backwards at the sides, body lengths.
    """

    axis: Axis
    roll: float
    head_turn: float
    antennae: tuple[tuple[float, float], tuple[float, float]]
    stride: float
    furca_out: bool
    bow: float


def draw_pose(look: Look, axis: Axis, rng: np.random.Generator) -> Pose:
    """A random pose of a kind at a place."""
    if rng.random() < look.from_side:
        roll = float(np.clip(rng.normal(0.85, 0.15), 0.45, 1.0))
    else:
        roll = float(np.clip(abs(rng.normal(0, 0.18)), 0, 0.45))
    spread = rng.uniform(18, 62)
    lifted = rng.uniform(10, 70)
    apart = rng.uniform(6, 26)
    near = (1 - roll) * spread + roll * (lifted - apart)
    far = (1 - roll) * -spread + roll * (lifted + apart)
    return Pose(
        axis=axis,
        roll=roll,
        head_turn=radians(float(rng.normal(0, 10))),
        antennae=(
            (radians(near + rng.normal(0, 9)), radians(rng.normal(8, 16))),
            (radians(far + rng.normal(0, 9)), radians(rng.normal(-8 + 16 * roll, 16))),
        ),
        stride=float(rng.random()),
        furca_out=bool(rng.random() < 0.2),
        bow=float(rng.normal(0.012, 0.02)),
    )


def moved(pose: Pose, frame: int, rng: np.random.Generator) -> Pose:
    """The same animal a few seconds later: it walked a little and waved its antennae."""
    if frame == 0:
        return pose
    axis = pose.axis
    step = axis.length * float(rng.uniform(0.0, 0.09)) * frame
    wave = [
        (base + float(rng.normal(0, 0.22)), curve + float(rng.normal(0, 0.15)))
        for base, curve in pose.antennae
    ]
    return replace(
        pose,
        axis=replace(
            axis,
            x=axis.x + step * float(np.cos(axis.angle)),
            y=axis.y + step * float(np.sin(axis.angle)),
            angle=axis.angle + float(rng.normal(0, 0.07)),
            bend=axis.bend + float(rng.normal(0, 0.12)),
        ),
        head_turn=pose.head_turn + float(rng.normal(0, 0.06)),
        antennae=(wave[0], wave[1]),
        stride=(pose.stride + float(rng.uniform(0.1, 0.6))) % 1.0,
    )
