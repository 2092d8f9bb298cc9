"""Boxes as examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image, Part
from taxolens.data.crops import Crop, crops_of, failure_of, looked_at, photo_of, photos_of
from taxolens.data.split import split_images, write_split
from taxolens.formats.box_table import read_box_table
from taxolens.imaging.preprocess import Preprocess
from taxolens.imaging.region import CropRule
from taxolens.recipes.split import SplitRecipe

RULE = CropRule()
LEFT, RIGHT = Box(0.0, 0.0, 0.5, 1.0), Box(0.5, 0.0, 0.5, 1.0)


def photo(number: int, *said: tuple[str, Box], **fields: object) -> Image:
    annotations = tuple(Annotation(label, box) for label, box in said)
    known = {"sha256": f"{number:064x}", "annotations": annotations, **fields}
    return Image(Path("/photos") / f"{number}.jpg", f"{number}.jpg", **known)  # type: ignore[arg-type]


def crops(*images: Image, rule: CropRule = RULE) -> tuple[Crop, ...]:
    return crops_of(images, rule).crops


def test_every_box_is_an_example_with_its_own_class() -> None:
    found = crops(photo(1, ("owl", LEFT), ("bat", RIGHT), site="A", part=Part.VAL), photo(2, ("owl", LEFT)))
    assert [(one.name, one.label, one.box, one.number) for one in found] == [
        ("1.jpg#1", "owl", LEFT, 1),
        ("1.jpg#2", "bat", RIGHT, 2),
        ("2.jpg#1", "owl", LEFT, 1),
    ]
    assert [(one.site, one.part) for one in found] == [("A", Part.VAL)] * 2 + [(None, None)]
    assert [photo_of(one).name for one in found] == ["1.jpg", "1.jpg", "2.jpg"]


def test_photos_without_boxes_and_photos_that_nobody_looked_at_are_counted() -> None:
    found = crops_of([photo(1), replace(photo(2), annotations=None), photo(3, ("owl", LEFT))], RULE)
    assert (len(found.crops), found.blank, found.undrawn, found.small) == (1, 1, 1, 0)


def test_boxes_of_a_few_pixels_are_left_out_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Pillow.new("RGB", (100, 50)).save(path)
    thin, enough = Box(0.1, 0.1, 0.03, 0.5), Box(0.1, 0.1, 0.04, 0.08)
    found = crops_of([replace(photo(1, ("owl", thin), ("owl", enough)), path=path)], RULE)
    assert ([one.number for one in found.crops], found.small) == ([2], 1)


def test_what_is_remembered_of_a_box_is_of_its_pixels() -> None:
    (one,) = crops(photo(1, ("owl", LEFT)))
    nearly = replace(LEFT, width=LEFT.width + 1e-9)
    same = [photo(1, ("bat", LEFT)), photo(1, ("owl", nearly)), photo(1, ("owl", LEFT), site="B")]
    assert {crops(other)[0].sha256 for other in same} == {one.sha256}
    others = [crops(photo(1, ("owl", RIGHT)))[0], crops(photo(2, ("owl", LEFT)))[0]]
    others += [crops(photo(1, ("owl", LEFT)), rule=CropRule(margin=0.2))[0]]
    assert len({one.sha256, *(other.sha256 for other in others)}) == 4
    assert crops(photo(1, ("owl", LEFT)), rule=CropRule(least=0.5))[0].sha256 == one.sha256


@st.composite
def boxed_sets(draw: st.DrawFn) -> list[Image]:
    """Photos with several boxes, some in sequences, some copies of others, some identical files."""
    images = []
    for number in range(draw(st.integers(3, 30))):
        labels = draw(st.lists(st.sampled_from(["owl", "bat", "fox"]), max_size=4))
        boxes = [(label, Box(0.1 * place, 0.1, 0.2, 0.2)) for place, label in enumerate(labels)]
        copied = draw(st.none() | st.integers(0, number))
        images.append(
            replace(
                photo(number, *boxes),
                sequence=draw(st.sampled_from([None, "a", "b", "c"])),
                copy_of=None if copied is None else f"{copied}.jpg",
                sha256=f"{draw(st.integers(0, 40)):064x}",
            )
        )
    return images


@given(images=boxed_sets(), seed=st.integers(0, 3))
def test_all_boxes_of_a_photo_its_copies_and_its_sequence_are_on_one_side(
    images: list[Image], seed: int
) -> None:
    found = crops(*images)
    split = split_images(found, SplitRecipe(seed=seed))
    parts: dict[tuple[str, str], set[Part]] = {}
    for one, part in zip(found, split.parts, strict=True):
        whole = photo_of(one)
        known = [("bytes", whole.sha256), ("origin", whole.copy_of or whole.name), ("name", whole.name)]
        if split.by == "sequence" and whole.sequence:
            known.append(("sequence", whole.sequence))
        for key in known:
            parts.setdefault((key[0], key[1] or ""), set()).add(part)
    assert all(len(some) == 1 for some in parts.values())


def test_two_boxes_of_a_photo_do_not_contradict_each_other_but_the_same_box_twice_does() -> None:
    found = crops(photo(1, ("owl", LEFT), ("bat", RIGHT), ("fox", RIGHT)), photo(2, ("owl", LEFT)))
    assert split_images(found, SplitRecipe()).contradictions == ((1, 2),)


def test_the_table_of_a_split_is_a_data_set_with_boxes(tmp_path: Path) -> None:
    images = [
        replace(photo(number, ("owl", LEFT), ("bat", RIGHT)), path=tmp_path / f"{number}.jpg")
        for number in range(10)
    ]
    found = crops(*images)
    split = split_images(found, SplitRecipe())
    write_split(split, found, tmp_path / "split.csv")
    back = read_box_table(tmp_path / "split.csv").images
    assert [(one.name, one.annotations) for one in back] == [(one.name, one.annotations) for one in images]
    assert [one.part for one in back] == list(split.parts[::2])
    assert [
        one.sha256 for one in crops(*(replace(a, sha256=b.sha256) for a, b in zip(back, images, strict=True)))
    ] == [one.sha256 for one in found]


def test_photos_of_examples_hold_the_boxes_that_are_examples() -> None:
    images = [photo(1, ("owl", LEFT), ("bat", RIGHT)), photo(2, ("owl", LEFT))]
    found = crops(*images)
    assert photos_of(found) == tuple(images)
    assert photos_of(found[1:2])[0].annotations == (Annotation("bat", RIGHT),)


def test_examples_are_seen_in_their_order_and_a_torn_photo_fails_once(tmp_path: Path) -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40], pixels[:, 40:] = 50, 200
    Pillow.fromarray(pixels).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"torn")
    images = [
        replace(photo(number, ("owl", RIGHT), ("bat", LEFT)), path=tmp_path / f"{number}.png")
        for number in range(2)
    ]
    found = [*crops(*images), replace(images[0], annotations=None)]
    rule = Preprocess(8, 8)
    seen = list(looked_at(found, lambda one: float(one.mean()), rule, workers=2, max_megapixels=150))
    right, left, *torn, whole = seen
    assert isinstance(right, float) and isinstance(left, float) and isinstance(whole, float)
    assert right > whole > left
    errors = [one for one in torn if isinstance(one, ImageError)]
    assert len(errors) == 2
    assert {failure_of(one, error).name for one, error in zip(found[2:4], errors, strict=True)} == {"1.jpg"}


def test_a_photo_that_nobody_has_looked_at_has_no_crops() -> None:
    with pytest.raises(ValueError, match="looked"):
        crops(photo(1, ("owl", LEFT), sha256=None))
