from __future__ import annotations

from itertools import pairwise

import pytest

from taxolens.core.texts import plain
from taxolens.report.chart import Chart
from taxolens.report.dots import Dot, dot_chart
from taxolens.report.tradeoff import Spot, tradeoff_chart
from taxolens.report.wording import Wording
from tests.unit.report.test_charts import NAN, drawn, figures, kinds

WORDING = Wording(plain, "en")


def dots(*figures_: tuple[float, float, float], zero: bool = False) -> Chart:
    return dot_chart(
        [Dot(f"model {place}", *figure, place) for place, figure in enumerate(figures_)],
        WORDING,
        title="Accuracy",
        reading="",
        x_title="Accuracy",
        write=WORDING.percent,
        zero=zero,
    )


def test_the_first_model_is_the_topmost_and_its_line_spans_its_interval() -> None:
    chart = dots((0.9, 0.85, 0.95), (0.8, 0.7, 0.9))
    root = drawn(chart)
    one, other = kinds(root, "dot")
    assert float(one.get("cy", "")) < float(other.get("cy", ""))
    assert float(one.get("cx", "")) > float(other.get("cx", ""))
    line = next(each for each in kinds(root, "reach") if each.tag == "polyline")
    left, right = (float(point.split(",")[0]) for point in line.get("points", "").split())
    assert left < float(one.get("cx", "")) < right
    assert figures(chart)[0] == ("model 0", "90.0%", "85.0%", "95.0%")


def test_names_stand_beside_their_own_dots() -> None:
    root = drawn(dots((0.9, 0.85, 0.95), (0.8, 0.7, 0.9), (0.5, 0.4, 0.6)))
    heights = {
        text.text: float(text.get("y", "")) for text in kinds(root, "tick") if "model" in (text.text or "")
    }
    for place, dot in enumerate(kinds(root, "dot")):
        assert heights[f"model {place}"] == pytest.approx(float(dot.get("cy", "")) + 4, abs=0.1)


def test_zero_is_shown_among_differences() -> None:
    assert kinds(drawn(dots((0.1, -0.1, 0.3), zero=True)), "ideal")
    assert not kinds(drawn(dots((0.1, 0.05, 0.3))), "ideal")


@pytest.mark.parametrize("figures_", [[], [(NAN, 0.0, 1.0)], [(1.0, 1.0, 1.0)], [(0.0, 0.0, 0.0)] * 9])
def test_dots_are_drawn_of_whatever_there_is(figures_: list[tuple[float, float, float]]) -> None:
    drawn(dots(*figures_))


def test_names_in_a_crowd_do_not_lie_on_each_other() -> None:
    spots = [
        Spot(f"a model called {place}", 50 + place / 10, 0.9, 0.85, 0.95, place < 2) for place in range(6)
    ]
    chart = tradeoff_chart(spots, WORDING, title="Speed", reading="", x_title="Photos", y_title="Accuracy")
    root = drawn(chart)
    heights = sorted(float(text.get("y", "")) for text in kinds(root, "spot"))
    assert len(heights) == 6
    assert all(below - above >= 13.9 for above, below in pairwise(heights))
    assert len(kinds(root, "ideal")) == 1
    assert len(figures(chart)) == 6
