from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.texts import plain
from taxolens.report.chart import Chart
from taxolens.report.hues import HUES, KINDS, hue, shape
from taxolens.report.pie import pie_chart
from taxolens.report.wording import Wording

WORDING = Wording(plain, "en")


def slices(chart: Chart) -> list[ET.Element]:
    root = ET.fromstring(str(chart.svg))
    return [element for element in root.iter() if (element.get("class") or "").startswith("slice")]


def test_each_class_has_a_slice_with_its_count_and_share() -> None:
    chart = pie_chart([("rust", 25), ("scab", 75)], WORDING, title="Apple")
    told = [one.findtext("title") for one in slices(chart)]
    assert told == ["scab: 75 (75.0%)", "rust: 25 (25.0%)"]
    assert [key.text for key in chart.keys] == ["scab · 75.0%", "rust · 25.0%"]


def test_the_hole_says_how_many_there_are() -> None:
    chart = pie_chart([("a", 1200), ("b", 34)], WORDING, title="Apple")
    assert "1,234" in str(chart.svg)


def test_many_classes_are_gathered_but_all_stand_in_the_figures() -> None:
    counts = [(f"class {number}", 100 - number) for number in range(20)]
    chart = pie_chart(counts, WORDING, title="All")
    assert len(slices(chart)) == HUES
    assert slices(chart)[-1].findtext("title", "").startswith("13 other classes: ")
    assert chart.figures is not None and len(chart.figures.rows) == 20


def test_a_single_class_is_a_whole_ring() -> None:
    (only,) = slices(pie_chart([("a", 7), ("none", 0)], WORDING, title="One"))
    drawn = str(only.find("path").get("d"))  # type: ignore[union-attr]
    assert drawn.count("A") == 4
    assert "L" not in drawn, "no edge crosses the ring"


def test_a_class_keeps_its_colour_from_one_pie_to_the_next() -> None:
    counts = [("a", 1), ("b", 9)]
    first = pie_chart(counts, WORDING, title="x", hues=(4, 5))
    second = pie_chart([("a", 9), ("b", 1)], WORDING, title="y", hues=(4, 5))
    colours = [{one.findtext("title", "")[0]: one.get("class") for one in slices(c)} for c in (first, second)]
    assert colours[0] == colours[1] == {"a": "slice h4", "b": "slice h5"}


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_slices_make_a_whole_whatever_the_counts(counts: list[int]) -> None:
    chart = pie_chart([(str(n), count) for n, count in enumerate(counts)], WORDING, title="x")
    told = [one.findtext("title", "") for one in slices(chart)]
    assert sum(int(re.search(r": ([\d,]+) \(", text)[1].replace(",", "")) for text in told) == sum(counts)  # type: ignore[index]
    assert "nan" not in str(chart.svg)


def test_no_two_classes_look_the_same_until_marks_run_out() -> None:
    assert len({(hue(number), shape(number)) for number in range(KINDS)}) == KINDS
