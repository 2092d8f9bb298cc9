from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from taxolens.core.progress import Silent
from taxolens.core.records import Image
from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import EmbeddingCache, open_cache
from taxolens.probe.embeddings import Embedded, embed_images

RULE = Preprocess(16, 16)


class Means:
    """A backbone that sees nothing but the mean of each quarter of the red channel."""

    identity = "means"
    dimension = 4

    def __init__(self) -> None:
        self.asked = 0
        self._lock = threading.Lock()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        with self._lock:
            self.asked += 1
        assert pixels.shape == (16, 16, 3) and pixels.dtype == np.uint8
        return pixels[..., 0].reshape(2, 8, 2, 8).mean(axis=(1, 3)).ravel().astype(np.float32)


class Counted(Silent):
    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.notes: list[str] = []

    def track(self, items: Any, *, what: str, total: int | None = None) -> Iterator[Any]:
        self.totals.append(total)
        return super().track(items, what=what, total=total)

    def note(self, text: str) -> None:
        self.notes.append(text)


def photo(folder: Path, number: int) -> Image:
    path = folder / f"{number}.png"
    pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(path)
    return Image(path=path, name=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def photos(tmp_path: Path) -> list[Image]:
    return [photo(tmp_path, number) for number in range(20)]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EmbeddingCache]:
    with open_cache(tmp_path / "cache" / "means.sqlite", 4) as opened:
        yield opened


def embed(
    photos: list[Image],
    cache: EmbeddingCache,
    *,
    means: Means | None = None,
    views: tuple[str, ...] = ("whole",),
    workers: int = 3,
    progress: Counted | None = None,
) -> Embedded:
    return embed_images(
        photos,
        means or Means(),
        RULE,
        views=views,
        cache=cache,
        workers=workers,
        max_megapixels=150,
        progress=progress or Counted(),
        say=str,
    )


def expected(image: Image, *, flip: bool = False) -> np.ndarray:
    pixels = np.asarray(Pillow.open(image.path))
    return Means()(pixels[:, ::-1] if flip else pixels)


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_every_photo_has_its_own_embedding_in_its_own_place(
    photos: list[Image], cache: EmbeddingCache, workers: int
) -> None:
    found = embed(photos, cache, workers=workers)

    assert found.vectors.shape == (20, 1, 4)
    assert found.vectors[:, 0] == pytest.approx(np.stack([expected(image) for image in photos]))
    assert found.kept.tolist() == list(range(20))
    assert found.failures == ()


def test_views_stand_beside_one_another(photos: list[Image], cache: EmbeddingCache) -> None:
    found = embed(photos, cache, views=("flip", "whole"))

    assert found.vectors[3, 0] == pytest.approx(expected(photos[3], flip=True))
    assert found.vectors[3, 1] == pytest.approx(expected(photos[3]))


def test_what_is_remembered_is_neither_decoded_nor_embedded(
    photos: list[Image], cache: EmbeddingCache
) -> None:
    first, progress, means = embed(photos[:15], cache), Counted(), Means()
    for image in photos[:15]:
        image.path.unlink()

    again = embed(photos, cache, means=means, progress=progress)

    assert np.array_equal(again.vectors[:15], first.vectors)
    assert means.asked == 5
    assert progress.totals == [5]


def test_nothing_new_means_no_progress_to_show(photos: list[Image], cache: EmbeddingCache) -> None:
    embed(photos, cache)
    progress = Counted()

    embed(photos, cache, progress=progress)

    assert progress.totals == []


def test_a_photo_that_cannot_be_read_is_listed_and_the_others_keep_their_places(
    photos: list[Image], cache: EmbeddingCache
) -> None:
    photos[4].path.write_bytes(b"no photo")
    photos[9].path.unlink()
    photos[12].path.write_bytes(photos[12].path.read_bytes()[:60])

    found = embed(photos, cache)

    assert [one.name for one in found.failures] == ["4.png", "9.png", "12.png"]
    assert [one.code for one in found.failures][:2] == ["not_an_image", "missing"]
    assert all(one.reason.endswith(".") for one in found.failures)
    assert found.kept.tolist() == [row for row in range(20) if row not in (4, 9, 12)]
    assert found.vectors[4, 0] == pytest.approx(expected(photos[5]))


def test_a_failure_is_not_remembered(photos: list[Image], cache: EmbeddingCache) -> None:
    good = photos[4].path.read_bytes()
    photos[4].path.write_bytes(b"no photo")
    embed(photos, cache)
    photos[4].path.write_bytes(good)

    assert embed(photos, cache).failures == ()


def test_photos_whose_hash_nobody_knows_are_embedded_each_time(tmp_path: Path, cache: EmbeddingCache) -> None:
    unknown = [Image(path=photo(tmp_path, number).path, name=str(number)) for number in range(3)]
    embed(unknown, cache)
    means = Means()

    found = embed(unknown, cache, means=means)

    assert means.asked == 3
    assert found.vectors[:, 0] == pytest.approx(np.stack([expected(image) for image in unknown]))


def test_nothing_to_embed_is_no_reason_to_crash(cache: EmbeddingCache) -> None:
    found = embed([], cache)

    assert found.vectors.shape == (0, 1, 4)
    assert len(found.kept) == 0


def test_only_failures_leave_nothing(tmp_path: Path, cache: EmbeddingCache) -> None:
    found = embed([Image(path=tmp_path / "gone.jpg", name="gone.jpg", sha256="0" * 64)], cache)

    assert found.vectors.shape == (0, 1, 4)
    assert len(found.failures) == 1


def test_a_memory_that_fails_is_mentioned_and_nothing_else(photos: list[Image], tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    progress = Counted()
    with open_cache(tmp_path / "taken" / "means.sqlite", 4) as broken:
        found = embed(photos, broken, progress=progress)

    assert len(found.kept) == 20
    assert len(progress.notes) == 1


def test_a_fault_of_the_backbone_is_not_a_fault_of_the_photo(
    photos: list[Image], cache: EmbeddingCache
) -> None:
    class Broken(Means):
        def __call__(self, pixels: np.ndarray) -> np.ndarray:
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        embed(photos, cache, means=Broken())
