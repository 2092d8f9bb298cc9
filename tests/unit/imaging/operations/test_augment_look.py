"""Cut-outs hide objects, and boxes know."""

from __future__ import annotations

import numpy as np

from taxolens.core.geometry import Box
from taxolens.imaging.operations.apply import apply_steps
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.registry import parse_step


def test_a_box_under_a_cut_out_is_dropped_and_the_mask_has_a_hole() -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:, :50] = 200
    small = [Box(x / 10, y / 10, 0.05, 0.05) for x in range(10) for y in range(10)]
    picture = Picture.of(pixels, small, np.ones((100, 100), np.bool_))
    after = apply_steps(picture, [parse_step("random-cutout:strength=1")], 2)
    assert after.mask is not None
    hidden = ~after.mask
    assert 0 < hidden.sum() < 4000
    assert 0 < len(after.rows) < 100
    for row, box in enumerate(picture.boxes.astype(int)):
        covered = hidden[box[1] : box[3], box[0] : box[2]].mean()
        assert (row in after.rows) == (1 - covered >= 0.2)
    assert np.array_equal(after.pixels[~hidden], pixels[~hidden])
