"""A detector beside the program that trained it: the same photos, weights and input, on all processors.

    python -m benchmarks.detector_speed RUN PHOTOS [--variant FILE ...] [--openvino] [--rounds 5]

Variants (`taxolens shrink RUN DATA --out FILE`, also with --unproven) and OpenVINO are further ways, which take their turns too.
RUN is a run of a network of ultralytics (`taxolens train --method detect --backbone yolo11n`), with its `weights.pt` and its
`model.onnx`. All ways take their turns, from the photo on the disk to its boxes. Boxes are compared from a score of 0.25 on:
each box of one side that is clearly above it is looked for among those of the other (same class, overlap 0.7). They are not
the very same, because the plain way drops pixels where it makes photos smaller and ours takes their mean; on the same pixels
they are, which every training proves.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.engine import Engine
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.read import read_model
from taxolens.models.torchvision_fallback import lend_torchvision
from taxolens.storage.photos import PHOTO_SUFFIXES

LEAST, CLEARLY, SAME = 0.25, 0.1, 0.7
PLAIN, OURS = "plain way", "ours"
Found = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
"""Corners in shares of the photo, scores, classes."""


def main() -> None:
    """Times both, and prints a line of a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--variant", type=Path, action="append", default=[])
    parser.add_argument("--openvino", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    photos = sorted(path for path in given.photos.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    side = read_model(given.run / "model.onnx").card.input.width
    ways = ways_of(given.run, given.variant, openvino=given.openvino)
    said = {name: way(photos, side) for name, way in ways.items()}
    rounds = [{name: timed(way, photos, side) for name, way in ways.items()} for _ in range(given.rounds)]
    plain = said[PLAIN]
    boxes = sum(len(one[1]) for one in plain)
    print(
        f"{len(photos)} photos, input {side}, {os.cpu_count()} processors, {boxes} boxes of the plain way\n"
    )
    print(
        "| way | ms a photo | times as fast (range of the rounds) | its boxes that ours, float, finds; and back |"
    )
    print("|---|---|---|---|")
    for name, found in said.items():
        ratios = sorted(one[PLAIN] / one[name] for one in rounds)
        same = " / ".join(f"{shared(*pair):.2f}" for pair in ((found, said[OURS]), (said[OURS], found)))
        milliseconds = 1000 * median(one[name] for one in rounds) / len(photos)
        print(
            f"| {name} | {milliseconds:.1f} | {median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) | {same} |"
        )


def ways_of(run: Path, variants: list[Path], *, openvino: bool) -> dict[str, Any]:
    """Everything that is timed, by its name."""
    ways = {PLAIN: plain_way(run / "weights.pt"), OURS: our_way(run / "model.onnx")}
    ways.update({file.stem: our_way(file) for file in variants})
    if openvino:
        files = [run / "model.onnx", *variants]
        names = [OURS, *(file.stem for file in variants)]
        ways.update(
            {
                f"{name}, OpenVINO": our_way(file, Engine.OPENVINO)
                for name, file in zip(names, files, strict=True)
            }
        )
    return ways


def shared(one: list[Found], other: list[Found]) -> float:
    """Share of the sure boxes of the first that the second finds too."""
    found = np.concatenate([share_of(*pair) for pair in zip(one, other, strict=True)])
    return float(found.mean()) if len(found) else float("nan")


def timed(way: Any, photos: list[Path], side: int) -> float:
    """Seconds for all photos."""
    began = time.perf_counter()
    way(photos, side)
    return time.perf_counter() - began


def plain_way(weights: Path) -> Any:
    """`predict` of the library, as its documentation uses it."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    lend_torchvision()
    import ultralytics

    opener: Any = ultralytics
    network = opener.YOLO(str(weights))

    def found(photos: list[Path], side: int) -> list[Found]:
        told = network.predict(
            [str(path) for path in photos],
            imgsz=side,
            conf=LEAST,
            iou=0.7,
            device="cpu",
            verbose=False,
            stream=True,
        )
        return [
            (
                one.boxes.xyxyn.numpy().astype(np.float64),
                one.boxes.conf.numpy().astype(np.float64),
                one.boxes.cls.numpy().astype(np.int64),
            )
            for one in told
        ]

    return found


def our_way(model: Path, engine: Engine = Engine.ONNXRUNTIME) -> Any:
    """What `taxolens.load(model).predict` does."""
    predictor = DetectorPredictor(read_model(model), engine, calls=os.cpu_count() or 1)

    def found(photos: list[Path], side: int) -> list[Found]:
        answers = predictor.predict(photos, threshold=LEAST)
        return [
            _ours([(one.box, one.score, one.distribution) for one in answer.detections]) for answer in answers
        ]

    return found


def _ours(detections: list[tuple[Any, float, Any]]) -> Found:
    corners = [[box.x, box.y, box.x + box.width, box.y + box.height] for box, _, _ in detections]
    kinds = [int(np.argmax(one)) for _, _, one in detections]
    scores = [score for _, score, _ in detections]
    return (
        np.array(corners, np.float64).reshape(-1, 4),
        np.array(scores, np.float64),
        np.array(kinds, np.int64),
    )


def share_of(one: Found, other: Found) -> NDArray[np.float64]:
    """1 for each box of the first that is in the second too, else 0; boxes about the least score are left out."""
    sure = one[1] >= LEAST + CLEARLY
    hits = []
    for corners, kind in zip(one[0][sure], one[2][sure], strict=True):
        near = [
            overlap(corners, place) >= SAME and kind == called
            for place, called in zip(other[0], other[2], strict=True)
        ]
        hits.append(float(any(near)))
    return np.array(hits, np.float64)


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Intersection over union."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    whole = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]))
    return shared / (whole - shared)


if __name__ == "__main__":
    main()
