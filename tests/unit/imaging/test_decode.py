"""From bytes to the pixels that a model sees."""

from __future__ import annotations

import csv
import os
import sys
import tracemalloc
import types
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from taxolens.core.errors import ImageError, UsageError
from taxolens.imaging.decode import decode, prepare, thumbnail, was_scaled
from taxolens.imaging.preprocess import Filter, Fit, Preprocess

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")

RULE = Preprocess(40, 24)
FORMATS = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
}
STORED = {  # what the camera did to the upright picture, by EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def quarters(pixels: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """The colour in the middle of each quarter, in steps of 255/3."""
    height, width = pixels.shape[:2]
    places = [(height // 4, width // 4), (height // 4, 3 * width // 4)]
    places += [(3 * height // 4, width // 4), (3 * height // 4, 3 * width // 4)]
    return [tuple(np.round(pixels[place] / 85).astype(int).tolist()) for place in places]


UPRIGHT = [(3, 0, 0), (0, 3, 0), (0, 0, 3), (3, 3, 0)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_gives_the_same_upright_picture(
    name: str, orientation: int, corners: NDArray[np.uint8]
) -> None:
    turn = STORED[orientation]
    upright = Image.fromarray(corners)
    stored = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(stored, name, exif=exif, **FORMATS[name])
    pixels = decode(file, RULE)
    assert pixels.shape == (24, 40, 3)
    assert quarters(pixels) == UPRIGHT
    with Image.open(BytesIO(thumbnail(file, 64))) as small:
        assert small.size == (64, 38)
        assert quarters(np.asarray(small)) == UPRIGHT


@pytest.mark.parametrize("orientation", STORED)
def test_scaled_decoding_turns_as_full_decoding_does(orientation: int, corners: NDArray[np.uint8]) -> None:
    large = Image.fromarray(corners).resize((1600, 960))
    turn = STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(large.transpose(turn) if turn is not None else large, "JPEG", exif=exif, quality=95)
    for fit in Fit:
        rule = Preprocess(40, 24, fit)
        assert was_scaled(file, rule)
        scaled, full = decode(file, rule), decode(file, replace(rule, scaled_decode=0))
        assert np.abs(scaled.astype(int) - full).mean() < 2
        assert quarters(scaled) == UPRIGHT


@pytest.mark.parametrize(
    ("size", "times", "is_scaled"),
    [
        ((80, 48), 2, False),
        ((160, 96), 2, True),
        ((159, 96), 2, False),
        ((160, 96), 0, False),
        ((80, 48), 1, True),
    ],
)
def test_scaled_decoding_keeps_enough_pixels_on_both_sides(
    size: tuple[int, int], times: int, is_scaled: bool
) -> None:
    file = encoded(Image.new("RGB", size, (9, 99, 199)), "JPEG")
    assert was_scaled(file, replace(RULE, scaled_decode=times)) == is_scaled
    assert not was_scaled(encoded(Image.new("RGB", size), "PNG"), RULE)


def test_a_rule_that_crops_counts_the_pixels_before_the_cut() -> None:
    rule = Preprocess(100, 100, Fit.CROP, crop_fraction=0.5)
    assert not was_scaled(encoded(Image.new("RGB", (799, 2000)), "JPEG"), rule)
    assert was_scaled(encoded(Image.new("RGB", (800, 2000)), "JPEG"), rule)


def test_the_order_of_channels_is_the_rules(corners: NDArray[np.uint8]) -> None:
    file = encoded(Image.fromarray(corners), "PNG")
    bgr = decode(file, replace(RULE, order="bgr"))
    assert np.array_equal(bgr[..., ::-1], decode(file, RULE))
    assert bgr.flags.c_contiguous


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("filter_", Filter)
def test_an_array_goes_through_the_same_resize(fit: Fit, filter_: Filter, corners: NDArray[np.uint8]) -> None:
    rule = Preprocess(50, 30, fit, filter_)
    assert np.array_equal(prepare(corners, rule), decode(encoded(Image.fromarray(corners), "PNG"), rule))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"uint8 \[height, width, 3\]"):
        prepare(np.zeros(shape, np.uint8), RULE)


def test_an_array_of_fractions_is_refused() -> None:
    with pytest.raises(UsageError, match="float64"):
        prepare(np.zeros((4, 4, 3)), RULE)  # type: ignore[arg-type]


FLAT = Preprocess(4, 4)


def colour(file: bytes) -> list[int]:
    return decode(file, FLAT)[0, 0].tolist()


def test_transparent_pixels_show_white() -> None:
    clear = Image.new("RGBA", (8, 8), (200, 10, 10, 0))
    half = Image.new("LA", (8, 8), (55, 128))
    assert colour(encoded(clear, "PNG")) == [255, 255, 255]
    assert colour(encoded(clear, "WEBP", lossless=True)) == [255, 255, 255]
    assert colour(encoded(half, "PNG")) == pytest.approx([155] * 3, abs=1)


def test_a_transparent_palette_colour_shows_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    assert colour(encoded(image, "PNG")) == [200, 10, 10]
    assert colour(encoded(image, "PNG", transparency=1)) == [255, 255, 255]
    assert colour(encoded(image, "PNG", transparency=bytes([255, 0]))) == [255, 255, 255]
    assert colour(encoded(image, "GIF", transparency=1)) == [255, 255, 255]


def test_a_transparent_key_colour_shows_white() -> None:
    assert colour(encoded(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", transparency=(1, 2, 3))) == [255] * 3
    assert colour(encoded(Image.new("L", (8, 8), 7), "PNG", transparency=7)) == [255] * 3


def test_sixteen_bit_grey_keeps_its_upper_eight() -> None:
    values = np.full((8, 8), 0x8040, np.uint16)
    assert colour(encoded(Image.fromarray(values), "PNG")) == [0x80] * 3
    assert colour(encoded(Image.fromarray(values), "TIFF")) == [0x80] * 3
    swapped = Image.frombytes("I;16B", (8, 8), values.astype(">u2").tobytes())
    assert colour(encoded(swapped, "TIFF")) == [0x80] * 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((8, 8), 200, np.int32), 200),
        (np.full((8, 8), 0x8040, np.int32), 0x80),
        (np.full((8, 8), 1 << 20, np.int32), 255),
        (np.full((8, 8), -5, np.int32), 0),
        (np.full((8, 8), 0.5, np.float32), 127),
        (np.full((8, 8), 200.0, np.float32), 200),
        (np.full((8, 8), np.nan, np.float32), 0),
    ],
)
def test_numbers_without_a_stated_range_are_read_by_the_largest(
    values: NDArray[np.generic], expected: int
) -> None:
    assert colour(encoded(Image.fromarray(values), "TIFF")) == [expected] * 3


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_ink_is_turned_into_light(name: str) -> None:
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert colour(encoded(ink, name)) == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "BMP", "GIF"])
def test_one_bit_is_black_or_white(name: str) -> None:
    image = Image.new("1", (8, 8), 1)
    assert colour(encoded(image, name)) == [255] * 3


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "TIFF", "MPO", "AVIF"])
def test_of_several_pictures_the_first_counts(name: str) -> None:
    first, second = Image.new("RGB", (16, 16), (250, 10, 10)), Image.new("RGB", (16, 16), (10, 10, 250))
    file = encoded(first, name, save_all=True, append_images=[second])
    assert colour(file) == pytest.approx([250, 10, 10], abs=12)


