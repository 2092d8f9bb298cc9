"""Pictures in which each corner is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def corners() -> NDArray[np.uint8]:
    """uint8 [96, 160, 3]: red, green, blue and yellow quarters."""
    pixels = np.zeros((96, 160, 3), np.uint8)
    pixels[:48, :80] = (255, 0, 0)
    pixels[:48, 80:] = (0, 255, 0)
    pixels[48:, :80] = (0, 0, 255)
    pixels[48:, 80:] = (255, 255, 0)
    return pixels
