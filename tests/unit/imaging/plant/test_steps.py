"""The operations for plants, by name."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from taxolens.core.geometry import Box
from taxolens.imaging.operations.apply import apply_steps
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.registry import operations, parse_step
from taxolens.imaging.plant.steps import STEPS
from tests.unit.imaging.plant.painting import ellipse, overlap, photo

SIZE = (256, 200)
LEAF = ellipse(SIZE, (128, 100), (80, 50), 20)
SPOTS = ellipse(SIZE, (110, 100), (10, 10)) | ellipse(SIZE, (150, 90), (8, 8))
PIXELS = photo(LEAF, lesions=SPOTS)
NAMES = [operation.name for operation in STEPS]


def done(*steps: str, pixels: Pixels = PIXELS, boxes: tuple[Box, ...] = ()) -> Picture:
    return apply_steps(Picture.of(pixels, boxes), [parse_step(step) for step in steps])


@pytest.mark.parametrize("name", NAMES)
def test_each_is_registered_changes_the_photo_and_leaves_the_original(name: str) -> None:
    assert operations()[name] in STEPS
    before = PIXELS.copy()
    after = done(name)
    assert after.pixels.shape != PIXELS.shape or (after.pixels != PIXELS).any()
    assert (before == PIXELS).all()
    assert after.mask is not None and after.mask.shape == after.pixels.shape[:2]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (2, 90), (70, 50)])
def test_each_takes_photos_without_a_leaf(name: str, size: tuple[int, int]) -> None:
    for pixels in (
        np.full((*size, 3), 77, np.uint8),
        np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8),
    ):
        after = done(name, pixels=pixels)
        assert after.pixels.shape == pixels.shape and after.pixels.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_pickled_and_read_back_from_its_text(name: str) -> None:
    step = parse_step(name)
    assert pickle.loads(pickle.dumps(step)).text == step.text == parse_step(step.text).text


@pytest.mark.parametrize("name", [operation.name for operation in STEPS if not operation.spatial])
def test_what_moves_no_pixels_moves_no_boxes(name: str) -> None:
    box = Box(0.3, 0.3, 0.4, 0.4)
    after = done(name, boxes=(box,))
    kept = [] if name == "colour-histogram" else [0]
    assert after.rows.tolist() == kept
    assert after.boxes == pytest.approx(np.array([(76.8, 60, 179.2, 140)])[kept])


def test_leaf_mask_paints_over_the_paper_alone() -> None:
    after = done("leaf-mask:background=#102030")
    assert after.mask is not None and overlap(after.mask, LEAF) > 0.97
    assert (after.pixels[after.mask] == PIXELS[after.mask]).all()
    assert (after.pixels[~after.mask] == (16, 32, 48)).all()


def test_leaf_mask_can_show_the_mask() -> None:
    after = done("leaf-mask:show=mask")
    assert after.mask is not None
    assert (after.pixels[after.mask] == 255).all() and not after.pixels[~after.mask].any()


def test_a_mask_once_found_serves_later_steps() -> None:
    cut = done("leaf-mask", "crop:at=object,margin=0")
    assert cut.mask is not None and cut.mask.any(axis=0).all() and cut.mask.any(axis=1).all()
    assert done("leaf-mask:show=mask", "object").mask is not None


def test_the_automatic_region_is_the_box_round_the_leaf() -> None:
    after = done("roi:margin=0", boxes=(Box(0.0, 0.0, 0.1, 0.1), Box(0.4, 0.4, 0.2, 0.2)))
    assert (after.width, after.height) == pytest.approx((154, 108), abs=4)
    assert after.rows.tolist() == [1]
    left, top, right, bottom = after.boxes[0]
    assert (right - left, bottom - top) == pytest.approx((51.2, 40))


def test_a_region_that_does_not_cut_paints_over_the_rest() -> None:
    after = done(
        "roi:shape=ellipse,crop=no,x=0.5,y=0,width=0.5,height=1,background=#ff0000",
        boxes=(Box(0, 0, 0.4, 1),),
    )
    assert after.pixels.shape == PIXELS.shape and not len(after.boxes)
    assert (after.pixels[:, :128] == (255, 0, 0)).all()
    assert (after.pixels[100, 192] == PIXELS[100, 192]).all()


def test_a_region_reaches_as_far_as_the_photo() -> None:
    after = done("roi:shape=rectangle,x=0.5,y=0.75")
    assert (after.width, after.height) == (128, 50)


def test_a_region_beyond_every_pixel_leaves_an_empty_mask() -> None:
    after = done("roi:shape=rectangle,x=1,y=1,width=0.001,height=0.001")
    assert after.pixels.shape == PIXELS.shape
    assert after.mask is not None and not after.mask.any()
