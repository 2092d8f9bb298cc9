from __future__ import annotations

from typing import Any

from taxolens.languages.translate import translator
from taxolens.modelfile.card import CardClass, Metric, SplitRule
from taxolens.report.wording import Wording
from taxolens.server.desk import Served, State
from taxolens.server.page.panel import panels
from tests.unit.inference.colour_model import card
from tests.unit.inference.square_detector import square_card


def version(number: str, state: State = State.READY, **fields: Any) -> Served:
    return Served(
        "m",
        number,
        "ab" * 32,
        card(**fields),
        "classify",
        (),
        (),
        state,
        "It failed." if state is State.FAILED else "",
    )


def test_a_name_shows_its_newest_version_that_answers() -> None:
    (panel,) = panels((version("1"), version("2"), version("3", State.FAILED)), Wording())
    assert (panel.version, panel.ready) == ("2", True)
    (panel,) = panels((version("1", State.FAILED),), Wording())
    assert (panel.ready, panel.reason) == (False, "It failed.")


def test_figures_have_their_interval_and_what_they_were_measured_on() -> None:
    figures = (
        Metric(name="accuracy", value=0.85, low=0.7, high=0.95, n=1234, data="held-out part"),
        Metric(name="ece", value=0.1234),
        Metric(name="own figure", value=2.5, n=1),
    )
    english, french = (
        panels((version("1", metrics=figures),), wording)[0].measured
        for wording in (Wording(), Wording(translator("fr"), "fr"))
    )
    assert (english[0].value, english[0].interval) == ("85.0%", "95% interval 70.0 to 95.0%")
    assert english[0].basis == "1,234 photos, held-out part"
    assert french[0].basis.endswith("photos, partie mise de côté")
    assert (english[1].value, english[1].basis) == ("0.123", "")
    assert (english[2].name, english[2].basis) == ("own figure", "1 photo")


def test_what_a_card_does_not_say_is_said() -> None:
    rows = {row.name: row.value for row in panels((version("1"),), Wording())[0].rows}
    assert rows["Licence"] == "not stated by its maker"
    assert rows["Trained on"] == "not stated in its card"
    assert "Backbone" not in rows


def test_what_a_card_says_is_told_in_words() -> None:
    told = version("1", recipe={"source": {"data": "woods"}}, split=SplitRule(by="site"), licence="CC-BY-4.0")
    rows = {row.name: row.value for row in panels((told,), Wording())[0].rows}
    assert rows["Trained on"] == "the set “woods”"
    assert rows["Photos divided"].startswith("by site")
    assert rows["Licence"] == "CC-BY-4.0"
    assert rows["Sure from"] == "60%"


def test_a_thousand_classes_are_not_all_written_out() -> None:
    classes = tuple(CardClass(id=f"c{number}") for number in range(1000))
    (panel,) = panels((version("1", classes=classes),), Wording())
    assert len(panel.classes) + len(panel.others) + panel.more == panel.count == 1000
    assert panel.more > 0


def test_only_a_detector_has_a_threshold_of_boxes() -> None:
    detector = Served("d", "1", "", square_card(), "detect", (), (), State.READY)
    pipeline = Served("p", "1", "", card(), "pipeline", (), (), State.READY)
    boxes = [panel.boxes for panel in panels((detector, pipeline, version("1")), Wording())]
    assert boxes[1:] == [None, None]
    assert boxes[0] is not None
    assert (boxes[0].least, boxes[0].usual) == (0.1, 0.4)
