from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest

from taxolens.core.texts import plain
from taxolens.report.bars import Bar, count_bars
from taxolens.report.chart import Chart
from taxolens.report.columns import columns_chart
from taxolens.report.curves import AcceptPoint, Series, coverage_chart, line_chart
from taxolens.report.heatmap import confusion_chart, confusion_table, confusions
from taxolens.report.histogram import counted, histogram
from taxolens.report.named_map import LEVELS, level
from taxolens.report.reliability import ScoreBin, reliability_chart
from taxolens.report.wording import Wording

WORDING = Wording(plain, "en")
NAN = float("nan")


def drawn(chart: Chart) -> ET.Element:
    """The drawing, read back; fails where it is not well formed."""
    root = ET.fromstring(str(chart.svg))
    title = root.find("title")
    assert root.get("role") == "img"
    assert title is not None
    assert title.text == chart.title
    assert "nan" not in str(chart.svg).lower()
    return root


def kinds(root: ET.Element, kind: str) -> list[ET.Element]:
    return [element for element in root.iter() if kind in (element.get("class") or "").split()]


def figures(chart: Chart) -> list[tuple[str, ...]]:
    assert chart.figures is not None
    return [tuple(cell.text for cell in row.cells) for row in chart.figures.rows]


def coverage(points: list[AcceptPoint], **options: object) -> Chart:
    return coverage_chart(points, WORDING, title="Coverage", reading="", **options)  # type: ignore[arg-type]


def test_a_coverage_curve_marks_the_recommended_point() -> None:
    points = [AcceptPoint(0.3, 1.0, 0.9), AcceptPoint(0.6, 0.8, 0.95), AcceptPoint(0.9, 0.5, 1.0)]
    chart = coverage(points, automatic=points[1], asked=0.95)
    root = drawn(chart)
    (mark,) = kinds(root, "marked")
    assert mark.find("title") is not None
    assert kinds(root, "asked")
    assert ("0.600", "80.0%", "95.0%") in figures(chart)
    assert "80.0%" in (root.findtext("desc") or "")


@pytest.mark.parametrize(
    "points",
    [
        [],
        [AcceptPoint(0.5, 1.0, 1.0)],
        [AcceptPoint(0.5, 1.0, 0.0)],
        [AcceptPoint(0.5, NAN, 0.4), AcceptPoint(0.4, 1.0, 0.5)],
    ],
)
def test_a_coverage_curve_is_drawn_of_whatever_there_is(points: list[AcceptPoint]) -> None:
    chart = coverage(points)
    drawn(chart)
    assert len(figures(chart)) == sum(math.isfinite(point.coverage) for point in points)


def test_a_curve_of_many_points_stays_small() -> None:
    points = [AcceptPoint(n / 50_000, 1 - n / 50_001, 0.9) for n in range(50_000)]
    assert len(str(coverage(points).svg)) < 20_000


def test_lines_bear_names_and_their_figures_are_readable() -> None:
    loss = Series("training", ((1, 2.0), (2, 1.0), (3, 0.51234)))
    held_back = Series("validation", ((1, 2.1), (2, NAN), (3, 0.9)))
    chart = line_chart([loss, held_back], WORDING, title="Loss", reading="", x_title="Epoch", y_title="Loss")
    root = drawn(chart)
    assert [key.text for key in chart.keys] == ["training", "validation"]
    assert figures(chart) == [("1", "2.000", "2.100"), ("2", "1.000", "–"), ("3", "0.512", "0.900")]
    assert "training: 2.000 → 0.512" in (root.findtext("desc") or "")
    styles = {line.get("class") for line in kinds(root, "line")}
    assert len(styles) == 2


@pytest.mark.parametrize("points", [(), ((1.0, 0.5),), ((1.0, 0.0), (2.0, 0.0)), ((NAN, 1.0),)])
def test_a_line_is_drawn_of_whatever_there_is(points: tuple[tuple[float, float], ...]) -> None:
    drawn(
        line_chart(
            [Series("a", points)], WORDING, title="A", reading="", x_title="x", y_title="y", percent=True
        )
    )


def test_a_reliability_diagram_shows_each_bin_and_its_count() -> None:
    bins = [ScoreBin(0.4, 0.5, 0.45, 0.5, 4), ScoreBin(0.9, 1.0, 0.97, 0.98, 1_200)]
    chart = reliability_chart(bins, WORDING, title="Reliability", reading="")
    root = drawn(chart)
    assert len(kinds(root, "column")) == 2
    assert len(kinds(root, "few")) == 1
    assert [text.text for text in kinds(root, "tiny")] == ["4", "1,200"]
    assert figures(chart)[1] == ("90 to 100%", "97.0%", "98.0%", "1,200")


def test_a_reliability_diagram_leaves_out_bins_without_images() -> None:
    bins = [ScoreBin(0.0, 0.1, NAN, NAN, 0), ScoreBin(0.1, 0.2, 0.15, NAN, 3)]
    chart = reliability_chart(bins, WORDING, title="Reliability", reading="")
    assert not kinds(drawn(chart), "column")
    assert figures(chart) == []


