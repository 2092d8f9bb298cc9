"""Training photos with their boxes, as a library wrote them down, outside of its own loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from taxolens.training.detection.order import Order

LOOKED_AT = 128
"""Photos that say which channels matter, and from which norms take their statistics."""
_AT_ONCE = 8
_GREY = 114


@dataclass(frozen=True, slots=True)
class Looked:
    """Some photos in the upper left corners of squares.

    Attributes:
        pixels: uint8 [b, 3, side, side], RGB.
        boxes: float32 [n, 6]: which photo, class, middle and size in shares of the square.
    """

    pixels: torch.Tensor
    boxes: torch.Tensor


def looked_at(order: Order, most: int = LOOKED_AT) -> Iterator[Looked]:
    """Some training photos, the same for the same seed."""
    files = sorted((order.photos / "images" / "train").iterdir())
    chosen = [files[row] for row in np.random.default_rng(order.seed).permutation(len(files))[:most]]
    for start in range(0, len(chosen), _AT_ONCE):
        pixels, boxes = [], [np.empty((0, 6), np.float32)]
        for number, file in enumerate(chosen[start : start + _AT_ONCE]):
            with Image.open(file) as opened:
                photo = np.asarray(opened.convert("RGB"))[: order.side, : order.side]
            square = np.full((order.side, order.side, 3), _GREY, np.uint8)
            square[: photo.shape[0], : photo.shape[1]] = photo
            pixels.append(square)
            lines = (
                (order.photos / "labels" / "train" / file.name)
                .with_suffix(".txt")
                .read_text(encoding="utf-8")
            )
            boxes.append(_boxes(lines, number, photo.shape[1] / order.side, photo.shape[0] / order.side))
        yield Looked(
            torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(),
            torch.from_numpy(np.concatenate(boxes)),
        )


def _boxes(lines: str, number: int, wide: float, high: float) -> NDArray[np.float32]:
    """Shares of a photo become shares of the square."""
    rows = [[number, *map(float, line.split())] for line in lines.splitlines() if line.strip()]
    found = np.array(rows, np.float32).reshape(-1, 6)
    found[:, 2:] *= np.array([wide, high, wide, high], np.float32)
    return found
