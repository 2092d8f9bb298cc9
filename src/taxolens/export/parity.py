"""Same image, same answer: two ways that must agree, compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ParityError

LARGEST_DIFFERENCE = 1e-4


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two ways agree.

    Attributes:
        n: images compared.
        agreement: share with the same best class, 0..1.
        largest: largest absolute difference of a probability.
    """

    n: int
    agreement: float
    largest: float


def compare(first: NDArray[np.floating], second: NDArray[np.floating]) -> Parity:
    """Compares probabilities, both [n, c].

    A tie counts as agreement: where two classes are equally likely within the allowed difference, which of
    them comes first says nothing.
    """
    if not len(first):
        return Parity(0, 1.0, 0.0)
    rows = np.arange(len(first))
    best = first.argmax(axis=1)
    behind = second.max(axis=1) - second[rows, best]
    same = (best == second.argmax(axis=1)) | (behind <= LARGEST_DIFFERENCE)
    return Parity(len(first), float(same.mean()), float(np.abs(first - second).max()))


def prove(first: NDArray[np.floating], second: NDArray[np.floating]) -> Parity:
    """Compares and insists.

    Raises:
        ParityError: another best class anywhere, or a difference above 1e-4 or not finite.
    """
    parity = compare(first, second)
    if not parity.n:
        raise ParityError("There was no photo to prove the written model on. Nothing was kept.")
    if parity.agreement < 1 or not parity.largest <= LARGEST_DIFFERENCE:
        raise ParityError(
            "The written model does not answer as the trained one: {share:.2%} of {n} photos get the same name, "
            "and probabilities differ by up to {largest:.2g}. Nothing was kept; try another backbone.",
            share=parity.agreement,
            n=parity.n,
            largest=parity.largest,
        )
    return parity
