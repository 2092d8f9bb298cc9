"""Whitening that is learnt from photos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from taxolens.imaging.operations.apply import apply_steps, fit_steps
from taxolens.imaging.operations.fitted import ColourWhitening, PhotoWhitening
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.registry import parse_step


def photos(count: int, side: int = 8) -> Iterator[Pixels]:
    """Smooth photos whose neighbours and channels are strongly correlated."""
    rng = np.random.default_rng(3)
    blend = np.exp(-np.abs(np.subtract.outer(np.arange(side), np.arange(side))) / 2)
    for _ in range(count):
        grey = blend @ rng.normal(size=(side, side)) @ blend.T
        colours = grey[..., None] * (1.0, 0.8, 0.6) + 0.4 * rng.normal(size=(side, side, 3))
        yield (110 + 8 * colours).clip(0, 255).astype(np.uint8)


def test_zca_makes_pixels_uncorrelated_with_unit_variance() -> None:
    step = fit_steps([parse_step("zca-whiten:side=8,softening=0,photos=3000")], lambda: photos(3000))[0]
    assert isinstance(step.fitted, PhotoWhitening)
    white = np.stack([step.fitted.exactly(pixels).ravel() for pixels in photos(3000)])
    covariance = np.cov(white.T)
    assert np.abs(covariance - np.eye(len(covariance))).max() < 0.1
    # and of all such turns, ZCA is the one that stays nearest to the photo
    assert np.allclose(step.fitted.matrix, step.fitted.matrix.T, atol=1e-3)


def test_pca_answers_in_uncorrelated_colour_axes_strongest_first() -> None:
    step = fit_steps([parse_step("pca-whiten:softening=0")], lambda: photos(50, 64))[0]
    assert isinstance(step.fitted, ColourWhitening)
    colours = np.concatenate([pixels.reshape(-1, 3) for pixels in photos(50, 64)]) / 255
    axes = (colours - step.fitted.mean) @ step.fitted.axes.T
    assert np.cov(axes.T) == pytest.approx(np.eye(3), abs=0.02)
    assert np.linalg.norm(step.fitted.axes, axis=1).tolist() == sorted(
        np.linalg.norm(step.fitted.axes, axis=1)
    )


def test_at_another_size_the_filter_does_to_the_inside_what_the_matrix_does() -> None:
    step = fit_steps([parse_step("zca-whiten:side=12,softening=0.1")], lambda: photos(1500, 12))[0]
    assert isinstance(step.fitted, PhotoWhitening)
    pixels = next(photos(1, 12))
    larger = np.pad(pixels, ((0, 1), (0, 0), (0, 0)), mode="symmetric")
    exact = apply_steps(Picture.of(pixels), [step]).pixels[3:9, 3:9].ravel().astype(float)
    filtered = apply_steps(Picture.of(larger), [step]).pixels[3:9, 3:9].ravel().astype(float)
    assert np.corrcoef(exact, filtered)[0, 1] > 0.95


def test_no_more_photos_are_read_than_are_asked_for() -> None:
    taken = []

    def counted() -> Iterator[Pixels]:
        for number, pixels in enumerate(photos(50)):
            taken.append(number)
            yield pixels

    fit_steps([parse_step("pca-whiten:photos=7")], counted)
    assert len(taken) == 7
