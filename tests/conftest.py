"""What all tests share: where the real photos are, and photos made on the spot."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

# Machines differ in speed; in CI the same examples are tried each time, at home new ones.
settings.register_profile("taxolens", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("taxolens")

# A process of tests works on every core already; threads beside it would only push each other aside.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photo sets; tests that need it are skipped where it is not."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real photos are not here")
    return folder


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """The folder of real pretrained weights."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip("the real weights are not here")
    return folder


def striped(
    rng: np.random.Generator, angle: float, hue: int, size: tuple[int, int] = (120, 90)
) -> Image.Image:
    """A photo of stripes: angle and colour make the class, the rest varies."""
    width, height = size
    ys, xs = np.mgrid[0:height, 0:width]
    turned = xs * np.cos(angle) + ys * np.sin(angle)
    wave = 0.5 + 0.5 * np.sin(turned / rng.uniform(3, 6) + rng.uniform(0, 6))
    pixels = np.full((height, width, 3), 60.0)
    pixels[..., hue] += 150 * wave
    pixels += rng.normal(0, 12, pixels.shape) + rng.uniform(-20, 20)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


KINDS = {"across": (0.0, 0), "down": (1.57, 1), "slanted": (0.8, 2)}


def write_class_folders(folder: Path, per_class: int, seed: int = 0) -> Path:
    """Writes `folder/<class>/<number>.jpg` for three classes."""
    rng = np.random.default_rng(seed)
    for label, (angle, hue) in KINDS.items():
        (folder / label).mkdir(parents=True)
        for number in range(per_class):
            striped(rng, angle, hue).save(folder / label / f"{label}_{number:03d}.jpg", quality=90)
    return folder


@pytest.fixture(scope="session")
def class_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 24 generated photos; not to be changed."""
    return write_class_folders(tmp_path_factory.mktemp("photos") / "stripes", per_class=24)
