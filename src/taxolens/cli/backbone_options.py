"""Options that name a backbone and say how to read it; fields of `BackboneRecipe`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from taxolens.cli.option_table import Option
from taxolens.cli.words import say
from taxolens.core.errors import UsageError


def three_numbers(text: str, option: str) -> tuple[float, float, float]:
    """Reads "0.5,0.5,0.5"."""
    try:
        first, second, third = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            "{option} wants three numbers such as 0.5,0.5,0.5, not {text}.", option=option, text=text
        ) from error
    return first, second, third


def key_values(pairs: Iterable[str], option: str) -> dict[str, str]:
    """Reads "key=value" as often as it was given."""
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError("{option} wants key=value, not {text}.", option=option, text=pair)
        values[key] = value
    return values


NAME = Option("--backbone", "name", say("See: taxolens models list"), metavar="NAME|FILE.onnx|timm:NAME")
NORMALISATION = (
    Option(
        "--mean",
        "mean",
        say("Mean of pixels in 0..1 that the network expects."),
        metavar="R,G,B",
        read=partial(three_numbers, option="--mean"),
    ),
    Option(
        "--std",
        "std",
        say("Deviation of pixels in 0..1 that the network expects."),
        metavar="R,G,B",
        read=partial(three_numbers, option="--std"),
    ),
)
READING = (
    Option("--weights", "weights", say("Weights of a timm backbone (safetensors)."), Path, "FILE"),
    Option(
        "--backbone-arg",
        "arguments",
        say("Further argument of a timm backbone."),
        list[str],
        "KEY=VALUE",
        read=partial(key_values, option="--backbone-arg"),
    ),
    *NORMALISATION,
)
EMBEDDING = Option("--embedding", "embedding", say("Tensor of an ONNX file to learn from."), metavar="TENSOR")
BACKBONE = (NAME, *READING, EMBEDDING)
