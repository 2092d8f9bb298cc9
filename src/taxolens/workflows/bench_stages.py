"""Where the milliseconds of a photo go, one thread, one photo after the other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from taxolens.imaging.decode import decode_timed
from taxolens.inference.predictor import Predictor
from taxolens.inference.row import Row, Stamp, row_to_line
from taxolens.inference.segments import write_segment
from taxolens.inference.session import Session
from taxolens.inference.tensor import to_probabilities, to_tensor


@dataclass(frozen=True, slots=True)
class Stages:
    """Mean milliseconds of processor time for a photo.

    Attributes:
        read: from the disk to memory.
        decode: from bytes to pixels.
        resize: to the size of the model's input.
        infer: the network.
        write: the answer, to the disk.
    """

    read: float
    decode: float
    resize: float
    infer: float
    write: float

    @property
    def needed(self) -> float:
        """What no pipeline can save: decoding, resizing and the network."""
        return self.decode + self.resize + self.infer

    @property
    def whole(self) -> float:
        """All of them."""
        return self.read + self.needed + self.write


def measure_stages(predictor: Predictor, photos: Iterable[Path], *, max_megapixels: float) -> Stages:
    """Times the stages of photos that can be read.

    Args:
        photos: at least one.
    """
    card = predictor.card
    session = Session(predictor.model.graph, output=card.output.tensor)
    taken: list[tuple[float, float, float, float]] = []
    lines: list[bytes] = []
    for photo in photos:
        began = time.thread_time()
        data = photo.read_bytes()
        read = time.thread_time() - began
        seen = decode_timed(data, card.preprocess, max_megapixels=max_megapixels)
        between = time.thread_time()
        scores = to_probabilities(session(to_tensor(seen.pixels, card.input)), card.output.decoder)
        infer = time.thread_time() - between
        lines.append(row_to_line(Row(Stamp(photo.name, len(data), 0), scores=scores)))
        taken.append((read, seen.decoding, seen.resizing, infer))
    read, decode, resize, infer = (1000 * mean(stage) for stage in zip(*taken, strict=True))
    return Stages(read, decode, resize, infer, _writing(lines))


def _writing(lines: list[bytes]) -> float:
    with tempfile.TemporaryDirectory() as place:
        began = time.thread_time()
        write_segment(Path(place), "bench", "bench", 1, lines)
        return 1000 * (time.thread_time() - began) / len(lines)
