"""Photos and boxes as they lie in a folder, read for pruning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from taxolens.training.detection.libre_narrow import _listed  # noqa: E402
from taxolens.training.detection.looked import looked_at  # noqa: E402
from taxolens.training.detection.order import Order  # noqa: E402

ORDER = Order(
    folder=Path(), photos=Path(), labels=("a", "b"), family="yolox", size="n", side=64, epochs=1, batch=2, rate=None,
    frozen=False, mosaic=0.0, mixup=0.0, cutmix=0.0, patience=0, seed=0, device="cpu", weights=None, teacher=None,
)  # fmt: skip


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Three photos of 64 x 32: without, with one, and with two boxes."""
    for kind in ("images", "labels"):
        (tmp_path / kind / "train").mkdir(parents=True)
    for number in range(3):
        Image.fromarray(np.full((32, 64, 3), 10 * number, np.uint8)).save(
            tmp_path / f"images/train/{number}.png"
        )
        lines = ["1 0.5 0.5 0.25 0.5", "0 0.25 0.75 0.1 0.2"][:number]
        (tmp_path / f"labels/train/{number}.txt").write_text("\n".join(lines))
    return replace(ORDER, photos=tmp_path)


def test_boxes_become_shares_of_the_square(order: Order) -> None:
    (some,) = looked_at(order)
    assert some.pixels.shape == (3, 3, 64, 64) and some.pixels[:, :, 40:].unique().tolist() == [114]
    level = {int(some.pixels[row, 0, 0, 0]): row for row in range(3)}
    assert [int((some.boxes[:, 0] == level[number]).sum()) for number in (0, 10, 20)] == [0, 1, 2]
    one = some.boxes[some.boxes[:, 0] == level[10]][0, 1:]
    assert torch.allclose(one, torch.tensor([1, 0.5, 0.25, 0.25, 0.25]))


def test_the_same_photos_are_looked_at_again(order: Order) -> None:
    first, again = (next(looked_at(order, 2)) for _ in range(2))
    assert torch.equal(first.pixels, again.pixels) and len(first.pixels) == 2


def test_yolox_gets_its_boxes_in_pixels(order: Order) -> None:
    (some,) = looked_at(order)
    listed = _listed(some, 64)
    assert listed.shape == (3, 2, 5)
    both = next(one for one in listed if one[1].any())
    assert torch.allclose(both[0], torch.tensor([1, 32.0, 16, 16, 16]))
