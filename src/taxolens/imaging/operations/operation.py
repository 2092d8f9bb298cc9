"""Something that can be done to a picture, with all that a person needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from numpy.random import Generator

from taxolens.imaging.operations.parameter import Parameter, Values
from taxolens.imaging.operations.picture import Picture, Pixels

Run = Callable[[Picture, Values, Generator], Picture]
"""Does it: to a picture, as the values say, with chance where there is any. Can be pickled."""
Fit = Callable[[Iterable[Pixels], Values], Run]
"""Learns from photos of the training part, one at a time; answers with what can then be run."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be done to a picture.

    Attributes:
        name: as it is written in a step.
        help: one English sentence, marked for translation.
        parameters: what can be set.
        spatial: whether pixels move, and boxes and mask with them.
        run: does it. Where `fit` is there, the `run` that `fit` answers with is used instead.
        random: whether it draws by chance, so that it makes another picture of the same photo each time.
        fit: learns from photos first; None for nearly all.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...]
    spatial: bool
    run: Run
    random: bool = False
    fit: Fit | None = None
