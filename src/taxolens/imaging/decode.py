"""From a file to the pixels that a model sees: decode, turn upright, make RGB, resize by one rule.

    pixels = decode(path, rule)

JPEGs are decoded at 1/2, 1/4 or 1/8 of their size where that still leaves `rule.scaled_decode` times the
pixels that the rule asks for; the decoder then never computes what the resize would throw away.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, ImageFile
from PIL import Image as Pillow

from taxolens.core.errors import UsageError
from taxolens.imaging.colour import to_rgb
from taxolens.imaging.container import DEFAULT_MEGAPIXELS, Source, opened
from taxolens.imaging.fitting import Fitting, Size, fitting
from taxolens.imaging.preprocess import Filter, Preprocess

PADDING = (114, 114, 114)

_SCALES = (8, 4, 2)
_THUMBNAIL_QUALITY = 82
_RESAMPLING: Mapping[Filter, Pillow.Resampling] = MappingProxyType(
    {Filter.BILINEAR: Pillow.Resampling.BILINEAR, Filter.BICUBIC: Pillow.Resampling.BICUBIC}
)
# EXIF 2.32, tag 0x0112: what has been done to the picture, so that this undoes it
_UPRIGHT: Mapping[int, Pillow.Transpose] = MappingProxyType(
    {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_270,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_90,
    }
)
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})


def decode(
    source: Source, rule: Preprocess, *, max_megapixels: float = DEFAULT_MEGAPIXELS
) -> NDArray[np.uint8]:
    """Reads one image as the model is to see it.

    Safe to call from several threads at once. Of animations and files with several pictures, the first.

    Args:
        source: a file, or its bytes.
        rule: decode and resize rule.
        max_megapixels: announced pixels above which nothing is decoded.

    Returns:
        uint8 [rule.height, rule.width, 3], upright, in the rule's channel order.

    Raises:
        ImageError: the image cannot be read, for whatever reason.
    """
    return decode_fitted(source, rule, max_megapixels=max_megapixels).pixels


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a model is to see of a photo, and where it lies there.

    Attributes:
        pixels: uint8 [height, width, 3], the input.
        fitting: how the photo fills it.
        size: width and height of the photo, as far as it was decoded.
    """

    pixels: NDArray[np.uint8]
    fitting: Fitting
    size: Size


