"""Without OpenCV."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from taxolens.core.errors import MissingExtra
from taxolens.imaging.operations.apply import apply_steps
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.registry import parse_step


def test_what_needs_opencv_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    picture = Picture.of(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(MissingExtra, match=r"pip install 'taxolens\[prepare\]'"):
        apply_steps(picture, [parse_step("clahe")])


@pytest.mark.parametrize(
    "text", ["resize:width=4", "letterbox", "crop", "mirror", "flip", "grey", "contrast", "whiten"]
)
def test_sizes_and_simple_changes_need_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    picture = Picture.of(np.zeros((8, 8, 3), np.uint8))
    assert apply_steps(picture, [parse_step(text)]).pixels.dtype == np.uint8
