from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from taxolens.client.photos import encoded, named
from taxolens.core.errors import ImageError, UsageError

PIXELS = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)


def test_one_photo_is_as_good_as_many() -> None:
    assert [one.name for one in named("a.jpg")] == ["a.jpg"]
    assert [one.name for one in named(Path("a.jpg"))] == ["a.jpg"]
    assert [one.name for one in named(b"bytes")] == ["0"]
    assert [one.name for one in named(PIXELS)] == ["0"]
    assert [one.name for one in named(Image.fromarray(PIXELS))] == ["0"]
    assert [one.name for one in named(["a.jpg", PIXELS, b"x"])] == ["a.jpg", "1", "2"]
    assert [one.name for one in named(np.stack([PIXELS, PIXELS]))] == ["0", "1"]


def test_photos_are_taken_one_after_the_other() -> None:
    endless = (f"{number}.jpg" for number in iter(int, 1))
    assert next(named(endless)).name == "0.jpg"


def test_an_array_loses_nothing_on_the_way() -> None:
    sent = encoded(PIXELS)
    assert (np.asarray(Image.open(BytesIO(sent))) == PIXELS).all()


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"anything")
    assert encoded(tmp_path / "a") == b"anything"


@pytest.mark.parametrize(
    ("name", "code"), [("absent.jpg", "missing"), ("empty.jpg", "empty"), ("folder", "unreadable")]
)
def test_a_photo_that_cannot_be_opened_is_an_image_error(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImageError) as caught:
        encoded(tmp_path / name)
    assert caught.value.code == code


@pytest.mark.parametrize("wrong", [3, [3], [None], PIXELS.astype(float), [PIXELS[..., 0]]])
def test_what_is_no_photo_is_a_usage_error(wrong: object) -> None:
    with pytest.raises(UsageError, match="Photo 0"):
        list(named(wrong))
