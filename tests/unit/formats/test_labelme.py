"""LabelMe annotations, read and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout

HALF = Annotation("fox", Box(0.25, 0.5, 0.5, 0.5))
RECTANGLE = {"label": "fox", "points": [[10, 15], [30, 30]], "shape_type": "rectangle"}


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.new("RGB", (40, 30)).save(path)


def sheet(path: Path, *shapes: dict[str, Any], **more: Any) -> Path:
    """Writes one annotation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": f"{path.stem}.jpg",
        "imageData": None,
        "imageHeight": 30,
        "imageWidth": 40,
    }
    path.write_text(
        json.dumps({key: value for key, value in {**document, **more}.items() if value is not ...})
    )
    return path


def labelme(root: Path, *shapes: dict[str, Any], **more: Any) -> Path:
    photo(root / "1.jpg")
    sheet(root / "1.json", *shapes, **more)
    return root


def read(data: Path, lenient: bool = False) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", lenient=lenient)


def test_a_rectangle_is_a_box_whichever_corners_it_names(tmp_path: Path) -> None:
    corners = [[[10, 15], [30, 30]], [[30, 15], [10, 30]], [[10, 15], [30, 15], [30, 30], [10, 30]]]
    root = labelme(tmp_path / "set", *({**RECTANGLE, "points": points} for points in corners))
    found = read(root)
    assert found.images[0].annotations == (HALF, HALF, HALF)
    assert (found.layout, found.boxed, found.notes) == (Layout.LABELME, True, ())


def test_of_other_shapes_the_box_around_them_is_taken_and_that_is_told(tmp_path: Path) -> None:
    root = labelme(
        tmp_path / "set",
        {"label": "fox", "points": [[10, 20], [20, 15], [30, 20], [20, 30]], "shape_type": "polygon"},
        {"label": "fox", "points": [[20, 20], [20, 25]], "shape_type": "circle"},
        {"label": "fox", "points": [[10, 15], [30, 30]], "shape_type": "mask", "mask": "iVBO"},
        {"label": "fox", "points": [[10, 15]], "shape_type": "point"},
        {"label": "fox", "points": [[10, 15], [20, 20]], "shape_type": "line"},
    )
    found = read(root)
    around = Annotation("fox", Box(0.375, 0.5, 0.25, 10 / 30))
    assert found.images[0].annotations == (HALF, around, HALF)
    assert [note.fields for note in found.notes] == [
        {"count": 3},
        {"count": 2, "kinds": "line (1), point (1)"},
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"version": "3.16.7", "lineColor": [0, 255, 0, 128], "fillColor": [255, 0, 0, 128]},
        {"version": ..., "imageHeight": ..., "imageWidth": ...},
        {"version": "2.8.0", "imageHeight": None, "imageWidth": None},
        {"version": "6.0.0", "text": "x", "checked": True},
    ],
)
def test_files_of_other_versions_are_read(more: dict[str, Any], tmp_path: Path) -> None:
    old = {"label": "fox", "points": [[10, 15], [30, 15], [30, 30]], "line_color": None, "fill_color": None}
    assert read(labelme(tmp_path / "set", old, **more)).images[0].annotations == (HALF,)


@pytest.mark.parametrize("path", ["../images/1.jpg", "..\\images\\1.jpg", "C:\\me\\1.jpg", "1.jpg"])
def test_the_photo_is_found_by_its_name_or_by_its_path(path: str, tmp_path: Path) -> None:
    photo(tmp_path / "set/images/1.jpg")
    sheet(tmp_path / "set/json/1.json", RECTANGLE, imagePath=path)
    (image,) = read(tmp_path / "set").images
    assert (image.name, image.annotations) == ("images/1.jpg", (HALF,))


def test_a_photo_of_another_name_is_found_by_its_path(tmp_path: Path) -> None:
    photo(tmp_path / "set/images/other.jpg")
    sheet(tmp_path / "set/json/1.json", RECTANGLE, imagePath="..\\images\\other.jpg")
    (image,) = read(tmp_path / "set").images
    assert (image.name, image.annotations) == ("images/other.jpg", (HALF,))


def test_labels_that_lie_apart_lead_to_their_photos(tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere/1.jpg")
    sheet(tmp_path / "set/1.json", RECTANGLE, imagePath="../elsewhere/1.jpg")
    (image,) = read(tmp_path / "set").images
    assert image.path.resolve() == (tmp_path / "elsewhere/1.jpg").resolve()


def test_a_list_of_labels_gives_the_order_and_what_is_its_own_is_left_out(tmp_path: Path) -> None:
    root = labelme(tmp_path / "set", RECTANGLE)
    (root / "labels.txt").write_text("__ignore__\n_background_\nhare\nfox\n")
    assert read(root).classes == ("hare", "fox")


def test_folders_of_a_split_are_parts_and_shapes_may_be_none(tmp_path: Path) -> None:
    for folder in ("train", "val"):
        photo(tmp_path / "set" / folder / "1.jpg")
        sheet(tmp_path / "set" / folder / "1.json")
    photo(tmp_path / "set/val/2.jpg")
    found = read(tmp_path / "set")
    assert [image.part for image in found.images] == [Part.TRAIN, Part.VAL, Part.VAL]
    assert [image.annotations for image in found.images] == [(), (), None]


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ({**RECTANGLE, "label": ""}, "box_syntax"),
        ({**RECTANGLE, "label": None}, "box_syntax"),
        ({**RECTANGLE, "points": [[1, 2]]}, "box_syntax"),
        ({**RECTANGLE, "points": [[1, "x"], [3, 4]]}, "box_syntax"),
        ({**RECTANGLE, "points": None}, "box_syntax"),
        ({**RECTANGLE, "points": [[10, 10], [10, 20]]}, "box_empty"),
        ({**RECTANGLE, "points": [[-30, 10], [10, 20]]}, "box_outside"),
    ],
)
def test_a_shape_that_cannot_be_meant_is_told_with_its_file_and_number(
    shape: dict[str, Any], code: str, tmp_path: Path
) -> None:
    root = labelme(tmp_path / "set", RECTANGLE, shape)
    with pytest.raises(DataError, match=r"Object 2 in .*1\.json"):
        read(root)
    assert [one.code for one in read(root, lenient=True).problems] == [code]


@pytest.mark.parametrize("text", ['{"shapes": 3}', '{"shapes": [3]}', '{"shapes": [', '["shapes"]'])
def test_what_is_no_annotation_is_told(text: str, tmp_path: Path) -> None:
    root = labelme(tmp_path / "set", RECTANGLE)
    (root / "1.json").write_text(text)
    with pytest.raises(DataError, match=r"1\.json"):
        read(root)


def test_one_file_alone_is_no_set(tmp_path: Path) -> None:
    root = labelme(tmp_path / "set", RECTANGLE)
    with pytest.raises(DataError, match="Name the folder"):
        read(root / "1.json")
