"""How wide the layers of our own networks are, as a recipe's arguments say it."""

from __future__ import annotations

from collections.abc import Mapping

from taxolens.core.errors import UsageError
from taxolens.recipes.network import NetworkRecipe

FILTERS, DENSE = "filters", "dense"
_WIDEST = 4096


def with_usual_widths(recipe: NetworkRecipe, usual: Mapping[str, str]) -> dict[str, str]:
    """All arguments of a network: the recipe's, and the usual ones for what it leaves open.

    Args:
        usual: every argument that the network takes.

    Raises:
        UsageError: the recipe holds an argument that the network does not take.
    """
    for name in recipe.arguments:
        if not usual:
            raise UsageError("{name} takes no --backbone-arg. Leave it out.", name=recipe.name)
        if name not in usual:
            raise UsageError(
                "{name} takes no --backbone-arg {argument}. Choose {known}.",
                name=recipe.name,
                argument=name,
                known=", ".join(usual),
            )
    return {**usual, **recipe.arguments}


def widths(text: str, argument: str, count: int) -> tuple[int, ...]:
    """Whole numbers between commas.

    Args:
        argument: what they are for.
        count: how many there must be.

    Raises:
        UsageError: they are none, or too few or too many, or no layer can be as wide.
    """
    try:
        found = tuple(int(one) for one in text.split(","))
    except ValueError:
        found = ()
    if len(found) != count or not all(1 <= one <= _WIDEST for one in found):
        raise UsageError(
            "{argument}={text} cannot be meant: it takes {count} whole numbers from 1 to {most}, "
            "with commas between them.",
            argument=argument,
            text=text,
            count=count,
            most=_WIDEST,
        )
    return found
