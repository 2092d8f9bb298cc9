from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.imaging.region import CropRule
from taxolens.inference.cascade_rule import DetectorPart
from taxolens.inference.journal import (
    FILE,
    Journal,
    check_same_work,
    new_journal,
    read_journal,
    write_journal,
)
from taxolens.modelfile.card import Card, CardClass, CardInput, CardOutput, Task
from taxolens.modelfile.pipeline import CascadeNumbers


def journal(photos: Path = Path("/photos"), sha256: str = "a" * 64) -> Journal:
    return new_journal(model_sha256=sha256, model_name="traps", labels=("fox", "lièvre"), photos=photos)


def test_a_journal_comes_back(tmp_path: Path) -> None:
    one = journal()
    write_journal(one, tmp_path)
    assert read_journal(tmp_path) == one


def test_every_beginning_has_its_own_name() -> None:
    assert journal().id != journal().id


def test_no_journal_is_no_error(tmp_path: Path) -> None:
    assert read_journal(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": "a"', '{"labels": ["a"], "colour": "red"}', "\xff"])
def test_one_that_cannot_be_understood_is_told_with_the_mend(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="cannot be read: .*--restart"):
        read_journal(tmp_path)


def test_one_of_another_version_is_refused(tmp_path: Path) -> None:
    write_journal(dataclasses.replace(journal(), version=2), tmp_path)
    assert json.loads((tmp_path / FILE).read_text())["version"] == 2
    with pytest.raises(UsageError, match="another version of Taxolens"):
        read_journal(tmp_path)


def test_another_model_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"another model \(traps, aaaaaaaaaaaa\).*--out.*--restart"):
        check_same_work(journal(), journal(sha256="b" * 64), tmp_path)


def test_other_photos_are_refused_while_the_first_ones_are_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are about the photos in"):
        check_same_work(journal(tmp_path), journal(Path("/elsewhere")), tmp_path)


def test_photos_that_moved_go_on(tmp_path: Path) -> None:
    check_same_work(journal(tmp_path / "gone"), journal(tmp_path), tmp_path)


def finder(sha256: str = "d" * 64, **crop: float) -> DetectorPart:
    card = Card(
        name="finder",
        task=Task.DETECT,
        classes=(CardClass(id="animal"),),
        input=CardInput(width=32, height=32),
        output=CardOutput(decoder="yolox", tensor="boxes"),
    )
    return DetectorPart(sha256, card, CropRule(**crop), CascadeNumbers(sure=0.6), 2)  # type: ignore[arg-type]


def test_the_journal_of_a_cascade_knows_its_detector(tmp_path: Path) -> None:
    one = dataclasses.replace(journal(), detector=finder(margin=0.3))
    write_journal(one, tmp_path)
    assert read_journal(tmp_path) == one


@pytest.mark.parametrize("detector", [[], {}, {"sha256": "d"}, "finder", 3])
def test_a_detector_that_cannot_be_understood_is_told_with_the_mend(tmp_path: Path, detector: object) -> None:
    write_journal(journal(), tmp_path)
    document = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps({**document, "detector": detector}))
    with pytest.raises(UsageError, match="cannot be read: .*--restart"):
        read_journal(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (finder(), finder("e" * 64), r"another detector \(finder, dddddddddddd\)"),
        (finder(), None, "another detector"),
        (None, finder(), "without a detector"),
        (finder(), finder(margin=0.3), r"from other crops \(margin 0\.1, pixels 32"),
    ],
)
def test_other_boxes_and_crops_are_refused(
    tmp_path: Path, old: DetectorPart | None, new: DetectorPart | None, message: str
) -> None:
    mine, theirs = (dataclasses.replace(journal(), detector=one) for one in (old, new))
    with pytest.raises(UsageError, match=message):
        check_same_work(mine, theirs, tmp_path)


def test_other_numbers_of_a_rule_are_the_same_work(tmp_path: Path) -> None:
    other = dataclasses.replace(finder(), rule=CascadeNumbers(sure=0.9))
    mine, theirs = (dataclasses.replace(journal(), detector=one) for one in (finder(), other))
    check_same_work(mine, theirs, tmp_path)
