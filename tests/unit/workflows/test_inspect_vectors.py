from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from taxolens.core.progress import Silent
from taxolens.core.records import Image
from taxolens.core.texts import plain
from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import open_cache
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows import inspect_vectors
from taxolens.workflows.inspect_vectors import SHORT, Seen, see
from taxolens.workflows.lesson import Eye


@dataclass(frozen=True)
class Patchwork:
    """An embedder whose numbers are the pixels."""

    identity: str = "patchwork"
    dimension: int = 24 * 24 * 3

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pixels.astype(np.float32).reshape(-1)


def photos(folder: Path) -> list[Image]:
    files = sorted(folder.rglob("*.jpg"))[:20]
    found = [Image(file, file.name, file.parent.name, sha256=str(n)) for n, file in enumerate(files)]
    broken = folder.parent / "broken.jpg"
    broken.write_bytes(b"no photo")
    return [*found[:5], Image(broken, "broken.jpg", "x", sha256="broken"), *found[5:]]


def seen(images: list[Image], sample: list[int], folder: Path) -> Seen:
    embedder = Patchwork()
    recipe = InspectRecipe(SourceRecipe(folder), workers=1)
    with open_cache(folder / "cache.sqlite", embedder.dimension) as cache:
        eye = Eye(embedder, Preprocess(width=24, height=24), cache)
        return see(images, np.array(sample), recipe, eye, progress=Silent(), say=plain)


def test_all_are_seen_the_sample_is_kept_in_full_and_what_is_broken_is_listed(
    class_folders: Path, tmp_path: Path
) -> None:
    images = photos(class_folders)
    found = seen(images, [1, 5, 8], tmp_path)
    assert found.kept.tolist() == [row for row in range(21) if row != 5]
    assert found.sample.tolist() == [1, 8]
    assert found.vectors.shape == (2, Patchwork().dimension)
    assert [one.name for one in found.failures] == ["broken.jpg"]
    np.testing.assert_allclose(np.linalg.norm(found.short.astype(np.float32), axis=1), 1, atol=0.01)


def test_in_a_set_too_large_embeddings_are_shortened_and_keep_their_angles(
    class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = photos(class_folders)
    whole = seen(images, [0], tmp_path).short.astype(np.float32)
    monkeypatch.setattr(inspect_vectors, "ROOM", 0)
    monkeypatch.setattr(inspect_vectors, "_AT_ONCE", 7)
    short = seen(images, [0], tmp_path).short.astype(np.float32)
    assert short.shape == (20, SHORT)
    norms = np.linalg.norm(short, axis=1)
    cosines = short @ short.T / np.outer(norms, norms)
    assert np.abs(cosines - whole @ whole.T).max() < 0.15
