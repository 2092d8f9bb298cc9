"""A Camtrap DP package as labelled photos."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout

MEDIA = "mediaID,deploymentID,timestamp,filePath\n"
SAID = "mediaID,eventID,observationLevel,observationType,scientificName,observationTags,bboxX,bboxY,bboxWidth,bboxHeight\n"


def package(root: Path, media: str, said: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "datapackage.json").write_text("{}")
    (root / "media.csv").write_text(MEDIA + media)
    (root / "observations.csv").write_text(SAID + said, encoding="utf-8")
    (root / "deployments.csv").write_text("deploymentID,locationName\nd1,étang\n", encoding="utf-8")
    return root


def read(data: Path, photos: Path | None = None) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", photos=photos)


def test_observations_with_boxes_make_a_set_with_boxes(tmp_path: Path) -> None:
    root = package(
        tmp_path / "dp",
        "".join(f"m{n},d1,2024-01-06T03:35:01+01:00,a/{n}.jpg\n" for n in range(4)),
        "m0,e1,media,animal,Vulpes vulpes,label:fox,0,0,0.5,1\n"
        "m0,e1,media,human,,,0.5,0,0.5,1\n"
        "m1,,media,blank,,,,,,\n"
        "m2,,media,unclassified,,,,,,\n"
        ",e1,event,animal,Vulpes vulpes,,,,,\n",
    )
    for data in (root, root / "datapackage.json"):
        found = read(data)
        fox, human = Annotation("fox", Box(0, 0, 0.5, 1)), Annotation("human", Box(0.5, 0, 0.5, 1))
        assert [image.annotations for image in found.images] == [(fox, human), (), None, None]
        assert (found.layout, found.classes, found.unlabelled) == (Layout.CAMTRAP, ("fox", "human"), 2)
    first = found.images[0]
    assert (first.site, first.sequence, first.taken) == ("étang", "e1", datetime(2024, 1, 6, 3, 35, 1))
    assert [note.fields for note in found.notes] == [{"count": 1}]


def test_observations_without_boxes_name_whole_photos(tmp_path: Path) -> None:
    root = package(
        tmp_path / "dp",
        "".join(f"m{n},d1,,{n}.jpg\n" for n in range(4)),
        "m0,,media,animal,Vulpes vulpes,,,,,\nm1,,media,blank,,,,,,\nm2,,media,animal,Meles meles,,,,,\n"
        "m2,,media,animal,Vulpes vulpes,,,,,\n",
    )
    found = read(root)
    assert {image.name: image.label for image in found.images} == {"0.jpg": "Vulpes vulpes", "1.jpg": "blank"}
    assert (found.boxed, found.ignored) == (False, 2)


def test_photos_may_lie_elsewhere_and_a_package_names_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card/a b.jpg").write_bytes(b"x")
    root = package(tmp_path / "dp", "m0,d1,,a%20b.jpg\n", "m0,,media,animal,,label:fox,,,,\n")
    (image,) = read(root, tmp_path / "card").images
    assert image.path == tmp_path / "card/a b.jpg"
    package(root, "m0,d1,,../../x.jpg\n", "m0,,media,animal,,label:fox,,,,\n")
    zipped = Path(shutil.make_archive(str(tmp_path / "dp"), "zip", root))
    with pytest.raises(DataError, match="outside the archive"):
        read(zipped)
