"""What an inspection says of real photos, how long it takes and how much memory it needs.

python -m benchmarks.inspect [--sets dogs3,leaves8,cameratrap,cifar10] [--place DIR]

Each in a process of its own, with nothing remembered.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.sets import MOBILENET, unpacked
from benchmarks.speed import timed

WAYS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "dogs3": (("MobileNetV2", MOBILENET), ("shipped backbone", ())),
    "leaves8": (("MobileNetV2", MOBILENET), ("shipped backbone", ())),
    "cameratrap": (("MobileNetV2", (*MOBILENET, "--sequence-by", "filename")),),
    "cifar10": (("shipped backbone", ()),),
}


def row(name: str, way: str, document: dict[str, Any], seconds: float, megabytes: float) -> str:
    """One line of the table."""
    study, background = document["feasibility"], document["background"]
    near, simple = study["neighbours"], study["accuracy"]
    pairs = sum(len(group["files"]) for group in document["duplicates"])
    likely = sum(one["likely"] for one in document["suspects"])
    return (
        f"| {name} | {way} | {document['read']} | {near['accuracy']:.3f} | {simple:.3f} "
        f"| {study['clusters']['adjusted_rand']:.2f} | {background['accuracy']:.2f} ({background['chance']:.2f}) "
        f"| {likely} | {pairs} | {study['verdict']} | {seconds:.0f} | {megabytes:.0f} |"
    )


def main() -> None:
    """Prints the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(WAYS))
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    options = parser.parse_args()
    print(
        "| photos | backbone | n | k-NN | linear model | Rand | border alone (chance) | labels likely wrong "
        "| photos in groups of copies or scenes | verdict | seconds | peak MB |\n|" + "---|" * 12
    )
    home, figures = options.place / "inspect-home", options.place / "inspection.json"
    for name in options.sets.split(","):
        data = unpacked(name, options.place)
        for way, choice in WAYS[name]:
            shutil.rmtree(home, ignore_errors=True)
            report = options.place / f"inspect-{name}.html"
            run = timed(home, "inspect", data, "--report", report, "--json", figures, "--quiet", *choice)
            document = json.loads(figures.read_text(encoding="utf-8"))
            print(row(name, way, document, run.seconds, run.megabytes), flush=True)


if __name__ == "__main__":
    main()
