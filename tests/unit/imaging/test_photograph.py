from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.imaging import photograph
from taxolens.imaging.decode import decode_fitted, prepare
from taxolens.imaging.photograph import Photograph
from taxolens.imaging.preprocess import Fit, Preprocess

SMALL, LARGE = Preprocess(64, 64), Preprocess(256, 256)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG of 1600 x 1200 whose four quarters have four colours, taken on its side."""
    pixels = np.zeros((1200, 1600, 3), np.uint8)
    pixels[:600, :800], pixels[:600, 800:] = (200, 30, 30), (30, 200, 30)
    pixels[600:, :800], pixels[600:, 800:] = (30, 30, 200), (200, 200, 30)
    path = tmp_path_factory.mktemp("photo") / "quarters.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.rot90(pixels)).save(path, quality=95, exif=turned)
    return path


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """By which fraction each decoding made the photo smaller."""
    scales: list[int] = []
    plain = photograph._decoded

    def watched(*args: Any) -> Any:
        found = plain(*args)
        scales.append(found.scale)
        return found

    monkeypatch.setattr(photograph, "_decoded", watched)
    return scales


@pytest.mark.parametrize(
    "rule", [SMALL, LARGE, Preprocess(96, 64, fit=Fit.LETTERBOX), Preprocess(32, 32, scaled_decode=0)]
)
def test_the_first_look_sees_what_a_plain_decoding_gives(photo: Path, rule: Preprocess) -> None:
    fitted, plain = Photograph(photo).fitted(rule), decode_fitted(photo, rule)
    assert np.array_equal(fitted.pixels, plain.pixels)
    assert (fitted.fitting, fitted.size) == (plain.fitting, plain.size)


def test_a_photo_is_decoded_once_where_that_is_enough(photo: Path, decoded: list[int]) -> None:
    one = Photograph(photo)
    one.fitted(LARGE)
    one.fitted(SMALL)
    one.crops([Box(0, 0, 1, 1), Box(0, 0, 0.5, 0.5)], SMALL)
    assert one.size() == (1600, 1200)
    assert decoded == [2]


def test_small_crops_get_more_pixels_from_one_more_decoding(photo: Path, decoded: list[int]) -> None:
    one = Photograph(photo)
    one.fitted(SMALL)
    one.crops([Box(0, 0, 0.1, 0.1), Box(0.5, 0.5, 0.05, 0.05)], SMALL)
    one.crops([Box(0, 0, 1, 1)], SMALL)
    assert decoded == [8, 1]


def test_crops_show_their_part_of_the_upright_photo(photo: Path) -> None:
    quarters = [Box(x, y, 0.4, 0.4) for y in (0.05, 0.55) for x in (0.05, 0.55)]
    seen = [crop.mean(axis=(0, 1)) for crop in Photograph(photo).crops(quarters, SMALL)]
    true = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
    assert np.abs(np.array(seen) - true).max() < 4


def test_a_crop_of_pixels_is_what_the_rule_makes_of_this_part() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8)
    (crop,) = Photograph(pixels).crops([Box(0.25, 0.5, 0.5, 0.5)], SMALL)
    assert np.array_equal(crop, prepare(np.ascontiguousarray(pixels[45:, 30:90]), SMALL))


def test_a_box_without_area_is_a_pixel() -> None:
    pixels = np.full((10, 10, 3), 7, np.uint8)
    for box in (Box(0, 0, 0, 0), Box(1, 1, 0, 0)):
        (crop,) = Photograph(pixels).crops([box], SMALL)
        assert crop.shape == (64, 64, 3) and (crop == 7).all()


def test_a_torn_photo_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    with pytest.raises(ImageError):
        Photograph(tmp_path / "torn.jpg").fitted(SMALL)