def told(file: bytes | Path, **options: float) -> str:
    with pytest.raises(ImageError) as caught:
        decode(file, FLAT, **options)
    assert caught.value.told().endswith(".") and not caught.value.fields
    return caught.value.code


def test_faults_have_names(tmp_path: Path) -> None:
    photo = encoded(Image.effect_noise((200, 200), 90).convert("RGB"), "JPEG")
    (tmp_path / "empty.jpg").touch()
    assert told(tmp_path / "absent.jpg") == "missing"
    assert told(tmp_path / "empty.jpg") == "empty"
    assert told(tmp_path) == "unreadable"
    assert told(b"just words") == "not_an_image"
    assert told(b"\0" * 5000) == "not_an_image"
    assert told(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n") == "not_an_image"
    assert told(photo[: len(photo) // 2]) == "damaged"
    assert told(photo, max_megapixels=0.039) == "too_large"
    assert decode(photo, FLAT, max_megapixels=0.04).shape == (4, 4, 3)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert told(tmp_path / "pipe.jpg") == "unreadable"


def test_heic_without_its_reader_is_unsupported_and_says_how_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"taxolens\[heif\]") as caught:
        decode(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", FLAT)
    assert caught.value.code == "unsupported"


def test_heic_goes_to_its_reader_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = types.ModuleType("pillow_heif")
    reader.HeifImageFile = lambda file: Image.new("RGB", (8, 8), (1, 2, 3))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", reader)
    assert colour(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic") == [1, 2, 3]


def test_a_photo_above_pillows_own_limit_is_read_when_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for name in ("PNG", "JPEG", "BMP"):
        file = encoded(Image.new("RGB", (100, 50)), name)
        assert told(file, max_megapixels=0.0049) == "too_large"
        assert decode(file, FLAT, max_megapixels=0.005).max() == 0


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "AVIF"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_bytes_there_is_a_picture_or_a_fault(name: str, data: st.DataObject) -> None:
    file = bytearray(encoded(Image.linear_gradient("L").resize((40, 30)).convert("RGB"), name))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    del file[data.draw(st.integers(1, len(file))) :]
    try:
        assert decode(bytes(file), FLAT, max_megapixels=1).shape == (4, 4, 3)
    except ImageError as error:
        assert error.code in {"damaged", "not_an_image", "too_large", "unsupported"}


def test_a_very_long_picture_takes_no_more_memory_than_its_pixels() -> None:
    strip = np.full((3, 100_000, 3), 77, np.uint8)
    tracemalloc.start()
    for fit in Fit:
        assert prepare(strip, Preprocess(32, 32, fit)).shape == (32, 32, 3)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_threads_do_not_disturb_each_other(corners: NDArray[np.uint8]) -> None:
    files = [encoded(Image.fromarray(corners), name, **options) for name, options in FORMATS.items()] * 8
    alone = [decode(file, RULE) for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda file: decode(file, RULE), files))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.shared_data
def test_every_odd_image_gives_pixels_or_the_right_fault(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "odd_images" / "odd_images.zip") as archive:
        archive.extractall(tmp_path)
    found = {}
    for row in csv.DictReader((tmp_path / "manifest.csv").read_text(encoding="utf-8").splitlines()):
        try:
            assert decode(tmp_path / row["file"], RULE).shape == (24, 40, 3)
            found[row["file"]] = "ok"
        except ImageError as error:
            found[row["file"]] = error.code
    assert len(found) == 30
    faults = {name: code for name, code in found.items() if code != "ok" and "hei" not in name}
    assert faults == {
        "truncated.jpg": "damaged",
        "truncated.png": "damaged",
        "broken_stream.png": "damaged",
        "bomb.gif": "too_large",
        "bomb.png": "too_large",
        "zero_bytes.jpg": "empty",
        "text_named.jpg": "not_an_image",
    }
    assert {found["photo.heic"], found["av1.heif"]} <= {"ok", "unsupported"}
