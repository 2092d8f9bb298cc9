"""The option that names a detector beside a classifier."""

from __future__ import annotations

from pathlib import Path

from taxolens.cli.model_names import model_named
from taxolens.cli.option_table import Option
from taxolens.cli.words import say

DETECTOR = Option(
    "--detector",
    "detector",
    say("A model that finds boxes; the other names what is in each."),
    Path,
    "FILE|NAME",
    read=model_named,
)
