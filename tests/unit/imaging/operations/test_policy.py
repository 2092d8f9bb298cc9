"""What networks see of a photo."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.imaging.operations.picture import Picture
from taxolens.imaging.operations.policy import policies, policy
from taxolens.imaging.operations.sampled import CHANGES, RANDAUGMENT, TRIVIALAUGMENT


def photo() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    return Picture.of(pixels, [Box(0.25, 0.25, 0.5, 0.5)], pixels[..., 0] > 99)


@pytest.mark.parametrize("name", policies())
def test_a_policy_repeats_itself_by_seed_also_after_a_pickle_and_keeps_the_size(name: str) -> None:
    copy = pickle.loads(pickle.dumps(policy(name)))
    for seed in range(25):
        first = policy(name)(photo(), np.random.default_rng(seed))
        second = copy(photo(), np.random.default_rng(seed))
        assert np.array_equal(first.pixels, second.pixels)
        assert np.array_equal(first.boxes, second.boxes)
        assert first.pixels.shape == photo().pixels.shape
        assert first.pixels.dtype == np.uint8


def test_stronger_policies_change_more() -> None:
    ys, xs = np.mgrid[0:64, 0:64]
    smooth = np.dstack([xs * 3, ys * 3, (xs + ys)]).astype(np.uint8)
    change = {
        name: np.mean(
            [
                np.abs(
                    policy(name)(Picture.of(smooth), np.random.default_rng(seed)).pixels.astype(int) - smooth
                )
                for seed in range(60)
            ]
        )
        for name in ("none", "light", "standard", "strong")
    }
    assert 0 == change["none"] < change["light"] < change["standard"] < change["strong"]


def test_an_unknown_policy_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"There is no policy called strng\. Choose strong\."):
        policy("strng")


def test_both_papers_draw_from_the_same_fourteen_changes() -> None:
    assert len(CHANGES) == 14


@pytest.mark.parametrize("space", [RANDAUGMENT, TRIVIALAUGMENT])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_without_magnitude_is_none_but_for_those_that_have_no_magnitude(
    name: str, space: object
) -> None:
    before = photo()
    after = CHANGES[name](before, 0.0, space)  # type: ignore[arg-type]
    if name not in ("autocontrast", "equalize"):
        # solarize turns the brightest level even then
        assert (after.pixels == before.pixels).mean() > (0.98 if name == "solarize" else 0.9999)
    strong = CHANGES[name](before, 1.0, space)  # type: ignore[arg-type]
    assert np.array_equal(strong.pixels, before.pixels) == (name == "identity")


def test_full_solarize_is_the_negative_and_full_posterize_leaves_few_levels() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    negative = CHANGES["solarize"](Picture.of(pixels), 1.0, TRIVIALAUGMENT).pixels
    assert np.array_equal(negative[pixels > 0], (255 - pixels)[pixels > 0])
    assert len(np.unique(CHANGES["posterize"](Picture.of(pixels), 1.0, TRIVIALAUGMENT).pixels)) == 4
    assert len(np.unique(CHANGES["posterize"](Picture.of(pixels), 1.0, RANDAUGMENT).pixels)) == 16
