"""Wrong use as typer finds it, told as all errors are: one sentence in the user's language, and what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import typer
from pydantic import ValidationError

from taxolens.core.errors import UsageError
from taxolens.recipes.parse import refusal

# Typer has click under another name by version; what it raises has the same tree.
REFUSAL: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_TOO_MUCH = re.compile(r"Got unexpected extra argument[^(]*(?:\(s\) )?\((.*)\)\.?$", re.DOTALL)
_NO_CHOICE = re.compile(r"'(.*)' is not one of (.*?)\.?$", re.DOTALL)
_NO_VALUE = "does not take a value"


def misuse(error: Any, ctx: Any) -> UsageError:
    """The error of ours that says the same."""
    command, kind = ctx.command_path, type(error).__name__
    if kind == "NoSuchOption":
        return _no_option(error.option_name, ctx)
    if kind == "MissingParameter":
        return UsageError("{name} is missing. See {command} --help.", name=_typed(error), command=command)
    if kind == "BadOptionUsage" and _NO_VALUE in error.message:
        return UsageError(
            "{option} takes no value. See {command} --help.", option=error.option_name, command=command
        )
    if kind == "BadOptionUsage":
        return UsageError(
            "{option} wants a value. See {command} --help.", option=error.option_name, command=command
        )
    if choice := _NO_CHOICE.search(error.message):
        given, known = choice.groups()
        return UsageError(
            "{where}: choose one of {known}, not {given}.",
            where=_typed(error),
            known=known.replace("'", ""),
            given=given,
        )
    if isinstance(error.__cause__, ValidationError):
        return refusal(_typed(error), error.__cause__)
    if surplus := _TOO_MUCH.search(error.message):
        return UsageError(
            "Too much was given: {given}. See {command} --help.", given=surplus.group(1), command=command
        )
    return UsageError("{message} See {command} --help.", message=error.format_message(), command=command)


def no_command(name: str, known: Iterable[str], above: str) -> UsageError:
    """There is no such command; the nearest ones, where some are near."""
    if near := _near(name, known):
        return UsageError("There is no command {name}. Did you mean {near}?", name=name, near=near)
    return UsageError("There is no command {name}. See {command} --help.", name=name, command=above)


def _no_option(option: str, ctx: Any) -> UsageError:
    known = [flag for one in ctx.command.get_params(ctx) for flag in one.opts if flag.startswith("--")]
    if near := _near(option, known):
        return UsageError("There is no option {option}. Did you mean {near}?", option=option, near=near)
    return UsageError(
        "There is no option {option}. See {command} --help.", option=option, command=ctx.command_path
    )


def _near(name: str, known: Iterable[str]) -> str:
    """Names that look alike; the dashes of options make none of them more alike."""
    bare = {one.lstrip("-"): one for one in known}
    return ", ".join(bare[one] for one in difflib.get_close_matches(name.lstrip("-"), bare, n=2))


def _typed(error: Any) -> str:
    """The option or argument as it is typed."""
    one = error.param
    if one is None:
        return str(error.param_hint or "")
    return str(one.opts[0] if one.param_type_name == "option" else one.metavar or one.name.upper())
