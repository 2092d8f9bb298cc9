"""Chance that can be repeated, and originals that stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.imaging.operations.apply import apply_steps, fit_steps, photo_seed
from taxolens.imaging.operations.picture import Picture, Pixels
from taxolens.imaging.operations.registry import make_step, operations, parse_step
from taxolens.imaging.operations.step import Step

ROOM = "taxolens.imaging.operations."
OWN = [name for name in operations() if operations()[name].run.__module__.startswith(ROOM)]
RANDOM = [name for name in OWN if operations()[name].random]


def photo(seed: int = 0, size: tuple[int, int] = (60, 90)) -> Pixels:
    """A photo with soft patches of colour; nobody may write into it."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 226, (6, 9, 3)).astype(np.uint8)
    pixels = np.kron(coarse, np.ones((-(-size[0] // 6), -(-size[1] // 9), 1), np.uint8))[: size[0], : size[1]]
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def ready(name: str) -> Step:
    values = {"side": 8} if name == "zca-whiten" else {}
    return fit_steps([make_step(name, values)], lambda: (photo(seed) for seed in range(4)))[0]


@pytest.mark.parametrize("name", OWN)
def test_the_same_seed_makes_the_same_picture_and_the_original_stays(name: str) -> None:
    pixels = photo()
    before = pixels.copy()
    picture = Picture.of(pixels, [Box(0.2, 0.2, 0.5, 0.5)], pixels[..., 0] > 128)
    step = ready(name)
    first, second = (apply_steps(picture, [step], 11) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.boxes, second.boxes)
    assert np.array_equal(first.mask, second.mask)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_makes_another_picture(name: str) -> None:
    picture = Picture.of(photo())
    seen = {apply_steps(picture, [ready(name)], seed).pixels.tobytes() for seed in range(8)}
    assert len(seen) > 1


@pytest.mark.parametrize("name", [name for name in OWN if name not in RANDOM])
def test_without_chance_the_seed_does_not_matter(name: str) -> None:
    picture, step = Picture.of(photo()), ready(name)
    assert np.array_equal(apply_steps(picture, [step], 1).pixels, apply_steps(picture, [step], 2).pixels)


# What is learnt from coloured photos expects colours
@pytest.mark.parametrize("name", [name for name in OWN if name not in ("pca-whiten", "zca-whiten")])
def test_a_grey_photo_stays_grey(name: str) -> None:
    grey = np.repeat(photo()[..., :1], 3, axis=2)
    after = apply_steps(Picture.of(grey), [ready(name)], 3).pixels.astype(int)
    assert np.ptp(after, axis=2).max() <= (1 if name in ("saturation", "random-colour") else 0)


@pytest.mark.parametrize("name", [name for name in OWN if not operations()[name].spatial])
def test_what_moves_nothing_keeps_size_and_boxes(name: str) -> None:
    picture = Picture.of(photo(), [Box(0.1, 0.1, 0.8, 0.8)])
    after = apply_steps(picture, [ready(name)], 4)
    assert after.pixels.shape == picture.pixels.shape
    assert np.array_equal(after.boxes, picture.boxes)


@pytest.mark.parametrize("name", [name for name in OWN if not operations()[name].spatial])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 2)])
def test_tiny_and_long_photos_survive_a_change_of_looks(name: str, shape: tuple[int, int]) -> None:
    after = apply_steps(Picture.of(np.full((*shape, 3), 77, np.uint8)), [ready(name)], 1)
    assert after.pixels.shape == (*shape, 3)


def test_a_photo_of_one_colour_is_not_blown_up_to_noise() -> None:
    pixels = np.full((24, 24, 3), (90, 120, 60), np.uint8)
    for name in ("whiten", "stretch", "contrast", "clahe", "zca-whiten"):
        assert np.ptp(apply_steps(Picture.of(pixels), [ready(name)]).pixels.reshape(-1, 3), axis=0).max() <= 2


@given(st.integers(0, 2**63), st.text(), st.integers(0, 1000))
def test_seeds_hang_on_seed_name_and_copy_alone(seed: int, name: str, copy: int) -> None:
    assert photo_seed(seed, name, copy) == photo_seed(seed, name, copy)
    others = {
        photo_seed(seed, name, copy + 1),
        photo_seed(seed + 1, name, copy),
        photo_seed(seed, name + "x", copy),
    }
    assert len(others | {photo_seed(seed, name, copy)}) == 4


def test_the_seed_of_a_photo_is_the_same_on_every_machine() -> None:
    assert photo_seed(7, "apple/leaf 1.jpg", 2) == 16894695485485609381


def test_steps_are_done_in_order() -> None:
    picture = Picture.of(photo())
    steps = [parse_step("crop:share=0.5"), parse_step("resize:width=90,height=60")]
    assert apply_steps(picture, steps).pixels.shape == (60, 90, 3)
    assert apply_steps(picture, steps[::-1]).pixels.shape == (30, 45, 3)


def test_a_step_learns_from_photos_as_the_steps_before_it_leave_them() -> None:
    steps = [parse_step("grey"), parse_step("pca-whiten")]
    fitted = fit_steps(steps, lambda: (photo(seed) for seed in range(3)))[1].fitted
    assert fitted is not None
    assert np.allclose(fitted.mean, fitted.mean[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["pca-whiten", "zca-whiten"])
def test_a_step_that_has_learnt_nothing_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="training part"):
        fit_steps([make_step(name, {})], lambda: ())
    with pytest.raises(UsageError, match="Fit it before"):
        apply_steps(Picture.of(photo()), [make_step(name, {})])
