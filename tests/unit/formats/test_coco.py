"""COCO annotations and COCO Camera Traps, read and written."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image, Part
from taxolens.formats.coco import write_coco
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout, Sized

CLASSES = ("fox", "café crème")


def document(**more: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 200, "height": 100}],
        "categories": [{"id": 1, "name": "fox"}, {"id": 2, "name": "café crème"}],
        "annotations": [{"id": 7, "image_id": 1, "category_id": 2, "bbox": [20, 10, 40, 50]}],
        **more,
    }


def put(path: Path, values: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def photo(path: Path, size: tuple[int, int] = (200, 100), orientation: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", size).save(path, exif=exif)
    return path


def read(data: Path, lenient: bool = False) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", lenient=lenient)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (document(annotations=[]), r"No annotation in .*annotations\.coco\.json has a box"),
        (
            {key: rows for key, rows in document().items() if key != "annotations"},
            "No annotation in",
        ),
        (
            document(annotations=[{"id": n, "image_id": 1, "category_id": n} for n in (1, 2)]),
            "says the one class of a whole photo",
        ),
        (document(images=[], annotations=[]), r"annotations\.coco\.json names no photos"),
        ({"images": []}, r"What it lacks: categories\."),
        ({}, r"What it lacks: images, categories\."),
        (document(annotations={}), r"What it lacks: annotations\."),
    ],
)
def test_a_file_that_says_nothing_of_its_photos_is_told_by_what_it_lacks(
    values: dict[str, Any], words: str, tmp_path: Path
) -> None:
    file = put(tmp_path / "set/annotations.coco.json", values)
    photo(tmp_path / "set/1.jpg")
    for data in (file, file.parent):
        with pytest.raises(DataError, match=words):
            read(data)


def test_photos_without_annotations_are_read_where_labels_are_not_needed(tmp_path: Path) -> None:
    file = put(tmp_path / "set/annotations.coco.json", document(annotations=[]))
    found = read_labelled(file, unpack_to=tmp_path / "home", unlabelled=True)
    assert [(image.name, image.label, image.annotations) for image in found.images] == [("1.jpg", None, None)]
    assert (found.ignored, found.boxed) == (0, False)


def test_absolute_pixels_become_shares_of_the_photo(tmp_path: Path) -> None:
    file = put(tmp_path / "set/annotations.coco.json", document())
    photo(tmp_path / "set/1.jpg")
    for data in (file, file.parent):
        found = read(data)
        (image,) = found.images
        assert image.annotations == (Annotation("café crème", Box(0.1, 0.1, 0.2, 0.5)),)
        assert (image.label, image.path, image.name) == (None, tmp_path / "set/1.jpg", "1.jpg")
        assert (found.layout, found.boxed, found.classes, found.file) == (Layout.COCO, True, CLASSES, file)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("told", ["upright", "stored"])
def test_boxes_of_photos_on_their_side_are_turned_as_the_pixels_are(
    orientation: int, told: str, tmp_path: Path
) -> None:
    """The painted box, wherever a viewer shows it, is the one that is read."""
    stored = Pillow.new("RGB", (200, 100))
    stored.paste((255, 255, 255), (20, 10, 60, 60))
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "1.jpg", exif=exif, quality=95)
    from PIL import ImageOps

    with Pillow.open(tmp_path / "1.jpg") as opened:
        shown = ImageOps.exif_transpose(opened).convert("L").point(lambda value: 255 * (value > 128))
    left, top, right, bottom = shown.getbbox() or (0, 0, 0, 0)
    values = document()
    if told == "upright" or orientation < 5:  # a file about a photo that is not on its side means it upright
        values["images"][0] |= {"width": shown.width, "height": shown.height}
        values["annotations"][0]["bbox"] = [left, top, right - left, bottom - top]
    else:
        values["annotations"][0]["bbox"] = [20, 10, 40, 50]
    (image,) = read(put(tmp_path / "c.json", values)).images
    assert image.annotations is not None
    box = image.annotations[0].box
    found = (box.x * shown.width, box.y * shown.height)
    assert found == pytest.approx((left, top), abs=1.5)
    assert (box.width * shown.width, box.height * shown.height) == pytest.approx(
        (right - left, bottom - top), abs=1.5
    )


def test_sizes_that_the_file_lacks_are_taken_from_the_photo(tmp_path: Path) -> None:
    photo(tmp_path / "1.jpg")
    values = document(images=[{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "gone.jpg"}])
    values["annotations"].append({"id": 8, "image_id": 2, "category_id": 1, "bbox": [0, 0, 4, 4]})
    found = read(put(tmp_path / "c.json", values))
    assert [image.annotations for image in found.images] == [
        (Annotation("café crème", Box(0.1, 0.1, 0.2, 0.5)),),
        None,
    ]


def test_an_image_without_annotations_is_empty(tmp_path: Path) -> None:
    values = document()
    values["images"].append({"id": 2, "file_name": "2.jpg", "width": 10, "height": 10})
    found = read(put(tmp_path / "c.json", values))
    assert (found.images[1].annotations, found.unlabelled) == ((), 0)


def test_camera_trap_fields_tell_site_event_and_time(tmp_path: Path) -> None:
    row = {"id": "a", "file_name": "x/1.jpg", "width": 10, "height": 10, "location": 33, "seq_id": "s1"}
    values = document(
        images=[{**row, "datetime": "2011-05-13 23:43:18"}, {**row, "id": "b", "file_name": "2.jpg"}],
        annotations=[
            {"id": "1", "image_id": "a", "category_id": 1, "bbox_relative": [0.25, 0.5, 0.5, 0.5]},
            {"id": "2", "image_id": "b", "category_id": 2},
        ],
    )
    found = read(put(tmp_path / "c.json", values))
    first, second = found.images
    assert (first.site, first.sequence, first.taken) == ("33", "s1", datetime(2011, 5, 13, 23, 43, 18))
    assert first.annotations == (Annotation("fox", Box(0.25, 0.5, 0.5, 0.5)),)
    assert second.annotations is None and found.unlabelled == 1  # named as a whole, nothing drawn


def test_classes_of_whole_images_become_labels(tmp_path: Path) -> None:
    rows = [{"id": number, "file_name": f"{number}.jpg"} for number in range(4)]
    named = [(0, 1), (1, 2), (2, 1), (2, 2)]
    values = document(
        images=rows,
        annotations=[{"id": n, "image_id": i, "category_id": c} for n, (i, c) in enumerate(named)],
    )
    found = read(put(tmp_path / "c.json", values))
    assert [(image.name, image.label) for image in found.images] == [
        ("0.jpg", "fox"),
        ("1.jpg", "café crème"),
    ]
    assert (found.ignored, found.boxed, found.images[0].annotations) == (2, False, None)


def test_empty_images_of_a_boxed_camera_trap_file_are_empty(tmp_path: Path) -> None:
    values = document(categories=[{"id": 0, "name": "Empty"}, {"id": 2, "name": "fox"}])
    values["images"].append({"id": 2, "file_name": "2.jpg"})
    values["images"].append({"id": 3, "file_name": "3.jpg", "width": 9, "height": 9})
    values["annotations"].append({"id": 8, "image_id": 2, "category_id": 0})
    values["annotations"].append({"id": 9, "image_id": 3, "category_id": 0, "bbox": [0, 0, 9, 9]})
    found = read(put(tmp_path / "c.json", values))
    assert [image.annotations for image in found.images[1:]] == [(), ()]
    assert (found.classes, found.unlabelled) == (("fox",), 0)


def test_roboflow_folders_are_parts_and_their_root_category_is_none(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        values = document(
            categories=[
                {"id": 0, "name": "animals-kz1", "supercategory": "none"},
                {"id": 1, "name": "fox", "supercategory": "animals-kz1"},
                {"id": 2, "name": "hare", "supercategory": "animals-kz1"},
            ]
        )
        put(tmp_path / "set" / part / "_annotations.coco.json", values)
        photo(tmp_path / "set" / part / "1.jpg")
    found = read(tmp_path / "set")
    assert [(image.name, image.part) for image in found.images] == [
        ("train/1.jpg", Part.TRAIN),
        ("valid/1.jpg", Part.VAL),
    ]
    assert found.classes == ("fox", "hare")


def test_the_folders_of_the_original_are_found(tmp_path: Path) -> None:
    put(tmp_path / "set/annotations/instances_val2017.json", document())
    photo(tmp_path / "set/val2017/1.jpg")
    (image,) = read(tmp_path / "set").images
    assert (image.path.is_file(), image.part) == (True, Part.VAL)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bbox": [1, 2, 3]}, "box_syntax"),
        ({"bbox": "1 2 3 4"}, "box_syntax"),
        ({"bbox": [1, 2, None, 4]}, "box_syntax"),
        ({"category_id": 9}, "box_class"),
        ({"bbox": [1, 2, 0, 4]}, "box_empty"),
        ({"bbox": [190, 2, 40, 4]}, "box_outside"),
        ({"image_id": 5}, "box_image"),
    ],
)
def test_an_annotation_that_cannot_be_meant_is_told_with_file_and_number(
    change: dict[str, Any], code: str, tmp_path: Path
) -> None:
    values = document()
    values["annotations"] = [values["annotations"][0], {**values["annotations"][0], "id": 77, **change}]
    file = put(tmp_path / "c.json", values)
    with pytest.raises(DataError, match=r"Annotation 77 in .*c\.json"):
        read(file)
    found = read(file, lenient=True)
    assert [problem.code for problem in found.problems] == [code]
    assert found.images[0].annotations and found.images[0].annotations[0].label == "café crème"


def test_an_image_listed_twice_is_told(tmp_path: Path) -> None:
    values = document()
    values["images"] *= 2
    with pytest.raises(DataError, match="twice"):
        read(put(tmp_path / "c.json", values))
    found = read(tmp_path / "c.json", lenient=True)
    assert (len(found.images), found.problems[0].code) == (1, "image_twice")


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "[" * 100_000, '{"images": [], "annotations": 3, "categories": []}', "\xff"]
)
def test_what_is_no_coco_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"c\.json is no"):
        read(tmp_path / "c.json")


def test_a_file_of_unknown_origin_names_nothing_outside_it(tmp_path: Path) -> None:
    import shutil

    for name in ("../1.jpg", str(tmp_path / "1.jpg"), "..\\1.jpg"):
        values = document()
        values["images"][0]["file_name"] = name
        put(tmp_path / "set/annotations.coco.json", values)
        zipped = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "set"))
        with pytest.raises(DataError, match="outside the archive"):
            read(zipped)


@st.composite
def sized(draw: st.DrawFn) -> tuple[int, int, list[tuple[str, tuple[int, int, int, int]]] | None]:
    """A photo's size and boxes of whole pixels in it, down to a single one; None: not looked at."""
    width, height = draw(st.integers(1, 12_000)), draw(st.integers(1, 12_000))
    found = []
    for _ in range(draw(st.integers(0, 3))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        box = (x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
        found.append((draw(st.sampled_from(CLASSES)), box))
    return width, height, draw(st.sampled_from([found, found, None]))


@given(photos=st.lists(sized(), max_size=4))
def test_what_is_written_is_read_back(
    photos: list[tuple[int, int, list[tuple[str, tuple[int, int, int, int]]] | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("coco")
    written = []
    for number, (width, height, found) in enumerate(photos):
        annotations = (
            None
            if found is None
            else tuple(
                Annotation(label, Box(x / width, y / height, w / width, h / height))
                for label, (x, y, w, h) in found
            )
        )
        name = f"ünï {number}.png"
        image = Image(
            root / name,
            name,
            site="A",
            sequence="s",
            taken=datetime(2024, 1, 6, 3, 35, 1),
            part=Part.VAL,
            annotations=annotations,
        )
        written.append(Sized(image, width, height))
    box = Annotation("fox", Box(0, 0, 1, 1))  # a file without any box would be one of whole images
    last = Sized(Image(root / "z.png", "z.png", annotations=(box,)), 1, 1)
    write_coco(root / "c.json", [*written, last], CLASSES)
    again = read(root / "c.json")
    assert [image for image in again.images[:-1]] == [one.image for one in written]
    assert again.classes == CLASSES
    first = (root / "c.json").read_bytes()
    write_coco(root / "c.json", [*written, last], CLASSES)
    assert (root / "c.json").read_bytes() == first
    _check_schema(json.loads(first), [found for _, _, found in photos])


def _check_schema(values: dict[str, Any], found: list[Any]) -> None:
    """What https://cocodataset.org/#format-data asks of object detection."""
    assert {"info", "licenses", "images", "annotations", "categories"} <= values.keys()
    ids = [image["id"] for image in values["images"]]
    assert len(set(ids)) == len(ids) and all(isinstance(one, int) for one in ids)
    for image in values["images"]:
        assert isinstance(image["file_name"], str)
        assert isinstance(image["width"], int) and isinstance(image["height"], int)
    names = {one["id"]: one["name"] for one in values["categories"]}
    assert tuple(names.values()) == CLASSES and 0 not in names
    numbers = [one["id"] for one in values["annotations"]]
    assert len(set(numbers)) == len(numbers)
    for one in values["annotations"]:
        assert one["image_id"] in ids and one["category_id"] in names and one["iscrowd"] == 0
        x, y, width, height = one["bbox"]
        assert min(x, y) >= 0 and min(width, height) > 0 and one["area"] == width * height
    pixels = [list(box) for boxes in found if boxes for _, box in boxes]
    assert [one["bbox"] for one in values["annotations"]][:-1] == pixels


def test_a_class_that_is_not_listed_is_not_written(tmp_path: Path) -> None:
    image = Image(tmp_path / "1.jpg", "1.jpg", annotations=(Annotation("elk", Box(0, 0, 1, 1)),))
    with pytest.raises(DataError, match="elk"):
        write_coco(tmp_path / "c.json", [Sized(image, 4, 4)], CLASSES)
    assert not (tmp_path / "c.json").exists()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a" * 5000, 10**400, -1, 0, 1, "1", "1.jpg", [0, 0, 1, 1], "fox"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
KEYS = {
    "images": ("id", "file_name", "width", "height", "location", "seq_id", "datetime", "split"),
    "annotations": ("id", "image_id", "category_id", "bbox", "bbox_relative"),
    "categories": ("id", "name", "supercategory"),
}


@given(data=st.data(), lenient=st.booleans())
def test_whatever_stands_in_a_file_is_read_or_told(
    data: st.DataObject, lenient: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = document()
    table = data.draw(st.sampled_from(sorted(KEYS)))
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(values[table]))
        row[data.draw(st.sampled_from(KEYS[table]))] = data.draw(anything)
    if data.draw(st.booleans()):
        values[table].append(dict(values[table][0]))
    file = put(tmp_path_factory.mktemp("coco") / "c.json", values)
    try:
        found = read(file, lenient=lenient)
    except DataError as error:
        assert error.told()
    else:
        assert all(isinstance(image, Image) for image in found.images)


def test_numbers_of_images_written_as_fractions_are_the_same_numbers(tmp_path: Path) -> None:
    photo(tmp_path / "set/1.jpg")
    one = {"id": 7, "image_id": 1.0, "category_id": 2.0, "bbox": [20, 10, 40, 50]}
    put(tmp_path / "set/annotations.coco.json", document(annotations=[one]))
    (image,) = read(tmp_path / "set").images
    assert image.annotations == (Annotation("café crème", Box(0.1, 0.1, 0.2, 0.5)),)


def test_an_id_that_is_the_file_name_of_another_image_is_no_second_one(tmp_path: Path) -> None:
    rows = [{"id": "2.jpg", "file_name": "1.jpg"}, {"id": "1.jpg", "file_name": "2.jpg"}]
    one = {"id": 1, "image_id": "1.jpg", "category_id": 1, "bbox": [0, 0, 10, 10]}
    for name in ("1.jpg", "2.jpg"):
        photo(tmp_path / "set" / name)
    put(tmp_path / "set/annotations.coco.json", document(images=rows, annotations=[one]))
    assert {image.name: len(image.annotations or ()) for image in read(tmp_path / "set").images} == {
        "1.jpg": 0,
        "2.jpg": 1,
    }


def test_half_characters_that_json_can_spell_are_no_file_and_do_no_harm_in_names(tmp_path: Path) -> None:
    photo(tmp_path / "set/1.jpg")
    file = put(tmp_path / "set/annotations.coco.json", document(categories=[{"id": 2, "name": "\ud800x"}]))
    assert read(tmp_path / "set").classes == ("?x",)
    put(file, document(images=[{"id": 1, "file_name": "\ud800.jpg", "width": 200, "height": 100}]))
    with pytest.raises(DataError, match="names no file"):
        read(tmp_path / "set")


def test_annotations_of_one_number_are_all_read_and_that_is_told(tmp_path: Path) -> None:
    box = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}
    document = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 4, "height": 4}],
        "categories": [{"id": 1, "name": "fox"}],
        "annotations": [box, {**box, "bbox": [2, 2, 2, 2]}],
    }
    found = read(put(tmp_path / "c.json", document))
    assert len(found.images[0].annotations or ()) == 2
    assert [note.fields["count"] for note in found.notes] == [1]
