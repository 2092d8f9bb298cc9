"""Names for the photos of a prepared folder."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from taxolens.workflows.prepare_names import FreeNames, class_folders, safe_name


@given(st.text(max_size=80))
def test_a_safe_name_is_one_that_every_system_can_hold(text: str) -> None:
    name = safe_name(text)
    assert name and len(name.encode("utf-8")) <= 121 and not name.startswith(".")
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name) and name.strip() == name and name[-1] != "."
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


def test_what_turns_a_name_around_or_commands_a_terminal_is_left_out_and_right_to_left_writing_stays() -> (
    None
):
    assert safe_name("a\u202egpj.exe") == "a_gpj.exe" and safe_name("a\x9bb\u2066c") == "a_b_c"
    assert safe_name("\u05e9\u05d5\u05e2\u05dc") == "\u05e9\u05d5\u05e2\u05dc"


def test_a_long_name_does_not_end_in_a_space_or_dot_where_it_is_cut() -> None:
    assert safe_name("a" * 119 + " b") == "a" * 119
    assert safe_name("a" * 119 + ".b") == "a" * 119


def test_many_photos_of_one_name_are_named_in_time_that_does_not_grow_with_their_square() -> None:
    names, began = FreeNames(), time.perf_counter()
    taken = [names.take("train/deer", "IMG_0001", ".JPG") for _ in range(20_000)]
    assert len(set(taken)) == 20_000 and taken[1] == "train/deer/IMG_0001-2.JPG"
    assert names.take("train/deer", "IMG_0001-7", ".JPG") == "train/deer/IMG_0001-7-2.JPG"
    assert time.perf_counter() - began < 20
