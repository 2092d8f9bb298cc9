"""What looking tile by tile finds in large photos that one look misses: photos of animals pasted into mosaics.

    python -m benchmarks.tiling [--place DIR]

Every mosaic is made of sixteen real photos, four by four, so that an animal that fills a quarter of its photo fills a
sixty-fourth of the mosaic. The detector learnt from COCO, whose classes bear and elephant these photos show.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.sets import SHARED, unpacked

TAXOLENS = Path(sys.executable).with_name("taxolens")
NETWORKS = ("yolox_nano.onnx", "yolov8n_int8.onnx")
CLASSES = ("bear", "elephant")
CELL, ACROSS = 640, 4
WAYS = {
    "whole photo": ("--tile", "off"),
    "tiles of 960": ("--tile", "960"),
    "tiles of 640": ("--tile", "640"),
    "tiles of 640, not the whole": ("--tile", "640", "--tile-only"),
    "tiles of 640, overlap 0.4": ("--tile", "640", "--tile-overlap", "0.4"),
    "tiles of 416": ("--tile", "416"),
}


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with boxes: class, centre and size in shares of it."""

    path: Path
    boxes: tuple[tuple[str, float, float, float, float], ...]


def photos_of(folder: Path) -> list[Photo]:
    """Those that show nothing but the classes, in the order of their names."""
    names = (folder / "classes.txt").read_text(encoding="utf-8").split("\n")
    found = []
    for path in sorted((folder / "images").iterdir()):
        lines = (folder / "labels" / f"{path.stem}.txt").read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines]
        boxes = tuple(
            (names[int(kind)], float(x), float(y), float(wide), float(high))
            for kind, x, y, wide, high in rows
        )
        if boxes and {box[0] for box in boxes} <= set(CLASSES):
            found.append(Photo(path, boxes))
    return found


def write_mosaics(photos: Sequence[Photo], folder: Path) -> None:
    """A YOLO set of mosaics; photos that fill no whole mosaic are left out."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    order = np.random.default_rng(0).permutation(len(photos))
    cells = ACROSS * ACROSS
    for number in range(len(photos) // cells):
        chosen = [photos[row] for row in order[number * cells : (number + 1) * cells]]
        _write_mosaic(chosen, folder, f"mosaic-{number}")


def _write_mosaic(photos: Sequence[Photo], folder: Path, name: str) -> None:
    side = CELL * ACROSS
    canvas, lines = Image.new("RGB", (side, side), (114, 114, 114)), []
    for place, photo in enumerate(photos):
        left, top = place % ACROSS * CELL, place // ACROSS * CELL
        with Image.open(photo.path) as file:
            picture = file.convert("RGB")
        picture.thumbnail((CELL, CELL))
        canvas.paste(picture, (left, top))
        width, height = picture.size
        for label, x, y, wide, high in photo.boxes:
            centre = (left + x * width) / side, (top + y * height) / side
            size = wide * width / side, high * height / side
            lines.append(" ".join(map(str, (CLASSES.index(label), *centre, *size))))
    canvas.save(folder / "images" / f"{name}.jpg", quality=95)
    (folder / "labels" / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(command: Sequence[object]) -> tuple[float, float]:
    """Seconds and the largest resident memory of a command in MB."""
    began = time.monotonic()
    process = subprocess.Popen([*map(str, command), "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed")
    largest = usage.ru_maxrss / 1e6 if sys.platform == "darwin" else usage.ru_maxrss / 1e3
    return time.monotonic() - began, largest


def rows(data: Path, place: Path) -> Iterator[str]:
    """A row of the table for each network and way."""
    for network in NETWORKS:
        model, figures = place / f"described-{network}", place / "figures.json"
        source = SHARED / "weights" / network
        subprocess.run(
            [*map(str, (TAXOLENS, "models", "describe", source, "--labels", "coco", "--out", model))],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for way, options in WAYS.items():
            seconds, memory = run([TAXOLENS, "evaluate", model, data, "--json", figures, *options])
            said = json.loads(figures.read_text(encoding="utf-8"))
            yield (
                f"| {network} | {way} | {said['map50']:.3f} | {said['recall']:.3f} | {said['precision']:.3f} "
                f"| {seconds:.1f} | {memory:.0f} |"
            )


def main() -> None:
    """Prints a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--place", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        photos = photos_of(unpacked("animals7", asked.place or place))
        write_mosaics(photos, place / "mosaics")
        mosaics = len(photos) // ACROSS**2
        print(f"{mosaics} mosaics of {ACROSS**2} photos, {CELL * ACROSS} pixels a side")
        print(
            "| network | way | mAP50 | recall | precision | seconds | peak MB |\n|---|---|---|---|---|---|---|"
        )
        for row in rows(place / "mosaics", place):
            print(row, flush=True)


if __name__ == "__main__":
    main()
