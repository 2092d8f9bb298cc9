"""Counts, balance, distributions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.data.statistics import (
    box_distributions,
    count_boxes,
    count_classes,
    distribution,
    imbalance,
)

TOTALS = st.lists(st.integers(1, 5000), min_size=1, max_size=20)


def _image(
    label: str | None, group: str = "", site: str | None = None, boxes: tuple[str, ...] | None = None
) -> Image:
    annotations = None if boxes is None else tuple(Annotation(one, Box(0, 0, 0.5, 0.2)) for one in boxes)
    return Image(
        Path("x"), "x", label=label, groups=(group,) if group else (), site=site, annotations=annotations
    )


def _labels(count: int) -> list[str]:
    return [f"class {number:02d}" for number in range(count)]


def test_photos_are_counted_by_class_and_by_group() -> None:
    images = [
        _image("scab", "apple"),
        _image("rot", "apple"),
        _image("rot", "grape"),
        _image("rot"),
        _image(None, "apple"),
    ]
    counts = count_classes(images)
    assert counts.labels == ("rot", "scab")
    assert counts.totals.tolist() == [3, 1]
    assert counts.groups == ("apple", "grape")
    assert counts.table.tolist() == [[1, 1], [1, 0]]


def test_a_known_site_counts_before_the_folder() -> None:
    assert count_classes([_image("fox", "2024", "creek")]).groups == ("creek",)


def test_boxes_are_counted_where_there_are_any() -> None:
    assert count_boxes([_image("fox")]) is None
    counts = count_boxes([_image(None, boxes=("bee", "bee", "fly")), _image(None, boxes=())])
    assert counts is not None
    assert dict(zip(counts.labels, counts.totals.tolist(), strict=True)) == {"bee": 2, "fly": 1}


def test_nothing_is_counted_as_nothing() -> None:
    counts = count_classes([])
    assert (counts.labels, counts.groups, counts.table.shape) == ((), (), (0, 0))
    empty = imbalance(counts.totals, counts.labels)
    assert (empty.effective, empty.smallest, empty.advice) == (0.0, "", ())


@given(TOTALS)
def test_effective_classes_lie_between_one_and_all(totals: list[int]) -> None:
    found = imbalance(np.array(totals), _labels(len(totals)))
    assert 1 - 1e-9 <= found.effective <= len(totals) + 1e-9
    assert 0 <= found.gini < 1
    assert found.ratio == max(totals) / min(totals)


@given(st.integers(2, 20), st.integers(20, 1000))
def test_even_classes_are_worth_their_number(classes: int, each: int) -> None:
    found = imbalance(np.full(classes, each), _labels(classes))
    assert found.effective == pytest.approx(classes)
    assert found.gini == pytest.approx(0)
    assert [one.template for one in found.advice] == [
        "The classes are even enough: nothing needs to be done."
    ]


def test_two_classes_of_one_and_three_have_the_gini_of_the_textbook() -> None:
    assert imbalance(np.array([1, 3]), ["a", "b"]).gini == pytest.approx(0.25)


def test_classes_without_photos_do_not_count() -> None:
    found = imbalance(np.array([0, 30, 60]), ["ghost", "fox", "cow"])
    assert (found.ratio, found.smallest, found.largest) == (2, "fox", "cow")


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ([100], "only one class"),
        ([100, 5], "Fewer than"),
        ([100] + [5] * 6, "classes have fewer than"),
        ([1000, 50], "forgets"),
        ([100, 25], "somewhat uneven"),
    ],
)
def test_advice_fits_the_counts_and_can_be_told(totals: list[int], words: str) -> None:
    found = imbalance(np.array(totals), _labels(len(totals)))
    told = [one.template.format(**one.fields) for one in found.advice]
    assert any(words in one for one in told)
    assert not any("{" in one for one in told)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_every_value_falls_into_a_bin(values: list[float]) -> None:
    found = distribution("any", np.array(values))
    assert found.counts.sum() == len(values)
    assert (np.diff(found.edges) > 0).all()
    assert found.quantiles[0] == min(values)
    assert found.quantiles[-1] == max(values)
    assert len(found.edges) == len(found.counts) + 1


def test_one_odd_value_does_not_squeeze_the_others_into_one_bin() -> None:
    values = np.append(np.linspace(1, 2, 999), 1e9)
    assert (distribution("any", values).counts > 0).sum() > 25


def test_without_values_a_distribution_is_empty() -> None:
    assert distribution("any", np.zeros(0)).counts.sum() == 0


def test_boxes_have_sizes_and_numbers() -> None:
    found = {
        one.name: one
        for one in box_distributions([_image(None, boxes=("a", "b")), _image(None, boxes=()), _image("c")])
    }
    assert found["box_area"].quantiles[3] == pytest.approx(0.1)
    assert found["boxes_per_photo"].counts.sum() == 2


def test_values_that_differ_by_rounding_alone_are_one_bin_and_no_error() -> None:
    values = np.full(40, 1 / 3)
    values[::2] = np.nextafter(1 / 3, 1)
    found = distribution("box_width", values)
    assert found.counts.sum() == found.counts.max() == 40
