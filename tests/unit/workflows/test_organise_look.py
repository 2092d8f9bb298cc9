from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.core.records import UNSURE, Prediction, Score, Status
from taxolens.core.taxonomy import Role, Taxon
from taxolens.core.texts import plain
from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.recipes.organise import OrganiseRecipe
from taxolens.workflows.marks import Marks
from taxolens.workflows.organise_look import Looks, labels_of

PLACE, OTHER = Box(0.1, 0.1, 0.2, 0.3), Box(0.5, 0.5, 0.2, 0.3)
TAXA = (
    Taxon("fox", {"en": "red fox", "fr": "renard roux", "zh": "赤狐"}, "Vulpes vulpes"),
    Taxon("walker", role=Role.PERSON),
    Taxon("truck", role=Role.VEHICLE),
)


def answer(label: str, top1: str | None = None, *, box: Box | None = None, **more: Any) -> Result:
    score = more.pop("score", 0.934)
    status = more.pop("status", Status.OK)
    return Result(
        Prediction("1.jpg", label, score, (Score(top1 or label, score),), box=box, status=status), **more
    )


def looks(**options: Any) -> Looks:
    return Looks(OrganiseRecipe(Path("r"), Path("o"), **options), Names(TAXA), plain)


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        ([answer("fox", box=PLACE)], ()),
        ([answer("walker", box=PLACE), answer("fox", box=OTHER)], (PLACE,)),
        ([answer("walker", box=PLACE), answer("truck", box=OTHER)], (PLACE, OTHER)),
        ([answer("walker", box=PLACE), answer("truck")], (WHOLE_IMAGE,)),
        ([answer("walker")], (WHOLE_IMAGE,)),
        ([answer("walker", box=WHOLE_IMAGE)], (WHOLE_IMAGE,)),
        # Safe rather than sorry: the model leans to a person, or the detector says so.
        ([answer(UNSURE, "walker")], (WHOLE_IMAGE,)),
        ([answer("fox", box=PLACE, category="person")], (PLACE,)),
        # A person looked: it is a fox.
        ([answer("fox", "walker", corrected_by="Ada")], ()),
        ([answer("walker", "fox", corrected_by="Ada")], (WHOLE_IMAGE,)),
    ],
)
def test_people_and_vehicles_are_hidden_where_they_are_else_everywhere(
    rows: list[Result], hidden: tuple[Box, ...]
) -> None:
    assert looks(blur=True).of(rows).hidden == hidden


@pytest.mark.parametrize(
    ("row", "language", "text"),
    [
        (answer("fox", box=PLACE), "en", "red fox 93%"),
        (answer("fox", box=PLACE), "fr", "renard roux 93 %"),
        (answer("fox", box=PLACE), "zh", "Vulpes vulpes 93%"),
        (answer(UNSURE, "fox", score=0.41), "en", "unsure: red fox 41%"),
        (answer("fox", corrected_by="Ada"), "en", "red fox (Ada)"),
        (answer("x" * 200), "en", "x" * 57 + "... 93%"),
        (answer("a\x1b[31m\nb"), "en", "a [31m b 93%"),
    ],
)
def test_a_mark_says_name_and_score_in_letters_that_can_be_drawn(
    row: Result, language: str, text: str
) -> None:
    (mark,) = looks(boxes=True, language=language).of([row]).marks
    assert (mark.text, mark.box) == (text, row.prediction.box)


def test_classes_of_a_photo_have_colours_of_their_own_and_the_same_in_every_photo() -> None:
    names = [f"class {number}" for number in range(7)]
    marks = looks(boxes=True).of([answer(name, box=PLACE) for name in names]).marks
    assert len({mark.colour for mark in marks}) == 7
    first = [looks(boxes=True).of([answer("fox"), answer(name)]).marks[0].colour for name in names]
    assert len(set(first)) == 1


def test_blank_and_failed_photos_have_no_marks_and_no_keywords() -> None:
    for status in (Status.BLANK, Status.FAILED):
        look = looks(boxes=True, keywords=True, blur=True).of([answer("blank", status=status)])
        assert not look.changes_pixels
        assert not look.keywords


def test_keywords_are_names_once_each_and_nothing_that_is_unsure() -> None:
    rows = [answer("fox"), answer(UNSURE, "walker"), answer("fox"), answer("hare")]
    assert looks(keywords=True, language="fr").of(rows).keywords == ("renard roux", "Vulpes vulpes", "hare")
    assert labels_of(rows) == ("fox", "hare")


@pytest.mark.parametrize(
    ("score", "detector", "shown"), [(1.0, 0.62, "62%"), (0.4, 0.9, "40%"), (0.4, None, "40%")]
)
def test_a_mark_is_as_sure_as_the_weaker_of_box_and_name(
    score: float, detector: float | None, shown: str
) -> None:
    row = answer("fox", box=PLACE, score=score, detector_score=detector)
    (mark,) = Marks(Names(TAXA), "en", plain).of([row])
    assert mark.text == f"red fox {shown}"
