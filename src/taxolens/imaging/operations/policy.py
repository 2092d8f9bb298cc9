"""Augmentation policies: what happens to a photo each time that a network sees it.

    augment = policy("standard")
    seen = augment(Picture.of(pixels), numpy.random.default_rng(seed))

The same for balancing copies and for training on the fly. Pictures keep their size; a policy can be pickled,
so it goes to the workers of a data loader, where the generator is the worker's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from numpy.random import Generator

from taxolens.core.registry import Registry
from taxolens.core.texts import noted
from taxolens.imaging.operations.augment_place import zoomed
from taxolens.imaging.operations.mirror import mirrored
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.registry import make_step
from taxolens.imaging.operations.sampled import CHANGES, NAMES, RANDAUGMENT, TRIVIALAUGMENT
from taxolens.imaging.operations.step import Step

Augment = Callable[[Picture, Generator], Picture]
"""A picture as it is seen once."""

# The magnitudes of both papers are 0..30
_BINS = 30
# Both papers draw after the usual mirroring and cropping
_USUAL_ZOOM = 0.3


@dataclass(frozen=True, slots=True)
class NoChange:
    """Photos as they are."""

    def __call__(self, picture: Picture, generator: Generator) -> Picture:
        """The same picture."""
        return picture


@dataclass(frozen=True, slots=True)
class Chances:
    """Steps in order, each with its chance.

    Attributes:
        steps: probability 0..1 and step.
    """

    steps: tuple[tuple[float, Step], ...]

    def __call__(self, picture: Picture, generator: Generator) -> Picture:
        """The picture after those steps whose chance came."""
        for chance, step in self.steps:
            if generator.random() < chance:
                picture = step.run(picture, generator)
        return picture


@dataclass(frozen=True, slots=True)
class RandAugment:
    """Some changes of one magnitude, drawn evenly (Cubuk et al. 2020), after mirroring and zooming.

    Attributes:
        changes: how many (N).
        magnitude: 0..30 (M).
    """

    changes: int = 2
    magnitude: int = 9

    def __call__(self, picture: Picture, generator: Generator) -> Picture:
        """The picture after the changes drawn."""
        picture = _usual(picture, generator)
        for _ in range(self.changes):
            change = CHANGES[NAMES[generator.integers(len(NAMES))]]
            picture = change(picture, _sign(generator) * self.magnitude / _BINS, RANDAUGMENT)
        return picture


@dataclass(frozen=True, slots=True)
class TrivialAugment:
    """One change of any magnitude, both drawn evenly (Müller & Hutter 2021), after mirroring and zooming."""

    def __call__(self, picture: Picture, generator: Generator) -> Picture:
        """The picture after the change drawn."""
        picture = _usual(picture, generator)
        change = CHANGES[NAMES[generator.integers(len(NAMES))]]
        magnitude = generator.integers(_BINS + 1) / _BINS
        return change(picture, _sign(generator) * magnitude, TRIVIALAUGMENT)


@dataclass(frozen=True, slots=True)
class Policy:
    """A named policy.

    Attributes:
        name: as recipes name it.
        help: one English sentence, marked for translation.
        augment: what it does.
    """

    name: str
    help: str
    augment: Augment

    def __call__(self, picture: Picture, generator: Generator) -> Picture:
        """The picture as it is seen this time.

        Raises:
            MissingExtra: OpenCV is not installed.
        """
        return self.augment(picture, generator)


def policy(name: str) -> Policy:
    """A policy by name.

    Raises:
        UsageError: there is none of this name; the nearest one is told.
    """
    return policies()[name]


@cache
def policies() -> Registry[Policy]:
    """All policies, weakest first."""
    registry: Registry[Policy] = Registry(noted("There is no policy called {name}. Choose {known}."))
    for each in _all():
        registry.add(each.name, each)
    return registry


def _all() -> tuple[Policy, ...]:
    return (
        Policy("none", noted("Photos as they are."), NoChange()),
        Policy("light", noted("Mirrors, zooms and changes the light a little."), _light()),
        Policy(
            "standard",
            noted("Mirrors, turns by up to 14 degrees, zooms, and changes light, contrast and colour."),
            _standard(),
        ),
        Policy(
            "strong",
            noted("As standard, stronger, with skew, distortion, blur, noise and cut-outs; for few photos."),
            _strong(),
        ),
        Policy(
            "randaugment",
            noted("Two of fourteen changes at a fixed strength (RandAugment)."),
            RandAugment(),
        ),
        Policy(
            "trivialaugment",
            noted("One of fourteen changes at any strength (TrivialAugment)."),
            TrivialAugment(),
        ),
    )


def _light() -> Chances:
    return _chances(
        {"random-flip": (1.0, None), "random-zoom": (0.5, 0.2)}
        | {"random-brightness": (0.5, 0.2), "random-contrast": (0.5, 0.2)}
    )


def _standard() -> Chances:
    return _chances(
        {"random-flip": (1.0, None), "random-rotate": (0.5, 0.3), "random-zoom": (0.8, 0.4)}
        | {"random-brightness": (0.5, 0.4), "random-contrast": (0.5, 0.4), "random-colour": (0.5, 0.4)}
    )


def _strong() -> Chances:
    return _chances(
        {"random-flip": (1.0, None), "random-rotate": (0.5, 0.6), "random-shear": (0.2, 0.5)}
        | {"random-perspective": (0.3, 0.5), "random-distortion": (0.3, 0.6), "random-zoom": (0.8, 0.7)}
        | {"random-brightness": (0.6, 0.6), "random-contrast": (0.6, 0.6), "random-colour": (0.6, 0.6)}
        | {"random-blur": (0.2, 0.5), "random-noise": (0.3, 0.5), "random-cutout": (0.3, 0.5)}
    )


def _chances(steps: Mapping[str, tuple[float, float | None]]) -> Chances:
    """Steps by name with their chance and their strength, where they have one."""
    return Chances(
        tuple(
            (chance, make_step(name, {} if strength is None else {"strength": strength}))
            for name, (chance, strength) in steps.items()
        )
    )


def _usual(picture: Picture, generator: Generator) -> Picture:
    if generator.random() < 0.5:
        picture = mirrored(picture)
    return zoomed(picture, _USUAL_ZOOM, generator)


def _sign(generator: Generator) -> int:
    return 1 if generator.random() < 0.5 else -1
