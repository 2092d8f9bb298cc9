"""Opening an image file: which formats, how many pixels, and every fault as one `ImageError`."""

from __future__ import annotations

import stat
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import IO

from PIL import BmpImagePlugin, GifImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.texts import noted
from taxolens.storage.signature import HEAD_LENGTH, image_format

# What Pillow remarks on a photo's metadata is nothing a user can mend; what matters becomes an ImageError.
warnings.filterwarnings("ignore", module=r"PIL\.")

Source = Path | bytes
"""An image file, by its place or by its bytes."""

DEFAULT_MEGAPIXELS = 150.0

MISSING = noted("The file is not there.")
UNREADABLE = noted("The file cannot be opened: check its access rights and its disk.")
NO_FILE = noted("This is a folder or a device, not a file.")
EMPTY = noted("The file is empty.")
NOT_AN_IMAGE = noted("This is no image: its first bytes belong to no known image format.")
DAMAGED = noted("The image is damaged or cut short.")
TOO_MANY_PIXELS = noted("The image announces more pixels than allowed (--max-megapixels).")
TOO_MANY_BYTES = noted("The file is too large to be read at once.")
NO_MEMORY = noted("The image needs more memory than there is.")
NO_HEIF = noted("Reading HEIC needs an optional part: pip install 'taxolens[heif]'.")
VARIANT = noted("This variant of the format cannot be read: save the image as JPEG or PNG.")

_READ_AT_ONCE = frozenset({"WEBP", "AVIF", "HEIF"})
_MOST_BYTES = 1 << 29
_TELLING_WORDS = ("unknown", "unsupported", "not supported", "not available", "not installed")


@contextmanager
def opened(source: Source, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Iterator[ImageFile.ImageFile]:
    """An image whose header was read and found small enough; its pixels wait for `load`.

    Only the decoders named in this file are ever tried, the one that the first bytes ask for. JPEGs of
    several pictures (MPO) are opened at their first one. Whatever a decoder throws while the block runs
    leaves it as an `ImageError`.

    Args:
        source: a file, or its bytes.
        max_megapixels: announced pixels above which nothing is decoded.

    Raises:
        ImageError: missing, empty, not_an_image, damaged, too_large, unsupported or unreadable.
    """
    # Other libraries of the same process switch this on for all; half a photo is a fault here, never an answer.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with _faults_told(), _stream(source) as file:
        head = file.read(HEAD_LENGTH)
        if not head:
            raise ImageError("empty", EMPTY)
        name = image_format(head)
        if name is None:
            raise ImageError("not_an_image", NOT_AN_IMAGE)
        if name == "WEBP":
            _check_pixels(_webp_canvas(head), max_megapixels)
        if name in _READ_AT_ONCE and file.seek(0, 2) > _MOST_BYTES:
            raise ImageError("too_large", TOO_MANY_BYTES)
        file.seek(0)
        with _DECODERS[name](file) as image:
            _check_pixels(image.size, max_megapixels)
            yield image


@contextmanager
def _stream(source: Source) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield BytesIO(source)
        return
    if not stat.S_ISREG(source.stat().st_mode):
        raise ImageError("unreadable", NO_FILE)
    with source.open("rb") as file:
        yield file


@contextmanager
def _faults_told() -> Iterator[None]:
    """Decoders throw whatever their damaged input leads them to; all of it is about one image."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        raise _told(error) from error


def _told(error: Exception) -> ImageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ImageError("missing", MISSING)
    if isinstance(error, OSError) and error.errno is not None:
        return ImageError("unreadable", UNREADABLE)
    if isinstance(error, Pillow.DecompressionBombError | Pillow.DecompressionBombWarning):
        return ImageError("too_large", TOO_MANY_PIXELS)
    if isinstance(error, MemoryError):
        return ImageError("too_large", NO_MEMORY)
    if any(word in str(error).lower() for word in _TELLING_WORDS):
        return ImageError("unsupported", VARIANT)
    return ImageError("damaged", DAMAGED)


def _check_pixels(size: tuple[int, int], max_megapixels: float) -> None:
    if size[0] * size[1] > max_megapixels * 1e6:
        raise ImageError("too_large", TOO_MANY_PIXELS)


def _webp_canvas(head: bytes) -> tuple[int, int]:
    """Width and height from a WebP header, read here because the decoder allocates before it tells them.

    Source: RFC 9649, section 2.
    """
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(head) >= 30:
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    raise ImageError("damaged", DAMAGED)


def _webp(file: IO[bytes]) -> ImageFile.ImageFile:
    from PIL import WebPImagePlugin  # loads a decoder that most folders do not need

    return WebPImagePlugin.WebPImageFile(file)


def _avif(file: IO[bytes]) -> ImageFile.ImageFile:
    from PIL import AvifImagePlugin  # loads a decoder that most folders do not need

    return AvifImagePlugin.AvifImageFile(file)


def _heif(file: IO[bytes]) -> ImageFile.ImageFile:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise ImageError("unsupported", NO_HEIF) from error
    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_DECODERS: Mapping[str, Callable[[IO[bytes]], ImageFile.ImageFile]] = MappingProxyType(
    {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "WEBP": _webp,
        "AVIF": _avif,
        "HEIF": _heif,
    }
)
