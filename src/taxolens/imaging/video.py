"""Frames of video clips, one at a time, by PyAV, which only this file loads.

    with opened_clip(path) as clip:
        for frame in clip.frames(every=1.0, most=60): ...

A clip is untrusted like any photo: only the containers named here are opened, nothing that a file refers to is,
pixels are counted before and while they are decoded, and decoding ends with the last frame that is asked for. Half a
clip is a fault, as half a photo is: one that ends much earlier than it announces, and any damage on the way.
"""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import ImageError
from taxolens.core.texts import noted
from taxolens.imaging.container import (
    DEFAULT_MEGAPIXELS,
    EMPTY,
    MISSING,
    NO_FILE,
    NO_MEMORY,
    TOO_MANY_PIXELS,
    UNREADABLE,
)
from taxolens.imaging.metadata import Metadata, camera_name, time_of
from taxolens.storage.signature import read_head

NO_VIDEO = noted("Reading clips needs an optional part: pip install 'taxolens[video]'.")
NOT_A_CLIP = noted("This is no clip: it holds no pictures that move, in MP4, MOV, AVI, Matroska or WebM.")
DAMAGED_CLIP = noted("The clip is damaged or cut short.")
CUT_SHORT = noted("The clip ends earlier than it announces: it is cut short.")
NO_FRAMES = noted("The clip holds no picture.")

_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm"
_SLOWEST, _FASTEST = 1.0, 240.0
_MATROSKA_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_USUAL_RATE = 25.0
_SPARE_FRAMES = 32
_MISSING_SHARE, _MISSING_FRAMES = 0.05, 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip.

    Attributes:
        number: from 0, in the order in which pictures are shown.
        seconds: since the first picture.
        pixels: uint8 [height, width, 3], upright RGB.
    """

    number: int
    seconds: float
    pixels: NDArray[np.uint8]


class Clip:
    """An opened clip; see `opened_clip`.

    Attributes:
        frame_rate: pictures per second, above 0.
        metadata: when and by which camera, as far as the container tells.
    """

    def __init__(self, container: Any, stream: Any, max_megapixels: float) -> None:
        self._container, self._stream = container, stream
        self._most_pixels = max_megapixels * 1e6
        self.frame_rate = _rate(stream)
        self.metadata = _metadata({**container.metadata, **stream.metadata}, stream)
        self._check(stream.codec_context.width, stream.codec_context.height)

    def frames(self, *, every: float, most: int) -> Iterator[Frame]:
        """The first frame, then the first one of each further `every` seconds, at most `most` of them.

        Times are those of the pictures themselves, so clips whose rate changes are looked at evenly too. No more
        is decoded than lies before the last frame, whatever times a file claims. One picture is held at a time.

        Raises:
            ImageError: damaged, too_large.
        """
        rate = min(max(self.frame_rate, _SLOWEST), _FASTEST)
        budget = most * max(1, math.ceil(every * rate)) + _SPARE_FRAMES
        begin, due, given, last, number = None, 0.0, 0, 0.0, -1
        for number, picture in enumerate(self._decoded()):
            time = picture.time if picture.time is not None else number / self.frame_rate
            begin = time if begin is None else begin
            last = time - begin
            if last >= due or number == 0:
                yield Frame(number, last, self._pixels(picture))
                given += 1
                due = every * (math.floor(last / every + 1e-6) + 1)
            if given >= most or number + 1 >= budget:
                return
        self._check_end(number + 1, last)

    def _decoded(self) -> Iterator[Any]:
        for packet in self._container.demux(self._stream):
            pictures = packet.decode()
            if packet.is_corrupt or any(picture.is_corrupt for picture in pictures):
                raise ImageError("damaged", DAMAGED_CLIP)
            yield from pictures

    def _pixels(self, picture: Any) -> NDArray[np.uint8]:
        self._check(picture.width, picture.height)
        pixels = picture.to_ndarray(format="rgb24")
        # The container says by how much the picture must be turned counter-clockwise
        turns = round(picture.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels

    def _check(self, width: int, height: int) -> None:
        if width * height > self._most_pixels:
            raise ImageError("too_large", TOO_MANY_PIXELS)

    def _check_end(self, pictures: int, seconds: float) -> None:
        """Refuses a clip that ended much earlier than it announces."""
        if not pictures:
            raise ImageError("empty", NO_FRAMES)
        announced = _announced(self._container, self._stream)
        found = seconds + 1 / self.frame_rate
        if found < announced * (1 - _MISSING_SHARE) - _MISSING_FRAMES / self.frame_rate:
            raise ImageError("damaged", CUT_SHORT)


def can_read_clips() -> bool:
    """Whether the extra part is installed; it is not loaded for folders of photos alone."""
    return find_spec("av") is not None


@contextmanager
def opened_clip(path: Path, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Iterator[Clip]:
    """A clip whose header was read and found small enough.

    Whatever the decoder throws while the block runs leaves it as an `ImageError`.

    Raises:
        ImageError: missing, empty, not_an_image, damaged, too_large, unsupported or unreadable.
    """
    av = _library()
    if av is None:
        raise ImageError("unsupported", NO_VIDEO)
    with _faults_told(av, path):
        _check_file(path)
        limit = {"max_pixels": str(int(min(max_megapixels * 1e6, 2**31 - 1)))}
        with av.open(
            f"file:{os.fspath(path)}",
            container_options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
            stream_options=[limit] * 16,
        ) as container:
            if not container.streams.video:
                raise ImageError("not_an_image", NOT_A_CLIP)
            stream = container.streams.video[0]
            # One thread each: there are as many clips at work as processors
            stream.codec_context.thread_count = 1
            stream.codec_context.options = limit
            yield Clip(container, stream, max_megapixels)


@cache
def _library() -> ModuleType | None:
    with suppress(ImportError):
        import av

        return av
    return None


def _is_container(head: bytes) -> bool:
    """Whether a file begins as MP4 or MOV, AVI, Matroska or WebM do."""
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:4] == b"\x1a\x45\xdf\xa3"
    )


def _check_file(path: Path) -> None:
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise ImageError("unreadable", NO_FILE)
    if not state.st_size:
        raise ImageError("empty", EMPTY)
    with path.open("rb"):
        pass


@contextmanager
def _faults_told(av: ModuleType, path: Path) -> Iterator[None]:
    """Decoders throw whatever their damaged input leads them to; all of it is about one clip."""
    try:
        yield
    except ImageError:
        raise
    except av.FFmpegError as error:
        raise _told(_fault_of_disk(path) or error, path) from error
    except Exception as error:
        raise _told(error, path) from error


def _fault_of_disk(path: Path) -> OSError | None:
    """Why a file cannot be read to its end; the library calls faults of the disk what it calls those of a clip."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            file.read(1)
    except OSError as error:
        return error
    return None


