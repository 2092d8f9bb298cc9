"""How fast photos are named, beside the plain way of PyTorch, at several sizes of photos.

python -m benchmarks.identify [--place DIR] [--sizes tiny,small,three,eight,as-they-are] [--engine onnxruntime]

The network is MobileNetV2 at 224 pixels, fine-tuned on two fifths of leaves8; the faster variant is what
`taxolens shrink` chose of it on the photos held back. Which names it gives to animals says nothing; that
all ways give the same ones does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.sets import MOBILENET, unpacked

TAXOLENS = Path(sys.executable).with_name("taxolens")
LEARNT = (
    "--method",
    "finetune",
    *MOBILENET,
    "--split",
    "40/10/50",
    "--epochs",
    "8",
    "--no-saliency",
    "--quiet",
)
COPIES = 32
"""Of each of the sixteen large photos, each with another margin cut off, so that none is another's copy. Fewer make the
moments of start and end a part of the figure that no folder of a camera's photos has."""


def tiny(place: Path) -> tuple[Path, int]:
    """256 by 256 pixels: the camera-trap photos as they are, many enough to see how often answers differ."""
    return unpacked("cameratrap", place), 700


def small(place: Path) -> tuple[Path, int]:
    """About 500 pixels: the photos of animals7 as they are, mostly 640 pixels wide."""
    return unpacked("animals7", place), 238


def as_they_are(place: Path) -> tuple[Path, int]:
    """2.7 to 15.4 megapixels: the sixteen large camera-trap photos, bytes as found."""
    return unpacked("cameratrap_fullres", place), 16


def three(place: Path) -> tuple[Path, int]:
    """About 3 megapixels: 2048 by 1536."""
    return large(place, "identify-three", (2048, 1536))


def eight(place: Path) -> tuple[Path, int]:
    """About 8 megapixels: 3264 by 2448."""
    return large(place, "identify-eight", (3264, 2448))


def large(place: Path, name: str, size: tuple[int, int]) -> tuple[Path, int]:
    """The large camera-trap photos, re-encoded at one size."""
    folder = place / f"{name}-{16 * COPIES}"
    if not folder.is_dir():
        folder.mkdir()
        for number, photo in enumerate(sorted(pictures(unpacked("cameratrap_fullres", place)))):
            for copy in range(COPIES):
                with Image.open(photo) as image:
                    cut = ImageOps.exif_transpose(image).convert("RGB")
                margin = 8 * copy
                cut = cut.crop((margin, margin, cut.width - margin, cut.height - margin))
                cut.resize(size, Image.Resampling.LANCZOS).save(
                    folder / f"{number:02d}-{copy}.jpg", quality=85
                )
    return folder, 16 * COPIES


def pictures(folder: Path) -> Iterator[Path]:
    """Photos below a folder."""
    return (path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))


SIZES: Mapping[str, Callable[[Path], tuple[Path, int]]] = {
    "tiny": tiny,
    "small": small,
    "three": three,
    "eight": eight,
    "as-they-are": as_they_are,
}


def ready(place: Path) -> tuple[Path, Path]:
    """The run and its faster variant, made where they are not there yet."""
    run = place / "training" / "half-of-leaves8"
    data = unpacked("leaves8", place)
    if not (run / "metrics.json").is_file():
        run.parent.mkdir(parents=True, exist_ok=True)
        taxolens("train", data, "--out", run, *LEARNT)
    variant = place / "half-of-leaves8.onnx"
    if not variant.is_file():
        taxolens("shrink", run, data, "--out", variant, "--json", variant.with_suffix(".json"))
    for one in json.loads(variant.with_suffix(".json").read_text(encoding="utf-8"))["variants"]:
        print(json.dumps(one), flush=True)
    return run, variant


def taxolens(*words: object) -> None:
    """One command."""
    subprocess.run([str(TAXOLENS), *map(str, words)], check=True)


def main() -> None:
    """Prints a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--engine", default="onnxruntime")
    options = parser.parse_args()
    options.place.mkdir(parents=True, exist_ok=True)
    run, variant = ready(options.place)
    for name in options.sizes.split(","):
        folder, most = SIZES[name](options.place)
        table = options.place / f"identify-{name}-{options.engine}.md"
        taxolens(
            "bench", folder, "--model", run, "--variant", variant, "--engine", options.engine,
            "--photos-used", most, "--markdown", table, "--quiet",
        )  # fmt: skip
        print(f"\n**{name}**, {options.engine}\n\n{table.read_text(encoding='utf-8')}", flush=True)


if __name__ == "__main__":
    main()
