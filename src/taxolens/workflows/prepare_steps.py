"""Steps of a recipe made ready to run. What changes pixels is loaded here and nowhere else in this room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from taxolens.core.texts import Say
from taxolens.imaging.operations.apply import apply_steps, fit_steps, photo_seed
from taxolens.imaging.operations.opencv import opencv
from taxolens.imaging.operations.parameter import Kind, Parameter
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.policy import Augment, policies
from taxolens.imaging.operations.registry import make_step, operations
from taxolens.imaging.operations.step import Step
from taxolens.recipes.prepare import BalanceTo, Files, PrepareRecipe, StepRecipe

USUAL_COPIES = (
    "mirror",
    "random-rotate",
    "random-zoom",
    "random-shear",
    "random-perspective",
    "random-brightness",
    "random-contrast",
    "random-colour",
)
"""What changes copies when a recipe does not say."""

_RANDOM = "random-"


@dataclass(frozen=True, slots=True)
class Change:
    """What changes a copy.

    Attributes:
        name: for the name of the file.
        text: for the list of photos: an operation with its values, or a policy.
        random: whether it makes another picture each time.
        augment: does it.
        recipe: as it is written back.
    """

    name: str
    text: str
    random: bool
    augment: Augment
    recipe: StepRecipe


@dataclass(frozen=True, slots=True)
class Steps:
    """What changes photos.

    Attributes:
        all: run on every photo, in order.
        copies: one of them changes each copy, after the others; by its text.
        seed: for those that draw by chance.
    """

    all: tuple[Step, ...] = ()
    copies: Mapping[str, Change] = field(default_factory=lambda: MappingProxyType({}))
    seed: int = 0

    def run(self, picture: Picture, name: str) -> Picture:
        """A photo after the steps for all."""
        return apply_steps(picture, self.all, photo_seed(self.seed, name))

    def vary(self, picture: Picture, name: str, copy: int, made_by: str) -> Picture:
        """A copy of a photo that has been through `run`."""
        generator = np.random.default_rng(photo_seed(self.seed, name, copy))
        return self.copies[made_by].augment(picture, generator)

    def fitted(self, photos: Callable[[], Iterable[Pixels]]) -> Steps:
        """The same, after what has to learn from photos has done so."""
        return Steps(fit_steps(self.all, photos, self.seed), self.copies, self.seed)

    @property
    def learn_from(self) -> int:
        """From how many photos a step has to learn first, at most; 0 where none has to."""
        return max((int(step.values["photos"]) for step in self.all if step.learns), default=0)


def read_steps(recipe: PrepareRecipe) -> Steps:
    """The steps of a recipe, checked.

    Raises:
        UsageError: no such operation or parameter, or a value out of range.
        MissingExtra: pixels must change, and what changes them is not installed.
    """
    every = tuple(make_step(one.name, one.parameters) for one in recipe.transform)
    copies = [_change(one) for one in recipe.balance.augment]
    if recipe.balance.to is not BalanceTo.NONE and recipe.files is Files.COPY:
        copies = copies or [_change(StepRecipe(name)) for name in USUAL_COPIES]
    if every or copies:
        opencv()
    return Steps(every, MappingProxyType({change.text: change for change in copies}), recipe.split.seed)


def settled(recipe: PrepareRecipe, steps: Steps) -> PrepareRecipe:
    """The recipe with every value of every step, so that a later change of defaults changes no result."""
    every = tuple(StepRecipe(step.name, step.values) for step in steps.all)
    copies = tuple(change.recipe for change in steps.copies.values())
    return replace(recipe, transform=every, balance=replace(recipe.balance, augment=copies))


def _change(one: StepRecipe) -> Change:
    if one.name in policies() and not one.parameters:
        return Change(one.name, one.name, True, policies()[one.name], one)
    step = make_step(one.name, one.parameters)
    name = step.name.removeprefix(_RANDOM)
    return Change(name, step.text, step.operation.random, step.run, StepRecipe(step.name, step.values))


def described_steps(say: Say) -> Iterator[str]:
    """All operations with what can be set, and all policies, for the terminal."""
    yield say("Steps, for --step and --augment:")
    for name in operations():
        operation = operations()[name]
        yield f"  {name}: {say(operation.help)}"
        for each in operation.parameters:
            yield f"      {each.name}={each.written(each.default)}{_allowed(each)}  {say(each.help)}"
    yield say("Policies, for --augment:")
    for name in policies():
        yield f"  {name}: {say(policies()[name].help)}"


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        return f"  ({'|'.join(parameter.choices)})"
    if parameter.kind in (Kind.INT, Kind.FLOAT):
        return f"  ({parameter.low:g}..{parameter.high:g})"
    return ""
