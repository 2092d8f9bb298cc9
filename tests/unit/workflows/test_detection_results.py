"""Which photo of the data each name in a file of detections means."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.records import Image
from taxolens.formats.coco_found import FoundPhoto
from taxolens.workflows.detection_results import matching

IMAGES = [
    Image(Path("/data/set") / name, name)
    for name in ("site1/images/a.jpg", "site1/images/b.jpg", "site2/images/a.jpg", "000061.jpg", "z.jpg")
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("site1/images/a.jpg", 0),
        ("/data/set/site1/images/a.jpg", 0),
        ("/another/machine/site2/images/a.jpg", 2),
        ("images/b.jpg", 1),
        ("b.jpg", 1),
        ("b", 1),
        ("61", 3),
        ("000061", 3),
        ("a.jpg", None),  # two photos end so
        ("images/a.jpg", None),
        ("site3/images/b.jpg", None),
        ("c.jpg", None),
        ("", None),
    ],
)
def test_a_name_means_the_photo_whose_path_ends_with_it(name: str, expected: int | None) -> None:
    other = FoundPhoto("z.jpg", ())
    photo = FoundPhoto(name, ())
    found = matching(IMAGES, [photo, other])
    assert not found.by_file_name
    assert next((number for number, one in found.found.items() if one is photo), None) == expected
    assert (name in found.strangers) is (expected is None)


def test_file_names_alone_decide_where_no_folder_agrees() -> None:
    images = [
        Image(Path("/data/images/a.jpg"), "images/a.jpg"),
        Image(Path("/data/images/b.jpg"), "images/b.jpg"),
    ]
    found = matching(images, [FoundPhoto("upload/a.jpg", ()), FoundPhoto("upload/c.jpg", ())])
    assert found.by_file_name
    assert list(found.found) == [0]
    assert found.strangers == ("upload/c.jpg",)


def test_file_names_alone_do_not_decide_where_one_is_there_twice() -> None:
    images = [Image(Path("/data/images/a.jpg"), "images/a.jpg")]
    found = matching(images, [FoundPhoto("x/a.jpg", ()), FoundPhoto("y/a.jpg", ())])
    assert found.found == {} and len(found.strangers) == 2
