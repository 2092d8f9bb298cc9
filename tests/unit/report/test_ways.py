from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.texts import plain
from taxolens.report.ways import (
    Axis,
    Course,
    Mark,
    Step,
    Way,
    course_chart,
    history_chart,
    parallel_chart,
    slice_of,
)
from taxolens.report.wording import Wording

WORDING = Wording(plain, "en")
AXES = (Axis("rate", ((0.0, "0.001"), (1.0, "0.1"))), Axis("<b>policy", ((0.0, "none"), (1.0, "light"))))
WAYS = (
    Way("Trial 0", (0.5, 0.0), ("0.01", "none"), 0.6, Mark.DONE),
    Way("Trial 1", (0.9, 1.0), ("0.05", "light"), 0.8, Mark.BEST),
    Way("Trial 2", (0.1, 1.0), ("0.002", "light"), 0.3, Mark.STOPPED),
)


def all_of(markup: str, tag: str, kind: str) -> list[ET.Element]:
    root = ET.fromstring(markup)
    return [one for one in root.iter(tag) if kind in one.get("class", "").split()]


def parallel(ways: tuple[Way, ...]) -> str:
    return str(parallel_chart(AXES, ways, WORDING, title="All", reading="", figure="Accuracy").svg)


def test_each_way_is_a_line_through_all_axes_and_the_best_lies_on_top() -> None:
    lines = all_of(parallel(WAYS), "polyline", "way")
    assert len(lines) == 3
    assert all(len(line.get("points", "").split()) == 3 for line in lines)
    assert lines[-1].get("class") == "way best"
    title = lines[-1].find("title")
    assert title is not None and title.text == "Trial 1 · 80.0% · rate 0.05 · <b>policy light"


def test_higher_figures_stand_higher() -> None:
    ends = {
        line.get("class"): float(line.get("points", "").split()[-1].split(",")[1])
        for line in all_of(parallel(WAYS), "polyline", "way")
    }
    assert ends["way best"] < ends["way done"] < ends["way stopped"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_ways_are_drawn_within_the_picture_whatever_they_are(found: list[tuple[float, float, float]]) -> None:
    ways = tuple(
        Way(f"Trial {place}", (one, two), ("a", "b"), figure, Mark.DONE)
        for place, (one, two, figure) in enumerate(found)
    )
    root = ET.fromstring(parallel(ways))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for line in root.iter("polyline"):
        for point in line.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width and 0 <= y <= height


def test_a_slice_has_a_dot_for_each_way_and_the_ends_of_its_axis() -> None:
    small = slice_of(AXES[0], 0, WAYS, WORDING, value="0.05", reading="")
    dots = all_of(str(small.svg), "circle", "try")
    assert len(dots) == 3
    assert "0.001" in small.svg and "0.1" in small.svg
    assert float(dots[-1].get("cx", "0")) == max(float(dot.get("cx", "0")) for dot in dots)


def test_a_history_rises_and_never_falls_and_leaves_out_what_was_stopped() -> None:
    steps = [
        Step(0, "Trial 0", 0.5, Mark.DONE),
        Step(1, "Trial 1", 0.9, Mark.STOPPED),
        Step(2, "Trial 2", 0.7, Mark.BEST),
        Step(3, "Trial 3", 0.4, Mark.DONE),
    ]
    chart = history_chart(steps, WORDING, title="T", reading="", x_title="Trial", y_title="A", begun=0.5)
    (line,) = all_of(str(chart.svg), "polyline", "line")
    heights = [float(point.split(",")[1]) for point in line.get("points", "").split()]
    assert heights == sorted(heights, reverse=True)
    dots = all_of(str(chart.svg), "circle", "best")
    assert heights[-1] == pytest.approx(float(dots[0].get("cy", "0")), abs=0.1)
    assert len(all_of(str(chart.svg), "polyline", "asked")) == 1


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_courses_are_drawn_of_any_length_with_whole_epochs(epochs: int) -> None:
    figures = tuple((epoch, epoch / 50) for epoch in range(1, epochs + 1))
    courses = [Course("Trial 0", figures, Mark.BEST)]
    chart = course_chart(courses, WORDING, title="T", reading="", x_title="Epoch", y_title="A")
    assert len(all_of(str(chart.svg), "polyline", "way")) == 1
    assert chart.figures is not None and len(chart.figures.rows) == 1
