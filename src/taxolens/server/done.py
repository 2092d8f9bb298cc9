"""What came of one piece of work, as a worker tells it."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.inference.detected import Detected
from taxolens.server.work import Named, Raw


@dataclass(frozen=True, slots=True)
class Done:
    """What one piece of work gave.

    Attributes:
        seconds: from its bytes to the answer.
        decoding: of these, up to the pixels that the model sees.
    """

    result: Named | Detected | Raw
    seconds: float
    decoding: float
