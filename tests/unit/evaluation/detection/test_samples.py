"""Which photos a training's report shows."""

from __future__ import annotations

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation
from taxolens.evaluation.detection.answers import Scene, ScoredBox
from taxolens.evaluation.detection.samples import samples

HERE, THERE, NOWHERE = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.3, 0.3), Box(0.0, 0.6, 0.2, 0.2)


def scene(name: str, truth: tuple[Box, ...], found: tuple[Box, ...], score: float = 0.9) -> Scene:
    return Scene(
        name,
        100,
        100,
        tuple(Annotation("fox", box) for box in truth),
        tuple(ScoredBox("fox", box, score) for box in found),
    )


def test_photos_in_which_all_was_found_come_first_and_fuller_ones_before_others() -> None:
    scenes = [
        scene("one.jpg", (HERE,), (HERE,)),
        scene("two.jpg", (HERE, THERE), (HERE, THERE)),
        scene("blank.jpg", (), ()),
        scene("wrong.jpg", (HERE,), (NOWHERE,)),
        scene("half.jpg", (HERE, THERE), (HERE,)),
    ]
    best, worst = samples(scenes, ("fox",), least=0.5, most=2)
    assert [one.name for one in best] == ["two.jpg", "one.jpg"]
    assert [(one.name, one.missed, one.wrong) for one in worst] == [("wrong.jpg", 1, 1), ("half.jpg", 1, 0)]


def test_boxes_that_are_too_unsure_do_not_count_and_no_photo_is_shown_twice() -> None:
    scenes = [scene("unsure.jpg", (HERE,), (HERE,), 0.2), scene("half.jpg", (HERE, THERE), (HERE, HERE))]
    best, worst = samples(scenes, ("fox",), least=0.5)
    assert [one.name for one in best] == ["half.jpg"]
    assert [(one.name, len(one.found), one.hits) for one in worst] == [("unsure.jpg", 0, 0)]


def test_boxes_of_other_classes_are_no_matter() -> None:
    best, worst = samples([scene("a.jpg", (HERE,), (HERE,))], ("lynx",), least=0.5)
    assert best == worst == ()
