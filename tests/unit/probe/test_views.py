from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.views import seen_as, views_of
from taxolens.recipes.train import Views


def picture() -> np.ndarray:
    """Red tells the column, green the row."""
    ramp = np.arange(100, dtype=np.uint8)
    return np.stack(np.broadcast_arrays(ramp[None, :], ramp[:, None], np.uint8(7)), axis=2).copy()


def test_the_whole_view_is_the_picture() -> None:
    assert np.array_equal(seen_as(picture(), "whole"), picture())


def test_a_flipped_picture_flipped_again_is_the_picture() -> None:
    flipped = seen_as(picture(), "flip")

    assert flipped[0, 0, 0] == 99 and flipped[0, 0, 1] == 0
    assert np.array_equal(seen_as(flipped, "flip"), picture())


@pytest.mark.parametrize(
    ("view", "columns", "rows"),
    [
        ("centre", (10, 89), (10, 89)),
        ("top-left", (0, 79), (0, 79)),
        ("top-right", (20, 99), (0, 79)),
        ("bottom-left", (0, 79), (20, 99)),
        ("bottom-right", (20, 99), (20, 99)),
    ],
)
def test_a_crop_shows_four_fifths_of_either_side_at_full_size(
    view: str, columns: tuple[int, int], rows: tuple[int, int]
) -> None:
    seen = seen_as(picture(), view)

    assert seen.shape == (100, 100, 3)
    assert seen.dtype == np.uint8
    assert (int(seen[50, 0, 0]), int(seen[50, -1, 0])) == pytest.approx(columns, abs=1)
    assert (int(seen[0, 50, 1]), int(seen[-1, 50, 1])) == pytest.approx(rows, abs=1)


@pytest.mark.parametrize("views", list(Views))
def test_every_view_that_a_recipe_can_ask_for_is_another_picture(views: Views) -> None:
    seen = [seen_as(picture(), view) for view in ("whole", *views_of(views))]

    assert len({one.tobytes() for one in seen}) == len(seen)


def test_the_whole_photo_is_not_among_the_further_views() -> None:
    assert all("whole" not in views_of(views) for views in Views)
    assert views_of(Views.NONE) == ()
