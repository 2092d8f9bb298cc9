"""What commands that write results have in common: options, and the sentence at their end."""

from __future__ import annotations

from pathlib import Path

from taxolens.cli.option_table import Option, under
from taxolens.cli.words import say
from taxolens.core.texts import for_count, noted
from taxolens.formats.writers import FORMATS
from taxolens.workflows.tally import Counts

WRITTEN = (
    Option("--out -o", "out", say("File to write; its end tells the format."), Path, "FILE", required=True),
    Option(
        "--format",
        "format",
        say("Where the end of the name does not tell it."),
        metavar="|".join(FORMATS),
    ),
    Option(
        "--deployments",
        "deployments",
        say("Where and when cameras stood, for formats that need it."),
        Path,
        "CSV",
    ),
    Option(
        "--project",
        "project",
        say("Who made the data and how, for Camtrap DP and Darwin Core archives."),
        Path,
        "JSON",
    ),
)
OUTPUT = under("output", WRITTEN)
SITE_BY = Option(
    "--site-by",
    "site_by",
    say("The first folder below PHOTOS is the camera's site."),
    metavar="none|folder",
)
ENGINE = Option(
    "--engine",
    "engine",
    say("What computes the model; openvino is an extra part, fast with int8 on x86 (onnxruntime)."),
    metavar="onnxruntime|openvino",
)
DETECTOR_THRESHOLD = Option(
    "--detector-threshold",
    "detector_threshold",
    say("With a detector beside a classifier: boxes with a lower score are not there."),
    float,
    "0..1",
)
CORRECTIONS = Option(
    "--corrections",
    "corrections",
    say("What people say is in photos: file,label,by. It stays beside the results."),
    Path,
    "CSV",
)
_FOUND_ONE = noted("1 photo: {named} named, {unsure} unsure, {blank} blank, {failed} failed.")
_FOUND = noted("{found} photos: {named} named, {unsure} unsure, {blank} blank, {failed} failed.")


def counts_told(counts: Counts) -> str:
    """What became of the photos, in a sentence."""
    told = say(for_count(counts.found, _FOUND_ONE, _FOUND)).format(
        found=counts.found,
        named=counts.answered - counts.unsure,
        unsure=counts.unsure,
        blank=counts.blank,
        failed=counts.failed,
    )
    if counts.corrected:
        told += " " + say("Corrected by people: {count}.").format(count=counts.corrected)
    return told
