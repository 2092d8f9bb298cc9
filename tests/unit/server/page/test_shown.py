from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.core.records import UNSURE, Failure, Score, Status
from taxolens.core.taxonomy import Role
from taxolens.inference.decision import decide, failed, rule_of
from taxolens.inference.detected import Detected, Detection
from taxolens.languages.translate import translator
from taxolens.modelfile.card import Card, CardClass
from taxolens.report.wording import Wording
from taxolens.server.desk import Served, State
from taxolens.server.page.shown import Shown, shown
from taxolens.server.work import Answer, Named
from tests.unit.inference.colour_model import card
from tests.unit.inference.square_detector import square_card

ENGLISH, FRENCH = Wording(), Wording(translator("fr"), "fr")
NAMED = (
    CardClass(id="red", names={"en": "red mite", "fr": "acarien rouge"}),
    CardClass(id="green"),
    CardClass(id="nothing", role=Role.BLANK),
)
FAILURE = Failure(Path("a.jpg"), "a.jpg", "damaged", "The image is damaged or cut short.")


def of(
    result: Any, model: Card, kind: str = "classify", wording: Wording = ENGLISH, least: float | None = None
) -> Shown:
    served = Served("m", "3", "0" * 64, model, kind, (), (), State.READY)
    return shown("a.jpg", served, Answer(result, "m", "3", 0.002, 0.02), least, wording)


def named(*scores: float, wording: Wording = ENGLISH, **fields: Any) -> Shown:
    model = card(classes=NAMED, **fields)
    probabilities = np.array(scores, np.float32)
    return of(
        Named(decide("a.jpg", probabilities, rule_of(model, top_k=5, threshold=None)), probabilities),
        model,
        wording=wording,
    )


def detection(
    label: str, score: float, share: float = 1.0, box: Box | None = None, unsure: bool = False
) -> Detection:
    other = "green" if label == "red" else "red"
    ranking = (Score(label, share), Score(other, 1 - share))
    distribution = np.array([share, 1 - share], np.float32)
    place = box or Box(0.1, 0.2, 0.3, 0.4)
    return Detection(place, UNSURE if unsure else label, score, ranking, distribution, 0.0)


def found(*detections: Detection, kind: str = "detect", least: float | None = 0.25) -> Shown:
    status = Status.OK if detections else Status.BLANK
    return of(Detected("a.jpg", detections, status), square_card(), kind, least=least)


def test_an_answer_has_its_name_and_how_sure_it_is() -> None:
    said = named(0.9, 0.06, 0.04)
    assert (said.tone, said.headline, said.percent) == ("sure", "red mite", "90%")
    assert said.spoken == "a.jpg: red mite, 90%"
    assert said.footnote == "m, version 3; 22\N{NO-BREAK SPACE}ms"


def test_names_numbers_and_sentences_are_those_of_the_reader() -> None:
    said = named(0.9, 0.06, 0.04, wording=FRENCH)
    assert said.headline == "acarien rouge"
    assert said.percent == "90\N{NARROW NO-BREAK SPACE}%"
    assert "Il exclut tous les autres noms" in said.sentences[0]


def test_an_unsure_answer_says_why_and_what_it_would_have_been() -> None:
    said = named(0.5, 0.3, 0.2)
    assert (said.tone, said.headline, said.percent) == ("unsure", "Not sure", "")
    assert "red mite with 50%" in said.sentences[0]
    assert "Below 60%" in said.sentences[0]
    assert "It cannot rule out: red mite, green, nothing." in said.sentences[1]
    assert "90% of cases" in said.sentences[1]


def test_a_card_without_a_promise_makes_none() -> None:
    assert named(0.9, 0.06, 0.04, conformal=None).sentences == ()


def test_a_blank_is_no_animal_and_no_failure() -> None:
    assert named(0.1, 0.1, 0.8).tone == "blank"


def test_a_photo_that_cannot_be_read_says_why() -> None:
    nothing = np.zeros(0, np.float32)
    for said in (
        of(Named(failed(FAILURE), nothing), card()),
        of(Detected("a.jpg", (), Status.FAILED, FAILURE), square_card(), "detect"),
    ):
        assert (said.tone, said.sentences) == ("failed", (FAILURE.reason,))
        assert not said.bars


@pytest.mark.parametrize("classes", [2, 5, 6, 40])
def test_bars_and_the_rest_are_the_whole(classes: int) -> None:
    model = card(classes=tuple(CardClass(id=f"c{number}") for number in range(classes)), conformal=None)
    scores = np.random.default_rng(classes).dirichlet(np.ones(classes)).astype(np.float32)
    said = of(Named(decide("a", scores, rule_of(model, top_k=5, threshold=0)), scores), model)
    assert len(said.bars) == min(5, classes)
    assert (said.rest is None) is (classes <= 5)
    rest = said.rest.share if said.rest else 0.0
    assert sum(bar.share for bar in said.bars) + rest == pytest.approx(1, abs=1e-5)


def test_a_large_set_of_candidates_is_cut() -> None:
    model = card(classes=tuple(CardClass(id=f"c{number}") for number in range(40)))
    scores = np.full(40, 1 / 40, np.float32)
    prediction = decide(
        "a",
        scores,
        rule_of(model.changed(conformal={"coverage": 0.9, "quantile": 0.99}), top_k=5, threshold=0),
    )
    said = of(Named(prediction, scores), model)
    assert "and 28 more" in said.sentences[0]


def test_boxes_are_counted_by_name_most_first() -> None:
    said = found(
        detection("red", 0.9),
        detection("green", 0.8),
        detection("green", 0.7, unsure=True),
        detection("green", 0.6),
    )
    assert said.headline.replace("\N{NO-BREAK SPACE}", " ") == "2 × green, 1 × red, 1 × Not sure"
    assert said.boxes is not None
    assert [box.number for box in said.boxes] == [1, 2, 3, 4]
    assert "broken frame" in said.sentences[0]


def test_a_box_is_as_sure_as_the_weaker_of_box_and_name() -> None:
    said = found(detection("red", 0.9, share=0.6), detection("red", 0.4, share=0.8))
    assert said.boxes is not None
    assert [box.percent for box in said.boxes] == ["60%", "40%"]


def test_a_detector_that_tells_its_best_class_alone_has_no_bars() -> None:
    said = found(detection("red", 0.9))
    assert said.boxes is not None
    assert said.boxes[0].bars == ()
    assert (said.headline, said.percent) == ("red", "90%")


def test_nothing_found_says_from_where_on_boxes_are_shown() -> None:
    assert "surer than 25%" in found().sentences[0]
    assert found(least=None).sentences == ()


@pytest.mark.parametrize(("unsure", "tone"), [(False, "sure"), (True, "unsure")])
def test_a_photo_named_as_a_whole_has_bars_and_no_frame(unsure: bool, tone: str) -> None:
    said = found(detection("red", 0.7, 0.7, box=WHOLE_IMAGE, unsure=unsure), kind="pipeline")
    assert said.tone == tone
    assert said.boxes is None
    assert [bar.name for bar in said.bars] == ["red", "green"]
    assert "named as a whole" in said.sentences[-1]
