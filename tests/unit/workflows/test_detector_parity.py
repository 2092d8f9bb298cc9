from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from taxolens.core.detection_trainer import ToldBoxes
from taxolens.core.errors import ParityError
from taxolens.inference.row import Boxes
from taxolens.workflows.detector_parity import prove_boxes

SHOWN = np.zeros((1, 64, 64, 3), np.uint8)
CORNERS = np.array([[8, 8, 24, 40], [30, 30, 50, 60]], np.float32)
SCORES = np.array([[0.9, 0.1], [0.1, 0.4]], np.float32)


def predictor(corners: Any = CORNERS, scores: Any = SCORES) -> Any:
    """Finds the same boxes in whatever it is shown."""
    places = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1) / 64
    return cast(Any, SimpleNamespace(boxes=lambda picture: Boxes(places.astype(np.float32), scores)))


def told(corners: Any = CORNERS, scores: Any = (0.9, 0.4), kinds: Any = (0, 1)) -> tuple[ToldBoxes]:
    return (ToldBoxes(np.float32(corners), np.float32(scores), np.array(kinds)),)


def test_the_same_boxes_agree_whatever_their_order() -> None:
    parity = prove_boxes(predictor(), SHOWN, told(CORNERS[::-1], (0.4, 0.9), (1, 0)), least=0.05)
    assert (parity.photos, parity.boxes) == (1, 4)
    assert parity.pixels < 1e-4 and parity.score < 1e-6


@pytest.mark.parametrize(
    "theirs",
    [
        told(CORNERS + np.float32([0, 0, 1.5, 0])),
        told(scores=(0.9, 0.42)),
        told(kinds=(0, 0)),
        told(CORNERS[:1], (0.9,), (0,)),
        told(np.vstack([CORNERS, [[1, 1, 5, 5]]]), (0.9, 0.4, 0.2), (0, 1, 1)),
    ],
    ids=["an edge", "a score", "a class", "one less", "one more"],
)
def test_a_difference_is_refused(theirs: tuple[ToldBoxes]) -> None:
    with pytest.raises(ParityError, match="does not find what the trained one finds"):
        prove_boxes(predictor(), SHOWN, theirs, least=0.05)


def test_boxes_about_the_least_score_may_be_on_one_side_only() -> None:
    more = told(np.vstack([CORNERS, [[1, 1, 5, 5]]]), (0.9, 0.4, 0.055), (0, 1, 1))
    assert prove_boxes(predictor(), SHOWN, more, least=0.05).boxes == 4


@pytest.mark.parametrize(("more", "agree"), [(1, True), (2, True), (3, False)])
def test_few_boxes_on_the_edge_of_being_one_with_a_surer_may_be_on_one_side_only(
    more: int, agree: bool
) -> None:
    beside = [[8, 8, 24, 38 - one] for one in range(more)]
    theirs = told(np.vstack([CORNERS, beside]), (0.9, 0.4, *(0.5,) * more), (0, 1, *(0,) * more))
    if agree:
        assert prove_boxes(predictor(), SHOWN, theirs, least=0.05).boxes == 4
        return
    with pytest.raises(ParityError):
        prove_boxes(predictor(), SHOWN, theirs, least=0.05)
