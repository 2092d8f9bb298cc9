from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.records import Prediction
from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.recipes.organise import Level
from taxolens.workflows.organise_names import APART, ClassFolders, Facts, FileNames, folders_of

PARTS = st.text(st.characters(blacklist_characters="/\0"), min_size=1).filter(
    lambda part: part not in (".", "..")
)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: PurePosixPath(*parts))


def folders(
    labels: tuple[str, ...], *levels: Level, below: PurePosixPath | str = "a/b/1.jpg", **known: object
) -> tuple[str, ...]:
    result = Result(Prediction("x", "", 0.0, ()), **known)  # type: ignore[arg-type]
    facts = Facts(PurePosixPath(below), result, result.taken, result.camera)
    return folders_of(
        labels, "blank", facts, levels=levels, names=Names(()), classes=ClassFolders({}), language="en"
    )


@given(
    st.lists(st.text(), min_size=1, max_size=3),
    PATHS,
    st.lists(st.sampled_from(Level), min_size=1, unique=True),
)
def test_whatever_names_say_a_folder_lies_below_and_is_safe(
    labels: list[str], below: PurePosixPath, levels: list[Level]
) -> None:
    for named in (tuple(labels), ()):
        for folder in folders(
            named, *levels, below=below, site=labels[0], sequence=labels[-1], camera=labels[0]
        ):
            if not folder:
                continue  # beside the list, where no photo's folder is
            parts = folder.split("/")
            assert not {"..", ""} & set(parts)
            assert not set(folder) & set('<>:"\\|?*\0\n\x1b')
            assert parts[0].casefold() not in ("organised.csv", "organised.taxolens")
            assert all(len(part.encode()) <= 130 for part in parts)


@given(st.lists(st.text(), unique=True, max_size=12))
def test_no_two_classes_share_a_folder_also_where_case_does_not_count(labels: list[str]) -> None:
    classes = ClassFolders({})
    given_away = [classes.of(label) for label in labels]
    assert len({name.casefold() for name in (*given_away, *APART)}) == len(labels) + len(APART)
    later = ClassFolders(classes.given)
    assert [later.of(label) for label in reversed(labels)] == given_away[::-1]


@pytest.mark.parametrize(
    ("levels", "named", "apart"),
    [
        ((Level.SPECIES,), "fox", "blank"),
        ((Level.SITE, Level.SPECIES), "a/fox", "a/blank"),
        ((Level.SITE,), "a", "blank/a"),
        ((Level.DATE, Level.MONTH, Level.YEAR), "2026-05-31/2026-05/2026", "blank/2026-05-31/2026-05/2026"),
        ((Level.FOLDER, Level.NAME), "a/b/fox", "a/b/blank"),
        ((Level.EVENT, Level.CAMERA), "no event/no camera", "blank/no event/no camera"),
    ],
)
def test_a_pattern_makes_folders(levels: tuple[Level, ...], named: str, apart: str) -> None:
    taken = datetime(2026, 5, 31, 14, 5)
    assert folders(("fox",), *levels, taken=taken) == (named,)
    assert folders((), *levels, taken=taken) == (apart,)


def test_each_species_of_a_photo_has_it_in_its_folder() -> None:
    assert folders(("fox", "hare"), Level.SITE, Level.SPECIES) == ("a/fox", "a/hare")
    assert folders(("fox", "hare"), Level.SITE) == ("a",)


def test_a_photo_that_lies_nowhere_deep_has_a_folder_all_the_same() -> None:
    assert folders(("fox",), Level.FOLDER, below="1.jpg") == ("",)
    assert folders(("fox",), Level.SITE, below="1.jpg") == ("no site",)


def test_ten_thousand_photos_of_one_name_have_names_of_their_own(tmp_path: Path) -> None:
    names = FileNames(tmp_path, ())
    below = PurePosixPath("DCIM/IMG_0001.JPG")
    taken = {names.take("fox", below, ".JPG").casefold() for _ in range(10_000)}
    assert len(taken) == 10_000
    assert "fox/img_0001.jpg" in taken
