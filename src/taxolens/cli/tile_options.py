"""Whether a detector looks at a photo as a whole or tile by tile, as options."""

from __future__ import annotations

from taxolens.cli.option_table import Option
from taxolens.cli.words import say

TILE = (
    Option(
        "--tile",
        "size",
        say("Detectors: cut photos into tiles of this side, for small animals in large photos."),
        metavar="auto|off|PIXELS",
    ),
    Option("--tile-overlap", "overlap", say("Share that neighbours have in common (0.2)."), float, "0..0.5"),
    Option(
        "--tile-only", "whole", say("Do not look at the whole photo beside its tiles."), bool, gives=False
    ),
)
