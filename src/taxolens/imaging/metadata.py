"""What a photo says of itself: when, by which camera, how large."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from PIL import ExifTags, ImageFile
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.imaging.container import Source, opened

_DATE = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)")
_EARLIEST_YEAR = 1900
_EARLIEST_ZONE, _LATEST_ZONE = -12 * 60, 14 * 60


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a photo without its pixels.

    Attributes:
        taken: local time, without a zone.
        camera: make and model.
        width: in pixels, as stored; 0 where the header cannot be read.
        height: in pixels, as stored; 0 where the header cannot be read.
        utc_offset: minutes by which `taken` is ahead of UTC; None where the photo does not tell, as most do.
    """

    taken: datetime | None = None
    camera: str | None = None
    width: int = 0
    height: int = 0
    utc_offset: int | None = None


def read_metadata(source: Source) -> Metadata:
    """Reads header and EXIF. Never raises: what cannot be read is absent.

    The time is DateTimeOriginal, else DateTimeDigitized, else DateTime, each with its own offset from UTC
    (EXIF 2.31: OffsetTimeOriginal, OffsetTimeDigitized, OffsetTime).
    """
    try:
        with opened(source, max_megapixels=float("inf")) as image:
            width, height = image.size
            main, detail = _exif(image)
    except ImageError:
        return Metadata()
    taken, utc_offset = _moment(main, detail)
    return Metadata(
        taken=taken,
        camera=camera_name(main.get(ExifTags.Base.Make), main.get(ExifTags.Base.Model)),
        width=width,
        height=height,
        utc_offset=utc_offset,
    )


def _moment(main: dict[int, object], detail: dict[int, object]) -> tuple[datetime | None, int | None]:
    """The best time that can be meant, and what is said of its zone."""
    told = (
        (detail.get(ExifTags.Base.DateTimeOriginal), detail.get(ExifTags.Base.OffsetTimeOriginal)),
        (detail.get(ExifTags.Base.DateTimeDigitized), detail.get(ExifTags.Base.OffsetTimeDigitized)),
        (main.get(ExifTags.Base.DateTimeOriginal), main.get(ExifTags.Base.OffsetTimeOriginal)),
        (main.get(ExifTags.Base.DateTime), detail.get(ExifTags.Base.OffsetTime)),
    )
    for time, offset in told:
        taken = time_of(time)
        if taken is not None:
            return taken, _minutes(offset)
    return None, None


def _exif(image: ImageFile.ImageFile) -> tuple[dict[int, object], dict[int, object]]:
    """The main directory and the photo's own, each tag on its own: one bad value must not hide the others."""
    try:
        exif = Pillow.Image.getexif(image)  # a PNG's own method would decode all its pixels first
        main = {tag: _value(exif, tag) for tag in (*exif,)}
    except Exception:
        return {}, {}
    try:
        return main, dict(exif.get_ifd(ExifTags.IFD.Exif))
    except Exception:
        return main, {}


def _value(exif: Pillow.Exif, tag: int) -> object:
    try:
        return exif[tag]
    except Exception:
        return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return " ".join(value.replace("\0", " ").split()) if isinstance(value, str) else ""


def time_of(value: object) -> datetime | None:
    """A time as EXIF, or a container of video, writes it; None for anything else."""
    found = _DATE.match(_text(value))
    if not found:
        return None
    try:
        taken = datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
    return taken if taken.year >= _EARLIEST_YEAR else None


def _minutes(value: object) -> int | None:
    """Minutes ahead of UTC, of a zone that exists."""
    text = _text(value)
    if text == "Z":
        return 0
    found = _OFFSET.fullmatch(text)
    if not found:
        return None
    minutes = int(f"{found[1]}{int(found[2]) * 60 + int(found[3])}")
    return minutes if _EARLIEST_ZONE <= minutes <= _LATEST_ZONE else None


def camera_name(maker: object, model_name: object) -> str | None:
    """Make and model, whatever they are stored as; many makers repeat their name in the model."""
    make, model = _text(maker), _text(model_name)
    if make and model.lower().startswith(make.split()[0].lower()):
        make = ""
    return " ".join(filter(None, (make, model))) or None
