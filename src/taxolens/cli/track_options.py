"""Where a training is tracked, for the commands that train."""

from __future__ import annotations

from taxolens.cli.option_table import Option
from taxolens.cli.words import say

TRACK = Option(
    "--track",
    "track",
    say("Also write the course of the training there, while it goes on; may be given several times."),
    list[str],
    "csv|mlflow|tensorboard",
)
