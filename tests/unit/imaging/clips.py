"""Clips made on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

CODECS = {
    ".mp4": "libx264",
    ".mov": "mpeg4",
    ".m4v": "mpeg4",
    ".avi": "mjpeg",
    ".mkv": "libx264",
    ".webm": "libvpx",
}
RATE = 8


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> NDArray[np.uint8]:
    """A picture of one colour."""
    return np.full((size[1], size[0], 3), colour, dtype=np.uint8)


def write_clip(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate: int = RATE,
    tags: Mapping[str, str] | None = None,
    times: Iterable[float] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Encodes pictures; `times` in seconds where they do not follow the rate."""
    av: Any = pytest.importorskip("av")
    codec = CODECS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000 if times else rate)
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "bf": "0"}
        if codec == "libvpx":
            stream.options = {"deadline": "realtime", "cpu-used": "8"}
        at = iter(times or ())
        for number, pixels in enumerate(frames):
            if number == 0:
                stream.width, stream.height = pixels.shape[1], pixels.shape[0]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = round(next(at) * 1000) if times else number
            frame.time_base = stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
