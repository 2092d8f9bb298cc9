"""How commands show their help and refuse wrong use: in the user's language, examples on lines of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from taxolens.cli.misuse import REFUSAL, misuse, no_command
from taxolens.cli.words import say
from taxolens.core.texts import noted

Called = TypeVar("Called", bound=Callable[..., Any])

_TYPERS_OWN = (
    noted("Show this message and exit."),
    noted("Install completion for the current shell."),
    noted("Show completion for the current shell, to copy it or customize the installation."),
)


def examples(*lines: str, note: str | None = None) -> str:
    """The end of a help page: commands to copy, and what else is worth knowing."""
    shown = "\n".join([say("Examples:"), *(f"  {line}" for line in lines)])
    return f"{shown}\n\n{note}" if note else shown


class _Page:
    """What commands and groups of commands have in common."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Reads what was typed; wrong use is told as all errors are."""
        try:
            return super().parse_args(ctx, args)  # type: ignore[misc]
        except REFUSAL as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(error.format_message())
                raise typer.Exit(error.exit_code) from error
            raise misuse(error, ctx) from error

    def get_params(self, ctx: Any) -> Any:
        """The options and arguments; those that typer adds in the user's language too."""
        parameters = super().get_params(ctx)  # type: ignore[misc]
        for one in parameters:
            if one.help in _TYPERS_OWN:
                one.help = say(one.help)
        return parameters

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the name in the line of usage."""
        usual = {"COMMAND [ARGS]...": say("COMMAND [ARGS]...")}
        return [usual.get(piece, piece) for piece in super().collect_usage_pieces(ctx)]  # type: ignore[misc]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Writes the line of usage."""
        formatter.write_usage(
            ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=say("Usage:") + " "
        )

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the page."""
        _translate_headings()
        end, self.epilog = getattr(self, "epilog", None), None
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]
        finally:
            self.epilog = end
        for line in f"\n{end or ''}".splitlines():
            # A command must stay one line, so that it can be copied.
            wrapped = [line] if line.startswith(" ") else textwrap.wrap(line, formatter.width - 2) or [""]
            formatter.write("".join(f" {part}\n" if part else "\n" for part in wrapped))


class Command(_Page, TyperCommand):
    """One command."""


class Group(_Page, TyperGroup):
    """Commands below a name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the command that is called, or says which was meant."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise no_command(args[0], self.list_commands(ctx), ctx.command_path)
        return super().resolve_command(ctx, args)


class App(typer.Typer):
    """Commands with such pages."""

    def __init__(self, **said: Any) -> None:
        super().__init__(cls=Group, pretty_exceptions_enable=False, add_completion=False, **said)

    def command(
        self, name: str | None = None, *, cls: Any = Command, **said: Any
    ) -> Callable[[Called], Called]:
        """Adds a command."""
        return super().command(name, cls=cls, **said)


def _translate_headings() -> None:
    # Typer keeps them as constants that it looks up while it writes.
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = say("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = say("Options")
    rich_utils.COMMANDS_PANEL_TITLE = say("Commands")
    rich_utils.DEFAULT_STRING = say("[default: {}]")
    rich_utils.REQUIRED_LONG_STRING = say("[required]")
