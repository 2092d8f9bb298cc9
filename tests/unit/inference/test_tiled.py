"""A photo looked at tile by tile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Image as Picture

import taxolens
from taxolens.core.errors import ModelError, UsageError
from taxolens.imaging.preprocess import Fit
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.row import Boxes
from taxolens.inference.tiled import look_in_tiles, with_tiles
from taxolens.modelfile.card import Card, CardInput, CardTile, Task
from taxolens.modelfile.read import ModelFile
from taxolens.recipes.tile import TileRecipe, TileSize
from tests.unit.inference.square_detector import CELL, SIDE, squares, write_square_model

# Tiles of three cells that share one lie on the grid that the squares lie on
CELLS = (7, 5)
PLACES = ((0, 0), (2, 1), (3, 1), (5, 2), (6, 4))
SHARED = 1 / 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return write_square_model(tmp_path_factory.mktemp("model") / "squares.onnx")


@pytest.fixture
def photo() -> Picture:
    return squares(*((x, y, "red") for x, y in PLACES), size=(CELLS[0] * CELL, CELLS[1] * CELL))


def asked(model: ModelFile, **given: Any) -> DetectorPredictor:
    return DetectorPredictor(with_tiles(model, TileRecipe(**given)))


def cells_of(boxes: Boxes) -> list[tuple[float, ...]]:
    size = np.array([*CELLS, *CELLS])
    return sorted(tuple(place) for place in (boxes.places * size).round(3).tolist())


def test_small_things_are_found_in_tiles_and_told_once(model: ModelFile, photo: Picture) -> None:
    tiled = asked(model, size=SIDE, overlap=SHARED)
    assert cells_of(tiled.boxes(np.asarray(photo))) == [(x, y, 1, 1) for x, y in PLACES]
    assert len(DetectorPredictor(model).boxes(np.asarray(photo))) < len(PLACES)


def test_a_file_stored_on_its_side_gives_the_boxes_of_the_upright_photo(
    model: ModelFile, photo: Picture, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    photo.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    tiled = asked(model, size=SIDE, overlap=SHARED)
    assert cells_of(tiled.boxes(path)) == [(x, y, 1, 1) for x, y in PLACES]


def test_a_photo_no_larger_than_a_tile_is_looked_at_once(model: ModelFile) -> None:
    photo = np.asarray(squares((0, 0, "red"), (2, 1, "green")))
    whole, tiled = DetectorPredictor(model).boxes(photo), asked(model, size=SIDE).boxes(photo)
    assert np.array_equal(whole.places, tiled.places)
    assert np.array_equal(whole.scores, tiled.scores)


@pytest.mark.parametrize(("whole", "looks"), [(True, 5), (False, 4)])
def test_every_tile_is_looked_at_and_the_whole_where_that_is_asked_for(whole: bool, looks: int) -> None:
    sizes: list[tuple[int, int]] = []

    def look(picture: Picture) -> Boxes:
        sizes.append(picture.size)
        return Boxes(np.zeros((0, 4), np.float32), np.zeros((0, 2), np.float32))

    photo = Image.new("RGB", (170, 150))
    boxes = look_in_tiles(photo, CardTile(side=100, overlap=0.2, whole=whole), look)
    assert (len(boxes), boxes.scores.shape) == (0, (0, 2))
    assert sizes == [(100, 100)] * 4 + [(170, 150)] * (looks - 4)


def test_an_animal_larger_than_tiles_is_told_by_the_look_at_the_whole(model: ModelFile) -> None:
    """A square of three by three cells fills one cell where the photo is made a third of its size."""
    pixels = np.zeros((9 * CELL, 9 * CELL, 3), np.uint8)
    pixels[3 * CELL : 6 * CELL, 3 * CELL : 6 * CELL] = (255, 0, 0)
    found = asked(model, size=4 * CELL, overlap=0.25).boxes(pixels)
    surest = found.places[found.scores.max(axis=1) > 0.9]
    assert np.abs(surest - 1 / 3).max(axis=1).min() < 1e-6


def test_what_is_left_open_is_as_the_card_has_it(model: ModelFile) -> None:
    own = CardTile(side=700, overlap=0.1, whole=False)
    card = model.card.changed(input=model.card.input.changed(tile=own))
    told = replace(model, card=card)

    def tile_of(**given: Any) -> CardTile | None:
        return with_tiles(told, TileRecipe(**given)).card.input.tile

    assert tile_of() == own
    assert tile_of(size=TileSize.OFF) is None
    assert tile_of(size=500) == CardTile(side=500, overlap=0.1, whole=False)
    assert tile_of(overlap=0.3, whole=True) == CardTile(side=700, overlap=0.3, whole=True)
    assert with_tiles(model, TileRecipe(size=500)).card.input.tile == CardTile(side=500)


def test_tiles_that_nobody_asked_for_are_refused(model: ModelFile) -> None:
    with pytest.raises(UsageError, match="Add --tile"):
        with_tiles(model, TileRecipe(overlap=0.3))


def test_a_classifier_is_given_no_tiles(model: ModelFile) -> None:
    card = Card(
        name="names",
        task=Task.CLASSIFY,
        classes=model.card.classes,
        input=CardInput(width=SIDE, height=SIDE, fit=Fit.SQUASH),
        output=model.card.output,
    )
    with pytest.raises(ModelError, match="for detectors"):
        with_tiles(replace(model, card=card), TileRecipe(size=500))


def test_from_python_a_size_of_tiles_is_enough(model: ModelFile) -> None:
    tiled = taxolens.load(model.path, tile=500)
    assert tiled.card.input.tile == CardTile(side=500)
    assert taxolens.load(model.path).card.input.tile is None
    assert taxolens.load(model.path, tile="off").card.input.tile is None
    with pytest.raises(UsageError, match="--tile"):
        taxolens.load(model.path, tile="large")
