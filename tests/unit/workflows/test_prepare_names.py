"""Names for the photos of a prepared folder."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from taxolens.workflows.prepare_names import FreeNames, class_folders, safe_name


@given(st.text(max_size=80))
def test_a_safe_name_is_one_that_every_system_can_hold(text: str) -> None:
    name = safe_name(text)
    assert name and len(name.encode("utf-8")) <= 121 and not name.startswith(".")
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name) and name.strip() == name
    assert safe_name(name) == name


def test_names_that_people_use_stay() -> None:
    for name in ("grey fox", "Fuchs-Rot_2", "forêt", "IMG_0001", "v1.2"):
        assert safe_name(name) == name
    assert safe_name("a/b") == "a_b" and safe_name("..") == "_" and safe_name("CON") == "_CON"


@given(st.lists(st.sampled_from(["a", "A", "a-2", "ä", "a\u0308", "b"]), max_size=30))
def test_no_name_is_given_twice_on_any_system(stems: list[str]) -> None:
    names = FreeNames()
    taken = [names.take("train/x", stem, ".jpg").casefold() for stem in stems]
    assert len(set(taken)) == len(taken)


def test_photos_that_differ_by_suffix_get_different_stems() -> None:
    names = FreeNames()
    assert names.take("f", "a", ".jpg") == "f/a.jpg" and names.take("f", "a", ".png") == "f/a-2.png"
    assert names.take("g", "a", ".png") == "g/a.png"


def test_classes_with_names_that_a_system_confuses_get_folders_of_their_own() -> None:
    folders = class_folders(["Cat", "cat", "a/b", "a:b"])
    assert len({folder.casefold() for folder in folders.values()}) == 4
