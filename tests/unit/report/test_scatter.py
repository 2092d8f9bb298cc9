from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from taxolens.core.texts import plain
from taxolens.report.columns import columns_chart
from taxolens.report.histogram import counted
from taxolens.report.scatter import Point, Sprite, scatter_map
from taxolens.report.small import small_histogram
from taxolens.report.wording import Wording

WORDING = Wording(plain, "en")
POINTS = [Point("a.jpg", -1.0, 1.0, 0), Point("b.jpg", 1.0, -1.0, 2), Point("c.jpg", 9.0, 0.0, 2, True)]


def marks(svg: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(svg) if one.tag == "path"]


def test_every_photo_is_a_mark_with_the_number_of_its_class() -> None:
    found = scatter_map(POINTS, ["x", "y", "z"], WORDING, title="Map", reading="")
    assert [mark.get("data-k") for mark in marks(str(found.svg))] == ["0", "2", "2"]
    assert json.loads(found.names) == ["a.jpg", "b.jpg", "c.jpg"]


def test_up_is_up_and_what_lies_beyond_the_edge_is_held_at_it() -> None:
    found = scatter_map(POINTS, ["x", "y", "z"], WORDING, title="Map", reading="")
    places = [mark.get("transform") for mark in marks(str(found.svg))]
    assert places == ["translate(14.0 14.0)", "translate(626.0 626.0)", "translate(626.0 320.0)"]


def test_the_legend_names_the_classes_that_are_on_the_map() -> None:
    found = scatter_map(POINTS, ["x", "y", "z"], WORDING, title="Map", reading="")
    assert [(one.kind, one.name, one.count) for one in found.legend] == [(0, "x", "1"), (2, "z", "2")]


def test_a_doubtful_photo_is_ringed() -> None:
    found = scatter_map(POINTS, ["x", "y", "z"], WORDING, title="Map", reading="")
    assert ["odd" in (mark.get("class") or "") for mark in marks(str(found.svg))] == [False, False, True]


def test_the_sprite_travels_in_the_page() -> None:
    sprite = Sprite(b"\xff\xd8", 32, 2)
    found = scatter_map(POINTS, ["x", "y", "z"], WORDING, title="Map", reading="", sprite=sprite)
    assert found.source == "data:image/jpeg;base64,/9g="


def test_columns_stand_for_counts_and_nothing_stands_for_none() -> None:
    chart = columns_chart(
        [("0", 4), ("1", 0), ("2", 2)], WORDING, title="Hours", reading="", x_title="Hour", unit="Photos"
    )
    columns = [one for one in ET.fromstring(str(chart.svg)) if one.get("class") == "counts"]
    heights = [float(one.get("height", "0")) for one in columns]
    assert len(heights) == 2 and abs(heights[0] - 2 * heights[1]) < 0.1


def test_a_small_histogram_marks_the_middle() -> None:
    small = small_histogram(
        counted([0.0, 1.0, 1.0]), WORDING, title="x", value="1", reading="", ends=("0", "1"), middle=1.0
    )
    (line,) = [one for one in ET.fromstring(str(small.svg)) if one.get("class") == "drop"]
    assert line.get("x1") == "240"


def test_nothing_to_count_is_an_empty_drawing() -> None:
    small = small_histogram((), WORDING, title="x", value="–", reading="", ends=("", ""))
    assert not [one for one in ET.fromstring(str(small.svg)) if one.get("class") == "counts"]
