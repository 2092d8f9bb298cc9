"""Real detectors of others on real photos, from the file to boxes in a table."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from taxolens.core.detection_trainer import ToldBoxes
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.read import read_model
from taxolens.workflows.detector_parity import prove_boxes
from tests.acceptance.conftest import Command, rows_of

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

# Share of labelled elephants and bears that a box overlaps by half; and that have the right name too.
# Measured: YOLOX-Nano 0.84 and 0.78, PicoDet-S 0.80 and 0.78, YOLOv5n 0.83 and 0.76, YOLOv8n int8 0.90 and 0.89.
DETECTORS = {
    "yolox_nano": ("yolox", 0.78, 0.72),
    "picodet_s_320_coco": ("picodet", 0.75, 0.72),
    "yolov5n": ("yolov5", 0.77, 0.70),
    "yolov8n_int8": ("yolov8", 0.85, 0.83),
}
PHOTOS = 40
ANIMALS = ("elephant", "bear")
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def labelled(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[tuple[str, Box]]]]:
    """Photos with elephants or bears, and where these are."""
    folder = tmp_path_factory.mktemp("animals")
    with zipfile.ZipFile(shared_data / "animals7" / "animals7_train.zip") as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        said = json.loads(archive.read(names["annotations.coco.json"]))
        classes = {one["id"]: one["name"] for one in said["categories"]}
        images = {one["id"]: one for one in said["images"]}
        boxes: dict[str, list[tuple[str, Box]]] = {}
        for one in sorted(said["annotations"], key=lambda one: one["image_id"]):
            image, label = images[one["image_id"]], classes[one["category_id"]]
            name = Path(image["file_name"]).name
            if label in ANIMALS and (name in boxes or len(boxes) < PHOTOS):
                x, y, width, height = one["bbox"]
                across, down = image["width"], image["height"]
                boxes.setdefault(name, []).append(
                    (label, (x / across, y / down, width / across, height / down))
                )
        for name in boxes:
            (folder / name).write_bytes(archive.read(names[name]))
    return folder, boxes


@pytest.fixture(scope="module", params=DETECTORS)
def detector(
    request: pytest.FixtureRequest,
    taxolens: Command,
    shared_weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path]:
    """A file of somebody else's with its card."""
    name = str(request.param)
    model = tmp_path_factory.mktemp(name) / "model.onnx"
    outcome = taxolens(
        "models", "describe", shared_weights / f"{name}.onnx", "--labels", "coco", "--out", model
    )
    assert outcome.code == 0, outcome.err
    return name, model


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(across, 0.0) * max(down, 0.0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def test_a_detector_of_others_finds_the_obvious_animals(
    taxolens: Command,
    detector: tuple[str, Path],
    labelled: tuple[Path, dict[str, list[tuple[str, Box]]]],
    tmp_path: Path,
) -> None:
    (name, model), (folder, boxes) = detector, labelled
    decoder, least_found, least_named = DETECTORS[name]
    card = json.loads(taxolens("models", "show", model, "--json").out)
    assert (card["task"], card["output"]["decoder"], len(card["classes"])) == ("detect", decoder, 80)
    outcome = taxolens("identify", folder, "--model", model, "--out", tmp_path / "found.csv", timeout=900)
    assert outcome.code == 0, outcome.err
    found: dict[str, list[tuple[str, Box]]] = {}
    for row in rows_of(tmp_path / "found.csv"):
        if row["x"]:
            edges = (float(row["x"]), float(row["y"]), float(row["width"]), float(row["height"]))
            found.setdefault(row["file"], []).append((row["label"], edges))
    there = [(label, box, found.get(photo, [])) for photo, said in boxes.items() for label, box in said]
    near = [
        (label, {other for other, edges in several if overlap(box, edges) >= 0.5})
        for label, box, several in there
    ]
    assert len(near) > 70
    assert sum(bool(labels) for _, labels in near) / len(near) >= least_found
    assert sum(label in labels for label, labels in near) / len(near) >= least_named


def test_a_detector_that_names_its_classes_needs_no_labels(
    taxolens: Command, shared_weights: Path, tmp_path: Path
) -> None:
    named = taxolens("models", "describe", shared_weights / "yolov8n_int8.onnx", "--out", tmp_path / "a.onnx")
    assert named.code == 0, named.err
    asked = taxolens("models", "describe", shared_weights / "yolov5n.onnx", "--out", tmp_path / "b.onnx")
    assert asked.code == 2 and "--labels coco" in asked.err and len(asked.err.strip().splitlines()) <= 3


_THEIRS = """
import json, os, sys
os.environ["YOLO_OFFLINE"] = "true"
from taxolens.models.torchvision_fallback import lend_torchvision
lend_torchvision()
import ultralytics
network = ultralytics.YOLO(sys.argv[1], task="detect")
told = [network.predict(path, imgsz=640, conf=0.25, iou=0.7, device="cpu", verbose=False)[0] for path in sys.argv[2:]]
boxes = [[one.boxes.xyxy.tolist(), one.boxes.conf.tolist(), one.boxes.cls.tolist()] for one in told]
print("BOXES" + json.dumps(boxes))
"""


def test_boxes_are_those_that_the_network_s_own_program_finds(
    taxolens: Command,
    labelled: tuple[Path, dict[str, list[tuple[str, Box]]]],
    shared_weights: Path,
    tmp_path: Path,
) -> None:
    """YOLOv8n by ultralytics, which runs the same file with its own preparation, decoding and suppression.

    Photos are made 640 pixels wide and high first: how a photo is made smaller is another question.
    """
    pytest.importorskip("ultralytics")
    model = tmp_path / "model.onnx"
    taxolens("models", "describe", shared_weights / "yolov8n_int8.onnx", "--labels", "coco", "--out", model)
    photos = []
    for path in sorted(labelled[0].iterdir())[:12]:
        photos.append(tmp_path / f"{path.stem}.png")
        with Image.open(path) as picture:
            picture.convert("RGB").resize((640, 640)).save(photos[-1])
    theirs = subprocess.run(
        [sys.executable, "-c", _THEIRS, str(shared_weights / "yolov8n_int8.onnx"), *map(str, photos)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told = [
        ToldBoxes(
            *(
                np.array(part, kind).reshape(shape)
                for part, kind, shape in zip(one, _KINDS, _SHAPES, strict=True)
            )
        )
        for one in json.loads(theirs.rpartition("BOXES")[2])
    ]
    shown = np.stack([np.asarray(Image.open(path)) for path in photos])
    parity = prove_boxes(DetectorPredictor(read_model(model)), shown, told, least=0.25)
    assert parity.boxes > 20
    assert parity.pixels < 0.1 and parity.score < 0.001


_KINDS = np.float32, np.float32, np.int64
_SHAPES = (-1, 4), (-1,), (-1,)
