"""Whole photos in a training's report."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow

from taxolens.core.geometry import Box
from taxolens.core.records import Image
from taxolens.core.texts import plain
from taxolens.evaluation.detection.samples import Sample
from taxolens.report.gallery import Gallery
from taxolens.report.wording import Wording
from taxolens.workflows.detection_pictures import Closeups
from taxolens.workflows.detection_samples import samples_section

HERE, THERE = Box(0.1, 0.1, 0.2, 0.2), Box(0.7, 0.7, 0.2, 0.2)


def test_photos_are_shown_whole_with_true_and_found_boxes_in_two_colours(tmp_path: Path) -> None:
    Pillow.new("RGB", (400, 300), (90, 90, 90)).save(tmp_path / "a.png")
    closeups = Closeups([Image(path=tmp_path / "a.png", name="a.png")])
    best = (Sample("a.png", (HERE,), (THERE,), 0, 1),)
    (section,) = samples_section(best, (), closeups, Wording(plain, "en"))
    (gallery,) = section.blocks
    assert isinstance(gallery, Gallery) and section.title == gallery.title
    (picture,) = gallery.pictures
    assert dict(picture.lines) == {"Found": "0 / 1", "Wrong": "1"}
    drawn = Pillow.open(BytesIO(picture.jpeg or b"")).convert("RGB")
    assert drawn.size == (384, 288)
    blue, yellow = (drawn.getpixel((round(384 * x), round(288 * y))) for x, y in ((0.2, 0.1), (0.705, 0.7)))
    assert isinstance(blue, tuple) and isinstance(yellow, tuple)
    assert blue[2] > blue[0] + 60 and yellow[0] > yellow[2] + 60


def test_a_training_without_photos_to_show_has_no_such_section() -> None:
    assert samples_section((), (), Closeups(()), Wording(plain, "en")) == ()
