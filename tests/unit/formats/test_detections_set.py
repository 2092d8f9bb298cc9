"""A file of detections as a set of photos with boxes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout

LEFT, RIGHT = [0, 0, 0.5, 1], [0.5, 0, 0.5, 1]


def write(file: Path, *images: dict[str, Any], **more: Any) -> Path:
    document = {
        "info": {"format_version": "1.5"},
        "detection_categories": {"1": "animal", "2": "person"},
        "images": images,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**document, **more}))
    for image in images:
        photo = file.parent / image["file"]
        if ".." not in photo.parts:
            photo.parent.mkdir(parents=True, exist_ok=True)
            photo.write_bytes(b"x")
    return file


def found(conf: float, box: list[float], **more: Any) -> dict[str, Any]:
    return {"category": "1", "conf": conf, "bbox": box, **more}


def read(data: Path, **more: Any) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", **more)


def test_boxes_that_are_sure_enough_count_and_the_others_are_told(tmp_path: Path) -> None:
    file = write(
        tmp_path / "card/md.json",
        {"file": "a/1.jpg", "detections": [found(0.9, LEFT), found(0.15, RIGHT)]},
        {"file": "a/2.jpg", "detections": [found(0.1, LEFT)]},
        {"file": "a/3.jpg", "failure": "torn", "detections": None},
    )
    usual, strict = read(file), read(file, threshold=0.05)
    assert [image.annotations for image in usual.images] == [
        (Annotation("animal", Box(0, 0, 0.5, 1)),),
        (),
        None,
    ]
    assert [len(image.annotations or ()) for image in strict.images] == [2, 1, 0]
    assert [note.fields for note in usual.notes] == [{"threshold": 0.2, "count": 2}] and strict.notes == ()
    assert (usual.layout, usual.classes, usual.unlabelled) == (Layout.DETECTIONS, ("animal", "person"), 1)


def test_the_threshold_that_the_file_calls_typical_counts(tmp_path: Path) -> None:
    info = {"format_version": "1.5", "detector_metadata": {"typical_detection_threshold": 0.8}}
    file = write(tmp_path / "md.json", {"file": "1.jpg", "detections": [found(0.7, LEFT)]}, info=info)
    assert read(file).images[0].annotations == ()


def test_what_a_classifier_says_is_the_class(tmp_path: Path) -> None:
    said = found(0.9, LEFT, classifications=[["0", 0.6], ["1", 0.3]])
    file = write(
        tmp_path / "md.json",
        {"file": "1.jpg", "detections": [said]},
        classification_categories={"0": "fox", "1": "hare"},
    )
    labelled = read(file)
    assert labelled.images[0].annotations == (Annotation("fox", Box(0, 0, 0.5, 1)),)
    assert labelled.classes == ("animal", "person", "fox", "hare")


def test_photos_may_lie_elsewhere(tmp_path: Path) -> None:
    file = write(tmp_path / "card/1.json", {"file": "1.jpg", "detections": []})
    moved = Path(shutil.copy(file, tmp_path / "md.json"))
    (image,) = read(moved, photos=tmp_path / "card").images
    assert (image.path, image.name) == (tmp_path / "card/1.jpg", "1.jpg")


def test_a_folder_of_classes_beside_which_a_file_lies_keeps_its_classes(tmp_path: Path) -> None:
    write(tmp_path / "set/md.json", {"file": "cow/1.jpg", "detections": [found(0.9, LEFT)]})
    assert not read(tmp_path / "set").boxed
    (tmp_path / "set/md.json").rename(tmp_path / "set/detections.json")
    assert read(tmp_path / "set").boxed


def test_fields_of_ours_tell_part_site_and_sequence_and_videos_are_left_out(tmp_path: Path) -> None:
    file = write(
        tmp_path / "md.json",
        {"file": "1.jpg", "detections": [], "split": "val", "location": "A", "seq_id": 7},
        {"file": "2.mp4", "detections": []},
    )
    labelled = read(file)
    (image,) = labelled.images
    assert (image.part, image.site, image.sequence) == (Part.VAL, "A", "7")
    assert [note.fields["count"] for note in labelled.notes if "Videos" in note.text] == [1]


def test_a_photo_listed_twice_is_told(tmp_path: Path) -> None:
    file = write(tmp_path / "md.json", *[{"file": "1.jpg", "detections": []}] * 2)
    with pytest.raises(DataError, match="twice"):
        read(file)


def test_a_file_of_unknown_origin_names_nothing_outside_it(tmp_path: Path) -> None:
    write(tmp_path / "set/detections.json", {"file": "../../x.jpg", "detections": []})
    zipped = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "set"))
    with pytest.raises(DataError, match="outside the archive"):
        read_labelled(zipped, unpack_to=tmp_path / "home")
