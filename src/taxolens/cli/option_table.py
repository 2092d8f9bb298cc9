"""Options as tables: each says what is typed and which field of a recipe it fills."""

from __future__ import annotations

import dataclasses
import inspect
import keyword
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import typer

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Option:
    """One option, or one argument, and the fields that it fills.

    Attributes:
        flags: as they are typed, a space between two; without dashes it is an argument.
        field: of the recipe, dotted; where there are several, a space between two, `read` gives a value for each.
        kind: what is read from the command line; a list may be given as often as one likes.
        default: what help shows; None, and nothing of a list, leave the field as it is.
        required: must be given.
        gives: what the field gets from a flag (`kind` is bool) that is there.
        read: turns what was typed into the value of the field.
        usual: what an option that was not given stands for, by all that was typed; keys are flags
            without dashes in front, and with `_` for the others.
    """

    flags: str
    field: str
    help: str
    kind: Any = str
    metavar: str | None = None
    panel: str | None = None
    default: Any = None
    required: bool = False
    gives: Any = True
    read: Callable[[Any], Any] | None = None
    usual: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def name(self) -> str:
        """The parameter that typer fills."""
        bare = self.flags.split()[0].lstrip("-").replace("-", "_")
        return bare + "_" if keyword.iskeyword(bare) else bare

    def parameter(self) -> inspect.Parameter:
        """What typer needs to know."""
        default, kind = self.default, self.kind | None
        if self.required:
            default, kind = ..., self.kind
        elif self.kind is bool:
            default, kind = False, bool
        elif getattr(self.kind, "__origin__", None) is list:
            default, kind = [], self.kind
        said: dict[str, Any] = {
            "metavar": self.metavar,
            "help": self.help,
            "rich_help_panel": self.panel,
        }
        if self.flags.startswith("-"):
            return _parameter(self.name, kind, typer.Option(default, *self.flags.split(), **said))
        return _parameter(self.name, kind, typer.Argument(default, **said))

    def filled(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Fields and their values; empty where nothing was said."""
        value = typed[self.name]
        if self.kind is bool:
            value = self.gives if value else None
        if value is None or value == []:
            value = self.usual(typed) if self.usual else None
        elif self.read:
            value = self.read(value)
        if value is None:
            return {}
        fields = self.field.split()
        return dict(zip(fields, value if len(fields) > 1 else (value,), strict=True))


def under(table: str, options: Iterable[Option]) -> tuple[Option, ...]:
    """The same options for a recipe that keeps their fields in a table of its own."""
    return tuple(
        dataclasses.replace(option, field=" ".join(f"{table}.{field}" for field in option.field.split()))
        for option in options
    )


def with_options(*options: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command options; it gets what was typed as `given`, field to value, beside its own parameters."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        # Resolved here: the annotations are texts that mean something in the command's own file alone.
        plain = inspect.signature(command, eval_str=True).parameters.values()
        own = [one.replace(kind=_KEYWORD) for one in plain if one.name != _GIVEN]

        @wraps(command)
        def called(**typed: Any) -> None:
            given: dict[str, Any] = {}
            for option in options:
                given |= option.filled(typed)
            command(**{one.name: typed[one.name] for one in own}, given=given)

        parameters = [*(option.parameter() for option in options), *own]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return called

    return decorated


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, _KEYWORD, default=default, annotation=kind)
