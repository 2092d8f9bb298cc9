"""Whatever a file stores, as 8-bit RGB. Embedded colour profiles are not applied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

WHITE = (255, 255, 255)


def to_rgb(image: Pillow.Image) -> Pillow.Image:
    """Converts a loaded image of any mode to mode RGB.

    What is transparent shows neutral white, as on a sheet of paper. Sixteen bits per channel keep their
    upper eight. Whole numbers and fractions without a stated range are read by the largest one among
    them: up to 1 (fractions only), up to 255, up to 65535, else that number is white.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _grey((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return _grey(_unstated_range(np.asarray(image)))
    if image.has_transparency_data or image.mode in ("La", "RGBa"):
        return _on_white(image.convert("RGBA") if image.mode != "La" else image.convert("LA").convert("RGBA"))
    return image.convert("RGB")


def _on_white(image: Pillow.Image) -> Pillow.Image:
    paper = Pillow.new("RGB", image.size, WHITE)
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _grey(values: NDArray[np.uint8]) -> Pillow.Image:
    return Pillow.fromarray(values).convert("RGB")


def _unstated_range(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    largest = float(numbers.max(initial=0.0))
    if largest <= 1 and np.issubdtype(values.dtype, np.floating):
        numbers *= 255
    elif largest > 65535:
        numbers = np.rint(numbers * (255 / largest))
    elif largest > 255:
        numbers /= 256
    return numbers.clip(0, 255).astype(np.uint8)
