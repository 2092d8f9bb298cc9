"""Options that say which photos are meant and what is known of them; fields of `SourceRecipe`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taxolens.cli.option_table import Option
from taxolens.cli.words import say

_FILENAME_GAP = 1.0


def usual_gap(typed: Mapping[str, Any]) -> float | None:
    """Numbers in file names count in steps, not in seconds."""
    return _FILENAME_GAP if typed["sequence_by"] == "filename" else None


DATA = Option(
    "data",
    "source.data",
    say("Class folders, a CSV with file,label, boxes as YOLO, COCO, VOC or LabelMe, or a zip of any."),
    Path,
    "DATA",
    required=True,
)
SITE_BY = Option(
    "--site-by",
    "site_by",
    say("folder: the outermost folder is the camera's site."),
    metavar="none|folder",
)
SEQUENCE = (
    Option(
        "--sequence-by",
        "sequence_by",
        say("How photos of one event are found: time in EXIF, folder, or consecutive numbers in file names."),
        metavar="none|exif|folder|filename",
    ),
    Option(
        "--gap",
        "gap",
        say(
            "What still is one event: N seconds between photos (exif, 60), N steps of the number (filename, 1)."
        ),
        float,
        "N",
        usual=usual_gap,
    ),
)
MAX_MEGAPIXELS = Option(
    "--max-megapixels",
    "max_megapixels",
    say("Photos that announce more pixels are listed as failed."),
    float,
    "N",
)
UNLABELLED = Option(
    "--unlabelled",
    "unlabelled",
    say("Photos without a file of labels, in a set with boxes: nothing is there, or nobody looked."),
    metavar="empty|left-out",
)
DETECTIONS = (
    Option(
        "--min-score",
        "min_score",
        say("Least score of a box, where DATA is a file of detections (what it calls typical, else 0.2)."),
        float,
        "0..1",
    ),
    Option(
        "--photos-in",
        "photos",
        say("Folder of the photos, where DATA is a file of detections or a package that lies elsewhere."),
        Path,
        "DIR",
    ),
)
WORKERS = Option("--workers", "workers", say("Photos worked on at once; one per processor."), int, "N")
SOURCE = (SITE_BY, *SEQUENCE, MAX_MEGAPIXELS, UNLABELLED, *DETECTIONS)
