"""A frozen backbone, as the rooms that use one see it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns prepared pixels into embeddings. Safe to call from several threads at once."""

    @property
    def identity(self) -> str:
        """Hash of everything that decides the embedding but the pixels, hexadecimal."""
        ...

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        ...

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeds one photo.

        One at a time, so that an embedding never depends on its neighbours in a batch.

        Args:
            pixels: uint8 [height, width, 3], prepared by the backbone's rule.

        Returns:
            float32 [dimension].
        """
        ...
