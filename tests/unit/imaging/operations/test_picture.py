"""What is a picture, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.imaging.operations.picture import Picture


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_arrays_that_are_no_picture_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="An image as an array"):
        Picture.of(np.zeros(shape, np.uint8))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match="The mask of an image"):
        Picture.of(np.zeros((4, 4, 3), np.uint8), (), np.zeros((4, 5), np.bool_))


def test_boxes_are_kept_in_pixel_edges() -> None:
    picture = Picture.of(np.zeros((50, 200, 3), np.uint8), [Box(0.5, 0.5, 0.5, 0.5)])
    assert picture.boxes.tolist() == [[100, 25, 200, 50]]
    assert picture.rows.tolist() == [0] and picture.visible.tolist() == [1]
