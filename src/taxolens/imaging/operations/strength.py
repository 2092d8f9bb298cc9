"""How strong a random change may be."""

from __future__ import annotations

from taxolens.core.texts import noted
from taxolens.imaging.operations.parameter import Parameter, number


def strength(default: float = 0.5) -> Parameter:
    """The parameter of all random changes: what is drawn grows with it."""
    return number("strength", default, 0, 1, noted("From 0, no change, to 1, as strong as makes sense"))
