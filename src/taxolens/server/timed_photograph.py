"""A photo that knows how long its decoding took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.geometry import Box
from taxolens.imaging.decode import Fitted
from taxolens.imaging.fitting import Size
from taxolens.imaging.photograph import Photograph
from taxolens.imaging.preprocess import Preprocess


class TimedPhotograph(Photograph):
    """A `Photograph` that adds up the seconds from its bytes to what a model is to see.

    Attributes:
        seconds: decoding and resizing of the whole; the resizing of crops is not in it.
    """

    seconds = 0.0

    def fitted(self, rule: Preprocess) -> Fitted:
        """See `Photograph.fitted`."""
        with self._clock():
            return super().fitted(rule)

    def picture(self) -> Pillow.Image:
        """See `Photograph.picture`."""
        with self._clock():
            return super().picture()

    def size(self) -> Size:
        """See `Photograph.size`."""
        with self._clock():
            return super().size()

    def crops(self, parts: Sequence[Box], rule: Preprocess) -> Iterator[NDArray[np.uint8]]:
        """See `Photograph.crops`."""
        with self._clock():
            return super().crops(parts, rule)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began
