"""Wrong use is told in one sentence that says what was meant."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import typer

from taxolens.cli.main import COMMANDS, Commands, app
from taxolens.core.errors import UsageError


def told(*typed: str) -> str:
    """What is said of the arguments of a command."""
    name, *rest = typed
    command: Any = typer.main.get_command(importlib.import_module(COMMANDS[name].module).app)
    if inner := getattr(command, "commands", None):
        command, name = inner[rest.pop(0)], f"{name} {typed[1]}"
    with pytest.raises(UsageError) as caught:
        command.make_context(f"taxolens {name}", rest)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("train", "DATA is missing. See taxolens train --help."),
        ("train photos", "--out is missing. See taxolens train --help."),
        (
            "train photos --out r --epoch 3",
            "There is no option --epoch. Did you mean --epochs, --head-epochs?",
        ),
        ("train photos --out r --zebra", "There is no option --zebra. See taxolens train --help."),
        ("train photos --out r -x", "There is no option -x. See taxolens train --help."),
        ("train photos --out r --epochs x", "--epochs: x is not a whole number."),
        ("train photos --out r --gap x", "--gap: x is not a number."),
        ("train photos more --out r", "Too much was given: more. See taxolens train --help."),
        ("train photos --out", "--out wants a value. See taxolens train --help."),
        ("demo --quiet=yes", "--quiet takes no value. See taxolens demo --help."),
        ("demo --per-class 1", "--per-class: 1 is too small, the least is 3."),
        ("datasets get x --out y --as z", "--as: choose one of folders, boxes, crops, not z."),
        ("models show", "FILE.onnx|NAME is missing. See taxolens models show --help."),
        ("runs compare", "RUN... is missing. See taxolens runs compare --help."),
    ],
)
def test_wrong_use_is_one_sentence(typed: str, sentence: str) -> None:
    assert told(*typed.split()) == sentence


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("trian", "There is no command trian. Did you mean train?"),
        ("zebra", "There is no command zebra. See taxolens --help."),
    ],
)
def test_a_mistyped_command_is_answered_with_the_nearest(typed: str, sentence: str) -> None:
    group: Any = typer.main.get_command(app)
    assert isinstance(group, Commands)
    context = group.make_context("taxolens", [typed])
    with pytest.raises(UsageError) as caught:
        group.resolve_command(context, [typed])
    assert str(caught.value) == sentence
