"""Options that several commands share, and how they become fields of recipes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from taxolens.cli.words import say
from taxolens.core.errors import UsageError

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=say("Say nothing but errors."))]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe", metavar="FILE", help=say("A TOML or JSON file with these options; options win over it.")
    ),
]
SiteBy = Annotated[
    str | None,
    typer.Option(
        "--site-by", metavar="none|folder", help=say("folder: the outermost folder is the camera's site.")
    ),
]
SequenceBy = Annotated[
    str | None,
    typer.Option(
        "--sequence-by",
        metavar="none|exif|folder|filename",
        help=say(
            "How photos of one event are found: time in EXIF, folder, or consecutive numbers in file names."
        ),
    ),
]
Gap = Annotated[
    float | None,
    typer.Option(
        "--gap",
        metavar="N",
        help=say(
            "What still is one event: N seconds between photos (exif, 60), N steps of the number (filename, 1)."
        ),
    ),
]
MaxMegapixels = Annotated[
    float | None,
    typer.Option(
        "--max-megapixels", metavar="N", help=say("Photos that announce more pixels are listed as failed.")
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help=say("Photos worked on at once; one per processor.")),
]
Data = Annotated[
    Path, typer.Argument(help=say("Folder of class folders, CSV with file,label, or zip of either."))
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision", metavar="0..1", help=say("Accuracy that accepted answers should have (0.95).")
    ),
]
BackboneName = Annotated[
    str | None,
    typer.Option("--backbone", metavar="NAME|FILE.onnx|timm:NAME", help=say("See: taxolens models list")),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help=say("Weights of a timm backbone (safetensors).")),
]
BackboneArguments = Annotated[
    list[str],
    typer.Option("--backbone-arg", metavar="KEY=VALUE", help=say("Further argument of a timm backbone.")),
]
Mean = Annotated[
    str | None,
    typer.Option("--mean", metavar="R,G,B", help=say("Mean of pixels in 0..1 that the network expects.")),
]
Std = Annotated[
    str | None,
    typer.Option("--std", metavar="R,G,B", help=say("Deviation of pixels in 0..1 that the network expects.")),
]
Embedding = Annotated[
    str | None,
    typer.Option("--embedding", metavar="TENSOR", help=say("Tensor of an ONNX file to learn from.")),
]
Taxonomy = Annotated[
    Path | None,
    typer.Option(
        "--taxonomy", metavar="CSV", help=say("Names of classes: label,en,fr,scientific,gbif_id,role.")
    ),
]
ModelName = Annotated[str | None, typer.Option("--name", help=say("Name of the model."))]
Run = Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help=say("Run folder to write."))]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="head|finetune|scratch",
        help=say("head: a new head on a frozen backbone (no torch); finetune, scratch: a network."),
    ),
]
FitName = Annotated[
    str | None,
    typer.Option("--fit", metavar="squash|crop|letterbox", help=say("How photos fill the model's input.")),
]
Shares = Annotated[
    str | None, typer.Option("--split", metavar="A/B/C", help=say("Percent for train/val/test (65/15/20)."))
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="auto|site|sequence|date|none", help=say("What must not be on both sides.")),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help=say("Same seed, same split."))]
ViewsName = Annotated[
    str | None,
    typer.Option(
        "--views",
        metavar="none|flip|turns|crops",
        help=say("Also learn from photos mirrored, turned by quarters (photos from above), or cropped."),
    ),
]
Coverage = Annotated[
    float | None,
    typer.Option(
        "--coverage", metavar="0..1", help=say("Share of candidate sets that should hold the truth (0.95).")
    ),
]
Weighting = Annotated[
    str | None,
    typer.Option(
        "--class-weight", metavar="none|balanced", help=say("balanced: rare classes count as much.")
    ),
]

_FILENAME_GAP = 1.0


def three_numbers(text: str | None, option: str) -> tuple[float, float, float] | None:
    """Reads "0.5,0.5,0.5"."""
    if text is None:
        return None
    try:
        first, second, third = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            "{option} wants three numbers such as 0.5,0.5,0.5, not {text}.", option=option, text=text
        ) from error
    return first, second, third


def key_values(pairs: Iterable[str], option: str) -> dict[str, str] | None:
    """Reads "key=value" as often as it was given."""
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError("{option} wants key=value, not {text}.", option=option, text=pair)
        values[key] = value
    return values or None


def shares(text: str | None) -> tuple[float, float, float] | None:
    """Reads "65/15/20" or "80/20": train, val and test in percent."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split("/")]
        train, val, test = numbers if len(numbers) == 3 else (numbers[0], 0.0, *numbers[1:])
    except ValueError as error:
        raise UsageError(
            "--split wants train/val/test in percent such as 65/15/20, not {text}.", text=text
        ) from error
    return train, val, test


def usual_gap(sequence_by: str | None, gap: float | None) -> float | None:
    """The gap as given; numbers in file names count in steps, not in seconds."""
    return _FILENAME_GAP if gap is None and sequence_by == "filename" else gap