def _told(error: Exception, path: Path) -> ImageError:
    if type(error).__module__.startswith("av"):
        known = _is_container(read_head(path))
        return ImageError("damaged", DAMAGED_CLIP) if known else ImageError("not_an_image", NOT_A_CLIP)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ImageError("missing", MISSING)
    if isinstance(error, OSError) and error.errno is not None:
        return ImageError("unreadable", UNREADABLE)
    if isinstance(error, MemoryError):
        return ImageError("too_large", NO_MEMORY)
    return ImageError("damaged", DAMAGED_CLIP)


def _rate(stream: Any) -> float:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and math.isfinite(float(rate)) and float(rate) > 0:
            return float(rate)
    return _USUAL_RATE


def _announced(container: Any, stream: Any) -> float:
    """Seconds of the pictures, else of all that the container holds; 0 where nothing is said."""
    told = _MATROSKA_DURATION.match(stream.metadata.get("DURATION", ""))
    if told is not None:
        hours, minutes, seconds = map(float, told.groups())
        return 3600 * hours + 60 * minutes + seconds
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1e6


def _metadata(tags: Mapping[str, str], stream: Any) -> Metadata:
    """What the container tells. Camera traps write the time that their clock shows, whatever zone is named; phones
    tell it apart in a tag of their own."""
    named = {name.lower(): value for name, value in tags.items()}
    times = (named.get("com.apple.quicktime.creationdate"), named.get("creation_time"), named.get("date"))
    return Metadata(
        taken=next((taken for taken in map(time_of, times) if taken), None),
        camera=camera_name(
            named.get("com.apple.quicktime.make") or named.get("make"),
            named.get("com.apple.quicktime.model") or named.get("model"),
        ),
        width=stream.codec_context.width,
        height=stream.codec_context.height,
    )
