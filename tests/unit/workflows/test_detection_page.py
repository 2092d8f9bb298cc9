"""What the page about a detector says in plain and in odd cases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.detection_evaluate import evaluate_found
from tests.unit.workflows.test_detection_evaluate import CAT, DOG, data, megadetector

__all__ = ["data"]


def page_of(found: dict[str, Any], data: Path, tmp_path: Path, **asked: Any) -> str:
    """The words of the page, without its marks."""
    file = megadetector(tmp_path / "found.json", found)
    report = tmp_path / "page.html"
    evaluate_found(
        EvaluateRecipe(file, SourceRecipe(data), workers=1, report=report, **asked), home=tmp_path / "home"
    )
    html = report.read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL))


def of(**boxes: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {f"images/{name}.jpg": boxes.get(name, []) for name in "abcd"}


def test_a_detector_that_finds_nothing_is_not_praised(data: Path, tmp_path: Path) -> None:
    page = page_of(of(), data, tmp_path)
    assert "It found none of the 4 boxes." in page
    assert "It found nothing that counts, and so nothing wrong." in page
    assert "Every box that it found is right" not in page
    assert "Calibration error" not in page and "so nothing can be said of scores" in page
    assert "none can be recommended" in page and "Best balance" not in page
    assert page.count("nothing found near it") == 4
    assert "Yellow, broken line" not in page


def test_a_miss_says_why(data: Path, tmp_path: Path) -> None:
    found = of(a=[(0, CAT, 0.9), (1, CAT, 0.8)], b=[(0, CAT, 0.2)], c=[(0, DOG, 0.3)])
    page = page_of(found, data, tmp_path, score=0.5)
    assert page.count("Why missed") == 3
    assert "Why missed scored too low" in page  # b
    assert "Why missed another name, scored too low" in page  # c
    assert "Why missed nothing found near it" in page  # the dog of a


def test_a_box_that_is_sure_but_lies_elsewhere_is_said_to(data: Path, tmp_path: Path) -> None:
    low = (0, 0.25, 0.75, 0.3, 0.4)
    page = page_of(of(b=[(0, low, 0.9)]), data, tmp_path, score=0.5)
    assert "Why missed lies too far off" in page


def test_with_one_class_nothing_is_said_of_wrong_names(data: Path, tmp_path: Path) -> None:
    page = page_of(of(a=[(0, CAT, 0.9)]), data, tmp_path, one_class=True)
    assert "badly placed" in page and "wrong class" not in page


def test_the_error_of_scores_is_told_without_the_boxes_that_nobody_believes_in(
    data: Path, tmp_path: Path
) -> None:
    page = page_of(of(a=[(0, CAT, 0.9), (1, DOG, 0.02)], d=[(0, CAT, 0.8)]), data, tmp_path)
    assert "Of the 2 boxes with a score of at least 80%, which say more: 45.0%." in page


@pytest.mark.parametrize("column", ["COCO AR", "Bias", "Costs"])
def test_what_a_column_means_can_be_read_without_a_pointer(data: Path, tmp_path: Path, column: str) -> None:
    page = page_of(of(a=[(0, CAT, 0.9)]), data, tmp_path)
    assert re.search(rf"What the columns mean .*? {column} [A-Z]", page)
