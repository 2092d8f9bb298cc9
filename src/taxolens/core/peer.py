"""The plain way of asking a network, which ours is measured against: the library that taught it, photo by photo."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Peer(Protocol):
    """A network run by the library that taught it."""

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What it says of uint8 [height, width, 3], upright RGB in the size of its input: float32 [classes]."""
        ...


class PeerMaker(Protocol):
    """Something that opens peers, found by the name of an entry point."""

    def __call__(self, weights: Path) -> Peer:
        """The network of a run, from the weights that the run left.

        Raises:
            ModelError: nothing says which network they belong to, or they do not fit it.
        """
        ...
