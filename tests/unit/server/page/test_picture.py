from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from PIL import Image

from taxolens.server.page.picture import Pictures


def encoded(size: tuple[int, int], kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (10, 200, 10)).save(file, kind, **options)
    return file.getvalue()


def small(photo: bytes, side: int = 100, **options: float) -> bytes | None:
    return asyncio.run(Pictures(side, **options).small(photo))


def test_a_picture_is_small_upright_and_without_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A CAMERA"
    jpeg = small(encoded((300, 150), "JPEG", exif=exif))
    assert jpeg is not None
    picture = Image.open(BytesIO(jpeg))
    assert (picture.size, picture.format) == ((50, 100), "JPEG")
    assert b"A CAMERA" not in jpeg


@pytest.mark.parametrize("photo", [b"", b"no image", encoded((50, 50))[:60]])
def test_what_cannot_be_read_has_no_picture(photo: bytes) -> None:
    assert small(photo) is None


def test_a_photo_of_too_many_pixels_is_not_decoded() -> None:
    assert small(encoded((2000, 1000)), max_megapixels=1.0) is None


def test_whoever_goes_away_leaves_no_process_behind() -> None:
    async def leave() -> None:
        task = asyncio.create_task(Pictures().small(encoded((500, 500))))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