def decode_fitted(source: Source, rule: Preprocess, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Fitted:
    """As `decode`, for those who want to find the way back to the photo.

    Raises:
        ImageError: the image cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        if rule.scaled_decode:
            decode_scaled(image, fitting(upright_size(image), rule).resized, rule.scaled_decode)
        return fit_picture(upright_rgb(image), rule)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What `decode` gives, and what its two halves took.

    Attributes:
        pixels: uint8 [rule.height, rule.width, 3].
        decoding: seconds, from the bytes to RGB pixels.
        resizing: seconds, from these to the model's input.
    """

    pixels: NDArray[np.uint8]
    decoding: float
    resizing: float


def decode_timed(source: Source, rule: Preprocess, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> Decoded:
    """As `decode`, with a look at the clock.

    Raises:
        ImageError: the image cannot be read.
    """
    began = time.thread_time()
    with opened(source, max_megapixels=max_megapixels) as image:
        if rule.scaled_decode:
            decode_scaled(image, fitting(upright_size(image), rule).resized, rule.scaled_decode)
        picture = upright_rgb(image)
        between = time.thread_time()
        pixels = fit_picture(picture, rule).pixels
    return Decoded(pixels, between - began, time.thread_time() - between)


def was_scaled(source: Source, rule: Preprocess, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> bool:
    """Whether scaled decoding changes anything for this file: it is a JPEG and large enough.

    Raises:
        ImageError: the header cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        if not rule.scaled_decode or image.format != "JPEG":
            return False
        size = upright_size(image)
        return scaled_by(size, fitting(size, rule).resized, rule.scaled_decode) > 1


def prepare(pixels: NDArray[np.uint8], rule: Preprocess) -> NDArray[np.uint8]:
    """Resizes pixels that are decoded already, by the same rule.

    Args:
        pixels: uint8 [height, width, 3], upright RGB.

    Returns:
        uint8 [rule.height, rule.width, 3], in the rule's channel order.

    Raises:
        UsageError: the array is no picture.
    """
    return prepare_fitted(pixels, rule).pixels


def prepare_fitted(pixels: NDArray[np.uint8], rule: Preprocess) -> Fitted:
    """As `prepare`, for those who want to find the way back to the photo.

    Raises:
        UsageError: the array is no picture.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise UsageError(
            "An image as an array is uint8 [height, width, 3] in RGB, not {dtype} {shape}. Convert it first.",
            dtype=pixels.dtype,
            shape=list(pixels.shape),
        )
    return fit_picture(Pillow.fromarray(pixels), rule)


def thumbnail(source: Source, side: int, *, max_megapixels: float = DEFAULT_MEGAPIXELS) -> bytes:
    """A small JPEG of an image for people: upright, aspect kept, no metadata, never enlarged.

    Args:
        side: longest side in pixels.

    Raises:
        ImageError: the image cannot be read.
    """
    with opened(source, max_megapixels=max_megapixels) as image:
        decode_scaled(image, _shrunk(upright_size(image), side), 2)
        picture = upright_rgb(image)
        picture = picture.resize(_shrunk(picture.size, side), Pillow.Resampling.BICUBIC)
    file = BytesIO()
    picture.save(file, "JPEG", quality=_THUMBNAIL_QUALITY, optimize=True)
    return file.getvalue()


def upright_rgb(image: ImageFile.ImageFile) -> Pillow.Image:
    """An opened image's pixels as RGB, upright. Pillow turns TIFFs itself and then forgets their orientation: asked after loading."""
    image.load()
    turn = _UPRIGHT.get(_orientation(image))
    picture = to_rgb(image)
    return picture.transpose(turn) if turn is not None else picture


def _shrunk(size: Size, side: int) -> Size:
    shrink = min(1.0, side / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))


def fit_picture(image: Pillow.Image, rule: Preprocess) -> Fitted:
    """An upright RGB picture of any size, made the model's input."""
    fit = fitting(image.size, rule)
    picture = image.resize(fit.filled, _RESAMPLING[rule.filter], box=fit.box)
    if fit.filled != fit.canvas:
        padded = Pillow.new("RGB", fit.canvas, PADDING)
        padded.paste(picture, fit.offset)
        picture = padded
    pixels = np.array(picture)
    if rule.order == "bgr":
        pixels = np.ascontiguousarray(pixels[..., ::-1])
    return Fitted(pixels, fit, image.size)


def upright_size(image: ImageFile.ImageFile) -> Size:
    """Width and height that a JPEG will have, before it is decoded; other formats tell theirs afterwards."""
    width, height = image.size
    on_its_side = image.format == "JPEG" and _orientation(image) in _ON_ITS_SIDE
    return (height, width) if on_its_side else (width, height)


def _orientation(image: ImageFile.ImageFile) -> int:
    """EXIF orientation; 1 where there is none or it cannot be read, which is no fault of the picture."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def decode_scaled(image: ImageFile.ImageFile, target: Size, times: int) -> int:
    """Asks the JPEG decoder for fewer pixels, in the file's own orientation; by which fraction 1/n."""
    if image.format != "JPEG":
        return 1
    scale = scaled_by(upright_size(image), target, times)
    if scale > 1:
        width, height = image.size
        image.draft(None, (width // scale, height // scale))
    return scale


def scaled_by(size: Size, target: Size, times: int) -> int:
    """Largest fraction 1/n that the decoder offers and that leaves `times` the target on both sides; 0: all pixels."""
    for scale in _SCALES if times else ():
        if all(have // scale >= times * want for have, want in zip(size, target, strict=True)):
            return scale
    return 1
