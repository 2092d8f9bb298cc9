from __future__ import annotations

import pytest

from taxolens.core.geometry import WHOLE_IMAGE, Box


@pytest.mark.parametrize(
    "edges", [(-0.1, 0, 0.5, 0.5), (0.6, 0, 0.5, 0.5), (0, 0.9, 0.1, 0.2), (0, 0, -0.1, 1)]
)
def test_a_box_outside_the_image_cannot_be_made(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a normalised box"):
        Box(*edges)


def test_the_whole_image_is_a_box() -> None:
    assert (WHOLE_IMAGE.width, WHOLE_IMAGE.height) == (1.0, 1.0)
