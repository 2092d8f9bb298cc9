"""Whether a smaller network is kept, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from taxolens.core.errors import TrainingFailed
from taxolens.core.texts import plain
from taxolens.evaluation.result import Interval
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.report.page import Page, Section
from taxolens.report.wording import Wording
from taxolens.workflows.compare_speed import Speed
from taxolens.workflows.shrink_facts import Contender, ShrinkFacts
from taxolens.workflows.shrink_words import shrink_section, shrink_table, told_shrink
from taxolens.workflows.shrink_worth import check_worth

RECIPE = ShrinkRecipe(Path("run"), Path("photos"), Path("out"))


def contender(rate: float, quality: float) -> Contender:
    speed = Speed(9, Interval(rate, rate, rate), Interval(rate, rate, rate))
    return Contender(round(1e8 / rate), 1000, speed, Interval(quality, quality - 0.05, quality + 0.05))


def facts(rate: float, quality: float, *, boxes: bool = True) -> ShrinkFacts:
    gained = quality - 0.9
    return ShrinkFacts(
        of="a" * 64,
        run="run",
        n=80,
        original=contender(10, 0.9),
        shrunk=contender(rate, quality),
        gained=Interval(gained, gained - 0.02, gained + 0.02),
        p=0.2,
        at_most_lost=1.0,
        boxes=boxes,
    )


@pytest.mark.parametrize("quality", [0.89, 0.9, 0.95])
def test_what_is_faster_and_loses_little_is_kept(quality: float) -> None:
    check_worth(facts(18, quality), RECIPE, plain)


def test_what_loses_too_much_is_refused_with_what_can_be_done() -> None:
    with pytest.raises(
        TrainingFailed, match=r"mAP50 changes by .4\.0 points.*--at-most-lost.*goes on"
    ) as caught:
        check_worth(facts(18, 0.86), RECIPE, plain)
    assert caught.value.exit_code == 1


def test_what_is_no_faster_is_refused() -> None:
    with pytest.raises(TrainingFailed, match="not faster"):
        check_worth(facts(10, 0.9), RECIPE, plain)


@pytest.mark.parametrize(("boxes", "name"), [(True, "map50"), (False, "accuracy")])
def test_figures_are_named_by_what_was_judged(boxes: bool, name: str) -> None:
    found, wording = facts(18, 0.89, boxes=boxes), Wording(plain, "en")
    document = found.document()
    assert f"{name}_difference" in document and name in document["shrunk"]
    assert ("mAP50" in told_shrink(found, wording)) is boxes
    assert shrink_table(found, wording).columns[-1].title == ("mAP50" if boxes else "Accuracy")
    assert not replace(found, at_most_lost=0.5).is_worth_it


def test_what_few_photos_cannot_exclude_is_said() -> None:
    wording, doubt = Wording(plain, "en"), "too few to prove that it loses no more than"
    page = Page("t", "l", (of(facts(18, 0.9), wording),)).html(wording)
    assert f"{doubt} 1.0 points" in page
    page = Page("t", "l", (of(facts(18, 0.95), wording),)).html(wording)
    assert doubt not in page


def of(found: ShrinkFacts, wording: Wording) -> Section:
    section = shrink_section(found, wording)
    assert section is not None
    return section
