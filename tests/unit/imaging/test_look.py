"""What one photo looks like."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, ImageEnhance, ImageFilter
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.imaging.look import Look, look


def _encoded(picture: Pillow.Image | NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    image = Pillow.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    file = io.BytesIO()
    image.save(file, kind, **({"compress_level": 1} if kind == "PNG" else {}), **options)
    return file.getvalue()


def _plain(*colour: int) -> NDArray[np.uint8]:
    return np.full((40, 60, 3), colour, dtype=np.uint8)


@pytest.fixture(scope="module")
def scene() -> Pillow.Image:
    """Something with structure at all scales, 640 by 480."""
    random = np.random.default_rng(5)
    pixels = np.zeros((480, 640, 3))
    for side in (4, 8, 20, 60, 160):
        patch = random.uniform(-1, 1, (side * 3 // 4, side, 3))
        layers = [
            np.asarray(
                Pillow.fromarray(patch[..., c].astype(np.float32)).resize(
                    (640, 480), Pillow.Resampling.BICUBIC
                )
            )
            for c in range(3)
        ]
        pixels += np.stack(layers, axis=2) * 60
    return Pillow.fromarray((pixels + 120).clip(0, 255).astype(np.uint8))


def _apart(one: Look, other: Look) -> int:
    return (one.phash ^ other.phash).bit_count() + (one.dhash ^ other.dhash).bit_count()


def test_a_grey_photo_has_its_luma_and_no_colour() -> None:
    seen = look(_encoded(_plain(51, 51, 51)))
    assert (seen.width, seen.height) == (60, 40)
    assert seen.brightness == pytest.approx(0.2)
    assert (seen.contrast, seen.sharpness, seen.saturation) == pytest.approx((0, 0, 0), abs=1e-6)
    assert seen.day is False


@pytest.mark.parametrize(
    ("colour", "dark", "bright"), [((0, 0, 0), 1, 0), ((255, 255, 255), 0, 1), ((90, 90, 90), 0, 0)]
)
def test_nearly_black_and_nearly_white_pixels_are_counted(
    colour: tuple[int, int, int], dark: float, bright: float
) -> None:
    seen = look(_encoded(_plain(*colour)))
    assert (seen.dark, seen.bright) == (pytest.approx(dark), pytest.approx(bright))


@pytest.mark.parametrize(
    ("colour", "day"),
    [((120, 180, 90), True), ((120, 121, 120), False), ((20, 12, 4), False), ((125, 121, 121), None)],
)
def test_grey_or_dark_is_night_and_coloured_light_is_day(
    colour: tuple[int, int, int], day: bool | None
) -> None:
    assert look(_encoded(_plain(*colour))).day is day


def test_pure_colour_is_saturated() -> None:
    assert look(_encoded(_plain(0, 0, 200))).saturation == pytest.approx(1)


def test_the_border_goes_round_from_the_top_left() -> None:
    pixels = _plain(9, 9, 9)
    for number, (y, x) in enumerate(
        [(0, 0), (0, 29), (0, 59), (19, 59), (39, 59), (39, 29), (39, 0), (19, 0)]
    ):
        pixels[y, x] = (number, 100 + number, 200 + number)
    border = look(_encoded(pixels)).border
    assert border.tolist() == [[n, 100 + n, 200 + n] for n in range(8)]


def test_sharper_photos_are_sharper_whatever_their_size(scene: Pillow.Image) -> None:
    sharp = look(_encoded(scene)).sharpness
    soft = [look(_encoded(scene.filter(ImageFilter.GaussianBlur(r)))).sharpness for r in (1, 2, 4)]
    assert [sharp, *soft] == sorted([sharp, *soft], reverse=True)
    larger = look(_encoded(scene.resize((1600, 1200), Pillow.Resampling.BICUBIC))).sharpness
    assert larger == pytest.approx(sharp, rel=0.35)


def test_a_sharp_subject_before_a_soft_background_is_sharp(scene: Pillow.Image) -> None:
    soft = scene.filter(ImageFilter.GaussianBlur(6))
    mixed = soft.copy()
    mixed.paste(scene.crop((160, 120, 480, 360)), (160, 120))
    assert look(_encoded(mixed)).sharpness > 20 * look(_encoded(soft)).sharpness


def test_a_date_printed_at_the_bottom_makes_no_photo_sharp(scene: Pillow.Image) -> None:
    soft = scene.filter(ImageFilter.GaussianBlur(6))
    printed = np.array(soft)
    printed[450:] = np.random.default_rng(0).integers(0, 2, (30, 640, 1)) * 255
    assert look(_encoded(printed)).sharpness == pytest.approx(look(_encoded(soft)).sharpness, rel=0.2)


COPIES = {
    "saved at quality 70": lambda scene: _encoded(scene, "JPEG", quality=70),
    "resized to 80 %": lambda scene: _encoded(scene.resize((512, 384))),
    "brightened": lambda scene: _encoded(ImageEnhance.Brightness(scene).enhance(1.2)),
    "with more contrast": lambda scene: _encoded(ImageEnhance.Contrast(scene).enhance(1.2)),
    "cropped by 3 %": lambda scene: _encoded(scene.crop((10, 7, 630, 473))),
}


@pytest.mark.parametrize("way", COPIES)
def test_copies_are_near_and_others_are_not(way: str, scene: Pillow.Image) -> None:
    seen = look(_encoded(scene))
    assert _apart(seen, look(COPIES[way](scene))) <= 15
    assert _apart(seen, look(_encoded(scene.transpose(Pillow.Transpose.ROTATE_90)))) > 30


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (600, 400)), (3, (600, 400)), (6, (400, 600)), (8, (400, 600))]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_photos_are_seen_upright(orientation: int, size: tuple[int, int], kind: str) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    pixels = np.zeros((400, 600, 3), dtype=np.uint8)
    pixels[:200] = 255  # where the sky is in the file
    seen = look(_encoded(pixels, kind, exif=exif))
    assert (seen.width, seen.height) == size
    sky = {1: seen.tiny[:28], 3: seen.tiny[36:], 6: seen.tiny[:, 36:], 8: seen.tiny[:, :28]}[orientation]
    assert sky.min() > 240


def test_a_photo_that_is_nearly_square_is_not_turned_by_mistake() -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = 6
    seen = look(_encoded(Pillow.new("L", (2050, 2049)), "JPEG", exif=exif))
    assert (seen.width, seen.height) == (2049, 2050)


def test_large_jpegs_keep_their_size_and_look_the_same(scene: Pillow.Image) -> None:
    large = scene.resize((2563, 1921), Pillow.Resampling.BICUBIC)
    seen, whole = look(_encoded(large, "JPEG", quality=95)), look(_encoded(large))
    assert (seen.width, seen.height) == (2563, 1921)
    assert seen.brightness == pytest.approx(whole.brightness, abs=0.01)
    assert _apart(seen, whole) <= 6
    assert np.abs(seen.tiny.astype(int) - whole.tiny).mean() < 4


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2), (5, 5)])
def test_the_smallest_photos_are_no_trouble(size: tuple[int, int]) -> None:
    seen = look(_encoded(Pillow.new("RGB", size, (10, 200, 30))))
    assert (seen.width, seen.height) == size
    assert seen.sharpness == 0
    assert seen.tiny.shape == (64, 64, 3)
    assert (seen.border == (10, 200, 30)).all()


def test_what_cannot_be_read_is_an_image_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as error:
        look(tmp_path / "absent.jpg")
    assert error.value.code == "missing"
    with pytest.raises(ImageError) as error:
        look(_encoded(_plain(1, 2, 3)), max_megapixels=0.001)
    assert error.value.code == "too_large"
