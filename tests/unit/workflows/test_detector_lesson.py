"""Photos with boxes, written as a training library reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from taxolens.core.errors import DataError
from taxolens.core.progress import Silent
from taxolens.core.records import Part
from taxolens.core.texts import plain
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.network import Device
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.split import SplitRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.detector_lesson import DetectorLesson, fingerprint_of, prepare_detector_lesson

SIDE = 64


def written(folder: Path, count: int = 12, size: tuple[int, int] = (200, 100)) -> Path:
    """COCO: one red square of 40 pixels on each photo, at x = 100 and y = 20; every fourth photo is empty."""
    folder.mkdir()
    images, boxes = [], []
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 60, (size[1], size[0], 3)).astype(np.uint8)
        name = f"é {number}.jpg"
        if number % 4:
            pixels[20:60, 100:140] = (255, 0, 0)
            boxes.append({"id": number, "image_id": number, "category_id": 1, "bbox": [100, 20, 40, 40]})
        Image.fromarray(pixels).save(folder / name, quality=95)
        images.append({"id": number, "file_name": name, "width": size[0], "height": size[1]})
    classes = [{"id": 1, "name": "square"}, {"id": 2, "name": "circle"}]
    document = {"images": images, "annotations": boxes, "categories": classes}
    (folder / "annotations.coco.json").write_text(json.dumps(document))
    return folder


def recipe_for(data: Path, **detector: object) -> TrainRecipe:
    return TrainRecipe(
        SourceRecipe(data),
        data.parent / "run",
        method="detect",
        split=SplitRecipe(train=50, val=25, test=25),
        detector=DetectorRecipe(size=SIDE, **detector),  # type: ignore[arg-type]
    )


def prepared(data: Path, tmp_path: Path, **detector: object) -> tuple[TrainRecipe, DetectorLesson]:
    recipe, place = recipe_for(data, **detector), tmp_path / "place"
    place.mkdir(exist_ok=True)
    return recipe, prepare_detector_lesson(recipe, tmp_path / "home", place, progress=Silent(), say=plain)


def test_photos_lie_there_in_the_networks_size_with_their_boxes(tmp_path: Path) -> None:
    _, lesson = prepared(written(tmp_path / "set"), tmp_path)
    assert lesson.labels == ("square",)
    for part in (Part.TRAIN, Part.VAL):
        files = sorted((lesson.photos / "images" / part.value).iterdir())
        assert len(files) == len(lesson.of(part))
        for file in files:
            with Image.open(file) as photo:
                pixels = np.asarray(photo)
            assert pixels.shape == (SIDE // 2, SIDE, 3)
            label = lesson.photos / "labels" / part.value / f"{file.stem}.txt"
            lines = label.read_text().splitlines()
            assert lines == (["0 0.6000000 0.4000000 0.2000000 0.4000000"] if lines else [])
            # What the box says is what is there.
            red = np.argwhere(pixels[..., 0].astype(int) - pixels[..., 1] > 120)
            assert len(red) > 0 if lines else len(red) == 0
            if lines:
                assert red.min(0) == pytest.approx([6, 32], abs=1) and red.max(0) == pytest.approx(
                    [18, 44], abs=1
                )


def test_no_photo_of_the_test_is_written(tmp_path: Path) -> None:
    _, lesson = prepared(written(tmp_path / "set"), tmp_path)
    found = list((lesson.photos / "images").rglob("*.png"))
    assert len(found) == 12 - len(lesson.of(Part.TEST)) < 12


def test_photos_on_their_side_are_turned_with_their_boxes(tmp_path: Path) -> None:
    data = written(tmp_path / "set")
    for path in data.glob("*.jpg"):
        with Image.open(path) as photo:
            exif, turned = Image.Exif(), photo.transpose(Image.Transpose.ROTATE_90)
            exif[0x0112] = 6
            turned.save(path, quality=95, exif=exif)
    _, lesson = prepared(data, tmp_path)
    file = next((lesson.photos / "images" / "train").iterdir())
    with Image.open(file) as photo:
        assert photo.size == (SIDE, SIDE // 2)


def test_shown_photos_are_squares_of_the_part_that_chooses(tmp_path: Path) -> None:
    _, lesson = prepared(written(tmp_path / "set"), tmp_path)
    assert lesson.shown.shape == (len(lesson.of(Part.VAL)), SIDE, SIDE, 3)
    assert (lesson.shown[:, SIDE // 2 + 1 :] == 114).all()


def test_everything_that_decides_changes_the_fingerprint(tmp_path: Path) -> None:
    data = written(tmp_path / "set")
    recipe, lesson = prepared(data, tmp_path)
    same = fingerprint_of(*prepared(data, tmp_path))
    assert fingerprint_of(recipe, lesson) == same
    assert fingerprint_of(recipe_for(data, epochs=31), lesson) != same
    document = json.loads((data / "annotations.coco.json").read_text())
    document["annotations"][0]["bbox"] = [100, 20, 40, 39]
    (data / "annotations.coco.json").write_text(json.dumps(document))
    assert fingerprint_of(*prepared(data, tmp_path)) != same


def test_a_photo_that_cannot_be_read_is_told_and_the_others_are_learnt(tmp_path: Path) -> None:
    data = written(tmp_path / "set")
    torn = data / "é 1.jpg"
    torn.write_bytes(torn.read_bytes()[:600])
    _, lesson = prepared(data, tmp_path)
    learnt = {image.name for part in (Part.TRAIN, Part.VAL) for image in lesson.of(part)}
    assert [one.name for one in lesson.failures] == (["é 1.jpg"] if "é 1.jpg" in learnt else [])
    assert len(list((lesson.photos / "images").rglob("*.png"))) == len(learnt - {"é 1.jpg"})


def test_a_split_without_validation_is_refused(tmp_path: Path) -> None:
    data = written(tmp_path / "set")
    recipe = TrainRecipe(
        SourceRecipe(data), tmp_path / "run", method="detect", split=SplitRecipe(train=80, val=0, test=20)
    )
    with pytest.raises(DataError, match="val"):
        prepare_detector_lesson(recipe, tmp_path / "home", tmp_path, progress=Silent(), say=plain)


def test_where_it_is_computed_changes_no_fingerprint(tmp_path: Path) -> None:
    data = written(tmp_path / "set")
    recipe, lesson = prepared(data, tmp_path)
    elsewhere = recipe_for(data, device=Device.CPU, patience=3)
    assert fingerprint_of(elsewhere, lesson) == fingerprint_of(recipe, lesson)
