from __future__ import annotations

import numpy as np
import pytest

from taxolens.probe.feasibility import Feasibility, study
from taxolens.probe.prospects import Verdict
from taxolens.probe.space import space_of
from tests.unit.probe.planted import Classes, Rows, clouds, shuffled

LABELS = ("ash", "beech", "cedar")


def told(found: Feasibility) -> str:
    return " ".join(sentence.told() for sentence in found.told)


def half_alike() -> tuple[Rows, Classes]:
    """Half of the photos of class 1 show what those of class 0 do."""
    vectors, truth = clouds((100, 100, 100), noise=0.7)
    others = clouds((50, 0, 0), noise=0.7, seed=1)[0]
    vectors[100:150] = others
    return vectors, truth


def test_classes_that_lie_apart_are_easy() -> None:
    vectors, truth = clouds(noise=0.5)

    found = study(vectors, truth, LABELS)

    assert found.verdict is Verdict.EASY
    assert found.separability == pytest.approx(1.0)
    assert found.confused == ()
    assert "easy to learn" in told(found)
    assert "other places" in told(found)


@pytest.mark.parametrize("sizes", [(60, 60, 60), (300, 30, 30), (100, 12, 12)])
@pytest.mark.parametrize("seed", range(3))
def test_labels_dealt_by_lot_are_not_learnable(sizes: tuple[int, ...], seed: int) -> None:
    vectors, truth = clouds(sizes, seed=seed)

    found = study(vectors, shuffled(truth, seed), LABELS)

    assert found.verdict is Verdict.NOT_YET
    assert "Nothing can be learnt" in told(found)


def test_a_study_of_too_few_photos_does_not_pretend() -> None:
    vectors, truth = clouds((8, 8, 8), noise=0.1)

    found = study(vectors, truth, LABELS)

    assert found.verdict is Verdict.NOT_YET
    assert "too few photos to say" in told(found)


def test_rare_classes_are_named_as_what_to_collect_first() -> None:
    vectors, truth = clouds((60, 60, 4), noise=0.5)

    found = study(vectors, truth, LABELS)

    assert found.verdict is Verdict.EASY
    assert "Collect first: cedar. There are at most 4" in told(found)


def test_many_frames_of_few_events_are_few() -> None:
    vectors, truth = clouds(noise=0.5)

    found = study(vectors, truth, LABELS, groups=np.arange(180) // 15)

    assert found.verdict is Verdict.NOT_YET
    assert "at most 4" in told(found)


def test_classes_that_look_alike_are_named_as_a_pair() -> None:
    found = study(*half_alike(), LABELS)

    assert found.confused[0].share > 0.2
    assert {(pair.a, pair.b) for pair in found.confused} <= {(0, 1), (1, 0)}
    assert "make them one class" in told(found)


def test_a_class_taken_for_an_empty_photo_is_not_to_be_merged_with_it() -> None:
    found = study(*half_alike(), ("empty", "fox", "deer"))

    assert "of the photos of" in told(found)
    assert "make them one class" not in told(found)


def test_a_study_is_the_same_each_time_and_of_a_space_made_before() -> None:
    vectors, truth = clouds(noise=2.0)

    first, second = study(vectors, truth, LABELS), study(space_of(vectors), truth, LABELS)

    assert first.told == second.told
    assert (first.curve.accuracy == second.curve.accuracy).all()
    assert (first.crossed.predicted == second.crossed.predicted).all()


def test_sentences_speak_the_language_of_the_reader() -> None:
    vectors, truth = clouds(noise=0.5)

    sentence = study(vectors, truth, LABELS).told[0]
    answer = sentence.told(lambda text: "[" + text + "]", count=lambda n: f"<{n}>", percent=lambda x: "x%")

    assert answer.startswith("[These <3> classes")
    assert "x%" in answer
