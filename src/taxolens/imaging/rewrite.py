"""A photo read in order to be written again: in its format, with the date and camera that it tells."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags
from PIL import Image as Pillow

from taxolens.imaging.container import opened
from taxolens.imaging.decode import upright_rgb

_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG"),
        **dict.fromkeys((".png", ".apng"), "PNG"),
        **dict.fromkeys((".tif", ".tiff"), "TIFF"),
        **dict.fromkeys((".bmp", ".dib"), "BMP"),
        ".webp": "WEBP",
    }
)
_OTHER = ".png"
_TOLD = (  # what a photo says of its making, and nothing of how its bytes lie
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.ImageDescription,
)
_MOST_EXIF = 60_000  # a segment of a JPEG holds 65,533 bytes
_SUBSAMPLED_ABOVE = 90


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo's pixels, and what is written back beside them.

    Attributes:
        pixels: uint8 [h, w, 3], upright RGB.
        exif: with orientation 1; empty where there is none.
        profile: ICC profile of its colours; None where it has none.
    """

    pixels: NDArray[np.uint8]
    exif: bytes = b""
    profile: bytes | None = None


def suffix_written(suffix: str) -> str:
    """The suffix of a photo that is written again: its own, or PNG for formats that are only read."""
    return suffix if suffix.lower() in _FORMATS else _OTHER


def read_photo(content: bytes, *, max_megapixels: float) -> Photo:
    """Decodes a whole photo, upright.

    Raises:
        ImageError: it cannot be read.
    """
    with opened(content, max_megapixels=max_megapixels) as image:
        coloured = image.mode == "RGB"
        profile = image.info.get("icc_profile")
        pixels = np.array(upright_rgb(image))
        exif = _exif(image)  # afterwards: it changes what the image says of its orientation
    return Photo(pixels, exif, profile if coloured and isinstance(profile, bytes) else None)


def proven_size(content: bytes, *, max_megapixels: float) -> tuple[int, int]:
    """Width and height of the upright photo, once all of it was decoded; of a JPEG at an eighth of its size,
    which reads every byte.

    Raises:
        ImageError: it cannot be read.
    """
    with opened(content, max_megapixels=max_megapixels) as image:
        width, height = image.size
        lying = image.size[0] >= image.size[1]
        if image.format == "JPEG":
            image.draft(None, (width // 8, height // 8))
        upright = upright_rgb(image)
    if upright.size[0] == upright.size[1] or (upright.size[0] > upright.size[1]) == lying:
        return width, height
    return height, width


def photo_bytes(
    photo: Photo, suffix: str, *, quality: int, longest: int | None = None
) -> tuple[bytes, int, int]:
    """A photo as a file, with its width and height.

    Args:
        suffix: decides the format.
        quality: of JPEG and WebP, 1..100; other formats lose nothing.
        longest: longest side in pixels; larger photos are made smaller.
    """
    picture = _shrunk(Pillow.fromarray(photo.pixels), longest)
    kind = _FORMATS[suffix.lower()]
    file = BytesIO()
    picture.save(file, kind, **_options(kind, photo, quality))
    return file.getvalue(), *picture.size


def _options(kind: str, photo: Photo, quality: int) -> dict[str, object]:
    told: dict[str, object] = {}
    if kind != "BMP" and photo.exif:
        told["exif"] = photo.exif
    if kind != "BMP" and photo.profile:
        told["icc_profile"] = photo.profile
    if kind == "JPEG":
        return {**told, "quality": quality, "subsampling": 0 if quality > _SUBSAMPLED_ABOVE else 2}
    if kind == "WEBP":
        return {**told, "quality": quality}
    return {**told, "compression": "tiff_lzw"} if kind == "TIFF" else told


def _shrunk(picture: Pillow.Image, longest: int | None) -> Pillow.Image:
    if longest is None or max(picture.size) <= longest:
        return picture
    shrink = longest / max(picture.size)
    width, height = (max(1, round(side * shrink)) for side in picture.size)
    return picture.resize((width, height), Pillow.Resampling.LANCZOS)


def _exif(image: Pillow.Image) -> bytes:
    """What the photo tells of its making. All of it where it can be written again, else date and camera."""
    with suppress(Exception):  # a damaged directory must not cost the picture
        exif = Pillow.Image.getexif(image)
        if not len(exif):
            return b""
        if image.format == "JPEG":
            exif[ExifTags.Base.Orientation] = 1
            written = exif.tobytes()
            if len(written) <= _MOST_EXIF:
                return written
        return _date_and_camera(exif)
    return b""


def _date_and_camera(exif: Pillow.Exif) -> bytes:
    kept = Pillow.Exif()
    for tag in _TOLD:
        if isinstance(exif.get(tag), str):
            kept[tag] = exif[tag]
    dates = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in dates:
        if isinstance(detail.get(tag), str):
            kept.get_ifd(ExifTags.IFD.Exif)[tag] = detail[tag]
            kept.setdefault(ExifTags.Base.DateTime, detail[tag])  # TIFFs are written without the directory
    return kept.tobytes()
