"""Drawn photos: what is promised of their pixels, boxes and files."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from taxolens.core.errors import UsageError
from taxolens.demo.photo import MAKE, draw_photo, encode_photo
from taxolens.demo.scene import draw_scene
from taxolens.demo.site import SITES
from taxolens.demo.taxa import BLANK, TAXA, find_taxon

_ALL = [taxon.id for taxon in TAXA]


@pytest.mark.parametrize("taxon_id", _ALL)
def test_every_taxon_is_drawn_large_enough_to_be_seen_on_every_site(taxon_id: str) -> None:
    for number, site in enumerate(SITES):
        photo = draw_photo(number, taxon_ids=[taxon_id], site=site)
        assert photo.pixels.shape == (320, 320, 3)
        assert photo.pixels.dtype == np.uint8
        assert [animal.taxon_id for animal in photo.animals] == [taxon_id]
        assert max(photo.animals[0].box.width, photo.animals[0].box.height) > 0.12


def test_the_same_seed_gives_the_same_pixels_and_another_seed_gives_others() -> None:
    first, again, other = (draw_photo(seed, taxon_ids=_ALL, count=2) for seed in (5, 5, 6))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.animals == again.animals
    assert not np.array_equal(first.pixels, other.pixels)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([(320, 320), (200, 120), (97, 233)]))
def test_boxes_enclose_exactly_what_is_to_be_seen_of_each_animal(
    seed: int, count: int, size: tuple[int, int]
) -> None:
    taxa = [TAXA[(seed + number) % len(TAXA)] for number in range(count)]
    scene = draw_scene(seed, taxa, size, SITES[seed % len(SITES)])
    width, height = size
    assert scene.pixels.shape == (height, width, 3)
    for animal in scene.animals:
        rows, columns = np.nonzero(animal.mask)
        box = animal.box
        drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        told = (box.x * width, box.y * height, (box.x + box.width) * width, (box.y + box.height) * height)
        assert told == pytest.approx(drawn, abs=1e-6)


def test_the_animal_changes_the_photo_inside_its_box_and_leaves_the_ground_outside() -> None:
    site = SITES[1]
    with_animal = draw_scene(21, [find_taxon("folsomia_candida")], (320, 320), site)
    without = draw_scene(21, [], (320, 320), site)
    changed = np.abs(with_animal.pixels.astype(int) - without.pixels).max(axis=2)
    mask = with_animal.animals[0].mask
    far = np.ones_like(mask)
    box = with_animal.animals[0].box
    far[
        max(0, int(box.y * 320) - 60) : int((box.y + box.height) * 320) + 60,
        max(0, int(box.x * 320) - 60) : int((box.x + box.width) * 320) + 60,
    ] = False
    assert np.median(changed[mask]) > 30
    assert np.median(changed[far]) < 12


def test_a_blank_photo_shows_ground_and_no_animal() -> None:
    photo = draw_photo(3, taxon_ids=[BLANK.id])
    assert photo.animals == ()
    assert photo.pixels.std() > 5


def test_frames_of_a_burst_show_the_same_animal_seconds_apart_and_moved() -> None:
    first, second = (draw_photo(8, taxon_ids=["orchesella_cincta"], frame=frame) for frame in (0, 1))
    assert 0 < (second.taken - first.taken).total_seconds() < 10
    assert first.site == second.site
    assert first.animals[0].box != second.animals[0].box
    assert first.animals[0].box.x == pytest.approx(second.animals[0].box.x, abs=0.25)


def test_individuals_of_one_taxon_differ() -> None:
    photos = [draw_photo(seed, taxon_ids=["isotoma_viridis"], site=SITES[0]) for seed in range(6)]
    sizes = [photo.animals[0].box.width * photo.animals[0].box.height for photo in photos]
    assert max(sizes) > 1.5 * min(sizes)


def test_a_crowd_has_as_many_boxes_as_animals_that_found_room() -> None:
    photo = draw_photo(4, taxon_ids=_ALL, count=6, size=(480, 360))
    assert 4 <= len(photo.animals) <= 6
    assert {animal.taxon_id for animal in photo.animals} <= set(_ALL)


def test_the_file_tells_when_and_where_it_was_taken_and_that_it_is_drawn() -> None:
    photo = draw_photo(2, taxon_ids=["neanura_muscorum"], site=SITES[0], size=(160, 120))
    with Image.open(BytesIO(encode_photo(photo, SITES[0]))) as image:
        exif = image.getexif()
        assert image.size == (160, 120)
        assert exif[ExifTags.Base.Make] == MAKE
        assert exif[ExifTags.Base.Model] == SITES[0].camera
        assert "drawing" in exif[ExifTags.Base.ImageDescription]
        taken = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert taken == photo.taken.strftime("%Y:%m:%d %H:%M:%S")
        decoded = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(decoded - photo.pixels).mean() < 8


@pytest.mark.parametrize(
    ("taxon_ids", "count", "size"),
    [(["unicorn"], 1, (320, 320)), ([], 1, (320, 320)), (_ALL, -1, (320, 320)), (_ALL, 1, (20, 320))],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(
    taxon_ids: list[str], count: int, size: tuple[int, int]
) -> None:
    with pytest.raises(UsageError) as caught:
        draw_photo(0, taxon_ids=taxon_ids, count=count, size=size)
    assert str(caught.value).endswith(".")
    assert "{" not in str(caught.value)
