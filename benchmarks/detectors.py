"""Detectors taught on real photos with boxes, judged on photos that were held back.

    python -m benchmarks.detectors [--sets collembola,animals7,stickytraps] [--place DIR]

A run that is there is not trained again, so that a stopped benchmark goes on; delete the place to begin anew. All begin
with weights that were learnt on COCO by others. The sticky traps are cut into tiles to learn from, and judged whole.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.sets import SHARED, unpacked

TAXOLENS = Path(sys.executable).with_name("taxolens")
FIFTH = ("--split", "70/10/20")
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "yolox-nano": ("--weights", str(SHARED / "weights/yolox_nano.onnx")),
    "yolo11n": ("--backbone", "yolo11n", "--weights", str(SHARED / "weights/yolo11n_coco_dequant.pt")),
}
EPOCHS: Mapping[tuple[str, str], int] = {
    ("collembola", "yolox-nano"): 20,
    ("collembola", "yolo11n"): 8,
    ("animals7", "yolox-nano"): 20,
    ("animals7", "yolo11n"): 10,
    ("stickytraps", "yolox-nano"): 15,
    ("stickytraps", "yolo11n"): 8,
}
TILE, SIDE = 512, 416


def main() -> None:
    """Trains what is missing, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="collembola,animals7,stickytraps")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    given = parser.parse_args()
    print(
        "| set | network | photos (boxes) judged | mAP50 (95 % interval) | mAP50-95 | found / right | training |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in given.sets.split(","):
        for network in given.networks.split(","):
            print(row(name, network, given.place), flush=True)


def row(name: str, network: str, place: Path) -> str:
    """One line of the table."""
    data = unpacked(name, place)
    run = place / "detectors" / f"{name}-{network}"
    taught_on, judged_on, options = (data, data, FIFTH) if name != "stickytraps" else tiled(data, place)
    if not run.exists():
        called(
            *("train", taught_on, "--out", run, "--method", "detect", *NETWORKS[network], *options),
            *("--size", SIDE, "--epochs", EPOCHS[name, network]),
        )
    figures = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    minutes = figures["seconds"]["Training the network"] / 60
    if judged_on != data:
        figures = tile_figures(run / "model.onnx", judged_on, run.with_suffix(".json"))
    low, high = figures["intervals"]["map50"]
    return (
        f"| {name} | {network}, {EPOCHS[name, network]} epochs | {figures['n']} ({figures['boxes']}) | "
        f"{figures['map50']:.3f} ({low:.3f}-{high:.3f}) | {figures['map50_95']:.3f} | "
        f"{figures['recall']:.2f} / {figures['precision']:.2f} | {minutes:.0f} min |"
    )


def tiled(data: Path, place: Path) -> tuple[Path, Path, tuple[str, ...]]:
    """Whole photos divided once, and the same cut into tiles to learn from."""
    divided, tiles = place / "stickytraps-divided", place / "stickytraps-tiles"
    if not divided.exists():
        called("prepare", data, "--out", divided, *FIFTH)
    if not tiles.exists():
        called("prepare", divided, "--out", tiles, "--tile", TILE, "--tile-overlap", "0.2")
    return tiles, divided, ()


def tile_figures(model: Path, data: Path, file: Path) -> dict[str, Any]:
    """Of whole photos, looked at tile by tile."""
    called("evaluate", model, data, "--tile", TILE, "--tile-only", "--json", file)
    figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures


def called(*arguments: object) -> None:
    """Runs a command; its words go to this one's error output."""
    subprocess.run([str(TAXOLENS), *map(str, arguments)], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