def test_a_histogram_counts_every_finite_value_once() -> None:
    ranges = counted([0.0, 0.1, 0.5, 1.0, NAN, float("inf")], bins=4)
    assert [each.count for each in ranges] == [2, 0, 1, 1]
    chart = histogram(ranges, WORDING, title="Sizes", reading="", x_title="Size")
    assert len(kinds(drawn(chart), "counts")) == 4
    assert [row[1] for row in figures(chart)] == ["2", "0", "1", "1"]


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0], [0.0, 0.0], [-1e-9, 1e9]])
def test_a_histogram_is_drawn_of_whatever_there_is(values: list[float]) -> None:
    ranges = counted(values)
    assert sum(each.count for each in ranges) == len(values)
    drawn(histogram(ranges, WORDING, title="Sizes", reading="", x_title="Size"))


def confusion(labels: list[str], matrix: list[list[int]]) -> Chart:
    return confusion_chart(labels, matrix, WORDING, title="Confusion", reading="")


def test_a_confusion_map_tells_right_from_wrong_and_says_the_figures() -> None:
    chart = confusion(["fox", "marten"], [[28, 2], [0, 10]])
    root = drawn(chart)
    hits, misses = kinds(root, "hit"), kinds(root, "miss")
    assert len(hits) == 2
    assert [element.findtext("title") for element in misses] == ["fox called marten: 2 of 30 (6.7%)"]
    assert [text.text for text in misses[0].iter("text")] == ["2", "7%"]
    assert figures(chart)[0] == ("fox", "30", "28", "marten (2)")
    assert root.findtext("desc") == "Right: 38 of 40."


@pytest.mark.parametrize("n", [2, 8, 30, 60, 61, 300, 700])
def test_a_confusion_map_of_any_number_of_classes_stays_bounded(n: int) -> None:
    matrix = [[50 if i == j else int((i * 7 + j) % 97 == 0) for j in range(n)] for i in range(n)]
    chart = confusion([f"species {i}" for i in range(n)], matrix)
    root = drawn(chart)
    assert bool(list(root.iter("text"))) == (n <= 60)
    assert len(str(chart.svg)) < 250_000


def test_a_confusion_map_without_images_is_empty() -> None:
    root = drawn(confusion(["a", "b"], [[0, 0], [0, 0]]))
    assert not kinds(root, "hit")
    assert not kinds(root, "miss")


def test_cells_of_a_map_hold_their_text() -> None:
    for n in (2, 8, 16, 30, 60):
        labels = [f"c{i}" for i in range(n)]
        matrix = [[12_345 if i == j else 0 for j in range(n)] for i in range(n)]
        root = drawn(confusion(labels, matrix))
        cell = kinds(root, "hit")[0]
        box, text = cell.find("rect"), cell.find("text")
        assert box is not None
        assert text is not None
        assert float(text.get("font-size", "99")) * 0.6 * len(text.text or "") <= float(box.get("width", "0"))


def test_confused_pairs_come_most_frequent_first() -> None:
    pairs = confusions(["a", "b", "c"], [[5, 1, 0], [3, 5, 0], [0, 1, 1]])
    assert [(p.truth, p.predicted, p.count) for p in pairs] == [("b", "a", 3), ("c", "b", 1), ("a", "b", 1)]
    table = confusion_table(pairs, WORDING, caption="Pairs")
    assert [cell.text for cell in table.rows[0].cells] == ["b", "a", "3", "37.5%"]


def test_the_smallest_share_is_seen_and_the_largest_is_darkest() -> None:
    assert level(1e-9) == 1
    assert level(1.0) == LEVELS
    assert all(level(a / 100) <= level((a + 1) / 100) for a in range(1, 100))


def test_bars_of_counts_fill_the_place_with_the_longest() -> None:
    bars = count_bars([("fox", 40), ("marten", 10), ("none", 0)], WORDING, title="Photos").bars
    assert [bar.share for bar in bars] == [1.0, 0.25, 0.0]
    assert [bar.text for bar in bars] == ["40", "10", "0"]
    assert count_bars([("none", 0)], WORDING, title="Photos").bars[0].share == 0.0


@pytest.mark.parametrize("value", [0.0, 1.0, NAN, 0.5])
def test_a_bar_stays_within_its_place(value: float) -> None:
    root = ET.fromstring(str(Bar("fox", value, "", -0.2, 1.4).svg))
    assert "nan" not in ET.tostring(root, encoding="unicode").lower()
    for rect in root.iter("rect"):
        assert 0 <= float(rect.get("width", "0")) <= 1000
    assert root.get("aria-hidden") == "true"


def test_epochs_are_whole_numbers_and_shares_end_where_shares_end() -> None:
    line = Series("mAP50", ((1.0, 0.0), (2.0, 0.0)))
    svg = line_chart(
        [line], WORDING, title="t", reading="r", x_title="Epoch", y_title="mAP", floor=0.0, ceiling=1.0
    ).svg
    assert not re.search(r">1\.\d<|>-", svg)
    line = Series("cat", ((0.0, 1.0), (0.5, 0.8)))
    chart = line_chart(
        [line],
        WORDING,
        title="t",
        reading="r",
        x_title="Found",
        y_title="Right",
        percent=True,
        x_percent=True,
    )
    assert ">50%<" in chart.svg
    assert chart.figures is not None and chart.figures.rows[-1].cells[0].text == "50.0%"


def test_the_last_column_bears_its_name() -> None:
    names = [*(str(number) for number in range(30)), "≥ 30"]
    chart = columns_chart(
        [(name, 1) for name in names], WORDING, title="t", reading="r", x_title="x", unit="Photos"
    )
    assert ">≥ 30<" in chart.svg and ">29<" not in chart.svg
