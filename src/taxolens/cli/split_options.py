"""Options that divide labelled photos; fields of `SplitRecipe`."""

from __future__ import annotations

from taxolens.cli.option_table import Option
from taxolens.cli.words import say
from taxolens.core.errors import UsageError


def shares(text: str) -> tuple[float, float, float]:
    """Reads "65/15/20" or "80/20": train, val and test in percent."""
    try:
        numbers = [float(part) for part in text.split("/")]
        train, val, test = numbers if len(numbers) == 3 else (numbers[0], 0.0, *numbers[1:])
    except ValueError as error:
        raise UsageError(
            "--split wants train/val/test in percent such as 65/15/20, not {text}.", text=text
        ) from error
    return train, val, test


SHARES = Option(
    "--split",
    "train val test",
    say("Percent for train/val/test (65/15/20)."),
    metavar="A/B/C",
    read=shares,
)
BY = Option("--by", "by", say("What must not be on both sides."), metavar="auto|site|sequence|date|none")
SEED = Option("--seed", "seed", say("Same seed, same split."), int, "N")
SPLIT = (SHARES, BY, SEED)
