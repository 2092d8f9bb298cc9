"""What a model must show before it answers anyone: drawn pictures, answered like a photo, the same in each process."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image as Pillow

from taxolens.core.errors import ModelError
from taxolens.core.records import Status
from taxolens.inference.detected import Detected
from taxolens.server.opened import OpenedModel
from taxolens.server.work import Named, PhotoWork, Raw

_SIZE = (240, 320)
_QUALITY = 90


def prove(model: OpenedModel) -> str:
    """Has a model answer the drawn pictures, which also makes it warm.

    Returns:
        A hash of all that it said: equal wherever the same model computes alike.

    Raises:
        ModelError: it does not answer, or with something that is no answer.
    """
    said = hashlib.sha256()
    for photo in drawn_photos():
        said.update(_checked(model.answer(PhotoWork(photo, "drawn")).result))
    return said.hexdigest()


@cache
def drawn_photos() -> tuple[bytes, ...]:
    """Encoded pictures that are the same everywhere: a slope of colours with a dark oval, and noise."""
    ys, xs = np.mgrid[0 : _SIZE[0], 0 : _SIZE[1]]
    slope = np.stack([xs * 255 / _SIZE[1], ys * 255 / _SIZE[0], 255 - xs * 255 / _SIZE[1]], axis=-1)
    oval = ((xs - 160) / 80) ** 2 + ((ys - 120) / 50) ** 2 < 1
    slope[oval] = (60, 40, 20)
    noise = np.random.default_rng(0).integers(0, 256, (*_SIZE, 3))
    return tuple(_encoded(pixels.astype(np.uint8)) for pixels in (slope, noise))


def _encoded(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _checked(result: Named | Detected | Raw) -> bytes:
    if isinstance(result, Named):
        return _checked_name(result)
    if isinstance(result, Raw) or result.status is Status.FAILED:
        raise ModelError(
            "The model does not answer a drawn picture. Get the model file again or train it anew."
        )
    numbers = [
        (*vars_of_box, one.score, *map(float, one.distribution))
        for one in result.detections
        for vars_of_box in [(one.box.x, one.box.y, one.box.width, one.box.height)]
    ]
    if not all(math.isfinite(number) for row in numbers for number in row):
        raise ModelError("The model answers with something that is no number. Train it anew.")
    return repr(numbers).encode()


def _checked_name(said: Named) -> bytes:
    total = float(said.probabilities.sum(dtype=np.float64))
    # Written so that NaN fails.
    if said.prediction.status is Status.FAILED or not abs(total - 1) <= 0.01:
        raise ModelError(
            "The probabilities that the model gives a drawn picture sum to {total:.3g}. Train it anew.",
            total=total,
        )
    return said.probabilities.tobytes() + said.prediction.label.encode()
