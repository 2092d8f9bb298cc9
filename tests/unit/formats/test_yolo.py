"""YOLO labels, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image, Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout
from taxolens.formats.yolo import write_yolo

CLASSES = ("fox", "café crème")
NAMES = ", ".join(CLASSES)


def write(root: Path, **files: str) -> Path:
    """Writes texts; `__` stands for a slash, photos hold one byte."""
    for name, text in files.items():
        put(root, name.replace("__", "/"), text)
    return root


def put(root: Path, name: str, text: str = "x") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def yolo(root: Path, label: str = "1 0.5 0.5 0.25 0.5\n") -> Path:
    put(root, "classes.txt", "\n".join(CLASSES) + "\n")
    put(root, "images/1.jpg")
    put(root, "labels/1.txt", label)
    return root


def read(data: Path, lenient: bool = False) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", lenient=lenient)


def test_images_beside_labels_carry_boxes_and_no_label(tmp_path: Path) -> None:
    found = read(yolo(tmp_path / "set"))
    (image,) = found.images
    assert image.annotations == (Annotation("café crème", Box(0.375, 0.25, 0.25, 0.5)),)
    assert (image.name, image.label, image.groups) == ("images/1.jpg", None, ())
    assert (found.layout, found.boxed, found.classes) == (Layout.YOLO, True, CLASSES)
    assert found.file == tmp_path / "set/classes.txt"


def test_an_empty_text_says_nothing_is_there_and_a_missing_one_says_nothing(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    for name in ("images/empty.jpg", "images/missing.jpg"):
        put(root, name)
    put(root, "labels/empty.txt", "\n")
    found = read(root)
    said = {image.path.stem: image.annotations for image in found.images}
    assert (said["empty"], said["missing"], found.unlabelled) == ((), None, 1)


@pytest.mark.parametrize("place", ["classes.txt", "labels/classes.txt", "obj.names"])
def test_labels_may_lie_beside_their_photos(place: str, tmp_path: Path) -> None:
    put(tmp_path / "set", "photos/1.jpg" if "/" in place else "1.jpg")
    put(tmp_path / "set", "photos/1.txt" if "/" in place else "1.txt", "0 0.5 0.5 1 1")
    if "/" in place:  # a folder of labels counts too, whatever lies beside the photos
        put(tmp_path / "set", "labels/other.txt", "")
    put(tmp_path / "set", place, "fox\n")
    (image,) = read(tmp_path / "set").images
    assert image.annotations == (Annotation("fox", Box(0, 0, 1, 1)),)


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("train: ../train/images\nval: ../valid/images\n", ("train/images", "valid/images")),  # Roboflow
        ("path: .\ntrain: images/train\nval: images/val\n", ("images/train", "images/val")),
        ("path: /elsewhere/set\ntrain: images/train\nval: [images/val]\n", ("images/train", "images/val")),
        (
            "train: /content/set/train/images\nval: /content/set/valid/images\n",
            ("train/images", "valid/images"),
        ),
        ("train: train.txt\nval: val.txt\n", ("images/train", "images/val")),
        ("", ("train/images", "valid/images")),
        ("", ("images/train", "images/val")),
    ],
)
@pytest.mark.parametrize("names", ["names: [fox, hare]\n", "names:\n  1: hare\n  0: fox\n"])
def test_a_data_yaml_names_classes_and_the_photos_of_each_part(
    text: str, folders: tuple[str, str], names: str, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    put(root, "data.yaml", names + text + "test:\nnc: 2\n")
    for folder in folders:
        put(root, f"{folder}/1.jpg")
        put(root, f"{folder}/1.txt".replace("images", "labels"), "1 .5 .5 .1 .1")
        put(root, f"{folder.removeprefix('images/')}.txt", f"./{folder}/1.jpg\n")
    for data in (root, root / "data.yaml"):
        found = read(data)
        assert [image.part for image in found.images] == [Part.TRAIN, Part.VAL]
        assert found.classes == ("fox", "hare")
        assert all(image.annotations and image.annotations[0].label == "hare" for image in found.images)


def test_a_set_whose_val_repeats_its_train_has_no_parts(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "data.yaml", f"names: [{NAMES}]\ntrain: images\nval: images\n")
    assert [image.part for image in read(root).images] == [None]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1 0.5 0.5 0.25", "box_syntax"),
        ("1 0.5 0.5 0.25 0.5 0.9", "box_syntax"),
        ("fox 0.5 0.5 0.25 0.5", "box_syntax"),
        ("1 0.5 nan 0.25 0.5", "box_syntax"),
        ("0.5 0.5 0.5 0.25 0.5", "box_syntax"),
        ("2 0.5 0.5 0.25 0.5", "box_class"),
        ("-1 0.5 0.5 0.25 0.5", "box_class"),
        ("0 0.5 0.5 0 0.5", "box_empty"),
        ("0 0.9 0.5 0.25 0.5", "box_outside"),
        ("0 320 240 64 64", "box_outside"),
    ],
)
def test_a_line_that_cannot_be_meant_is_told_with_file_and_line(line: str, code: str, tmp_path: Path) -> None:
    root = yolo(tmp_path / "set", f"0 0.5 0.5 0.1 0.1\n{line}\n")
    with pytest.raises(DataError, match=r"Line 2 of .*1\.txt"):
        read(root)
    found = read(root, lenient=True)
    (problem,) = found.problems
    assert (problem.name, problem.line, problem.code, problem.detail) == ("images/1.jpg", 2, code, line)
    assert found.images[0].annotations is not None and found.images[0].annotations[0].label == "fox"


def test_a_box_that_leaves_the_photo_by_rounding_is_cut_at_its_edge(tmp_path: Path) -> None:
    (image,) = read(yolo(tmp_path / "set", "0 0.999 0.5 0.0021 1.00005")).images
    assert image.annotations is not None
    box = image.annotations[0].box
    assert (box.x + box.width, box.y, box.height) == pytest.approx((1.0, 0.0, 1.0))


def test_what_names_no_classes_is_told(tmp_path: Path) -> None:
    for number, (name, text) in enumerate(
        [("data.yaml", "names: 3\ntrain: images\n"), ("classes.txt", "\n"), ("classes.txt", "a\na\n")]
    ):
        root = yolo(tmp_path / str(number))
        (root / "classes.txt").unlink()
        put(root, name, text)
        with pytest.raises(DataError, match=r"does not name classes|twice"):
            read(root)
    (root / "classes.txt").unlink()
    with pytest.raises(DataError, match=r"classes\.txt with one name a line"):
        read(root)


def test_a_list_of_classes_beside_class_folders_makes_no_boxes(tmp_path: Path) -> None:
    put(tmp_path / "set", "classes.txt", "cow\nelk\n")
    put(tmp_path / "set", "notes.txt", "cow\nelk\n")
    for name in ("cow/1.jpg", "elk/2.jpg"):
        put(tmp_path / "set", name)
    found = read(tmp_path / "set")
    assert not found.boxed and {image.label for image in found.images} == {"cow", "elk"}


def test_a_table_beside_boxes_adds_what_it_says_of_the_photos(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "images/2.jpg")
    put(root, "labels.csv", "file,label,site,split\nimages/1.jpg,fox,A,test\nimages/9.jpg,fox,A,train\n")
    first, second = read(root).images
    assert (first.label, first.site, first.part, second.label) == ("fox", "A", Part.TEST, None)
    assert first.annotations


def test_a_set_of_unknown_origin_names_nothing_outside_it(tmp_path: Path) -> None:
    import shutil

    put(tmp_path, "secret/images/1.jpg")
    for text in ("train: ../../../secret\n", f"train: {tmp_path}/secret\n", "train: list.txt\n"):
        root = yolo(tmp_path / "set")
        put(root, "data.yaml", f"names: [{NAMES}]\n" + text)
        put(root, "list.txt", f"{tmp_path}/secret/images/1.jpg\n")
        zipped = Path(shutil.make_archive(str(tmp_path / "set"), "zip", root))
        with pytest.raises(DataError, match=r"outside the archive|None of the folders"):
            read_labelled(zipped, unpack_to=tmp_path / "a" / "b" / "c")


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes of whole pixels of a photo, down to a single one."""
    side = draw(st.integers(1, 12_000))
    x, y = draw(st.integers(0, side - 1)), draw(st.integers(0, side - 1))
    width, height = draw(st.integers(1, side - x)), draw(st.integers(1, side - y))
    return Box(x / side, y / side, width / side, height / side)


@given(
    found=st.lists(st.none() | st.lists(st.tuples(st.sampled_from(CLASSES), boxes()), max_size=3), max_size=4)
)
def test_what_is_written_is_read_back(
    found: list[list[tuple[str, Box]] | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("yolo")
    images = []
    for number, annotated in enumerate(found):
        path = put(root, f"images/ünïcode {number}.jpg")
        annotations = None if annotated is None else tuple(Annotation(*one) for one in annotated)
        images.append(Image(path, path.relative_to(root).as_posix(), annotations=annotations))
    put(root, "images/zz.jpg")
    write_yolo(root, [*images, Image(root / "images/zz.jpg", "images/zz.jpg", annotations=())], CLASSES)
    again = read(root)
    assert again.classes == CLASSES and again.problems == ()
    assert again.unlabelled == sum(one is None for one in found)
    read_back = {image.name: image for image in again.images}
    for before in images:
        after = read_back[before.name]
        assert (before.annotations is None) == (after.annotations is None)
        for one, other in zip(before.annotations or (), after.annotations or (), strict=True):
            assert one.label == other.label
            assert (one.box.x, one.box.y) == pytest.approx((other.box.x, other.box.y), abs=1e-11)
            assert (one.box.width, one.box.height) == pytest.approx(
                (other.box.width, other.box.height), abs=1e-11
            )
    texts = {file: file.read_bytes() for file in root.rglob("*.txt")}
    write_yolo(root, again.images, again.classes)
    if not any(box.x == 0 or box.y == 0 for image in images for box in _boxes(image)):
        assert {file: file.read_bytes() for file in root.rglob("*.txt")} == texts


def _boxes(image: Image) -> list[Box]:
    return [one.box for one in image.annotations or ()]


def test_parts_get_a_folder_each_and_data_yaml_names_them(tmp_path: Path) -> None:
    images = []
    for part in ("train", "val"):
        path = put(tmp_path, f"images/{part}/1.jpg")
        images.append(Image(path, path.name, annotations=(Annotation("fox", Box(0.1, 0.1, 0.2, 0.2)),)))
    write_yolo(tmp_path, [images[0], images[1]], ("fox",), (Part.TRAIN, Part.VAL))
    described = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))
    assert described == {"train": "images/train", "val": "images/val", "nc": 1, "names": {0: "fox"}}
    assert [image.part for image in read(tmp_path).images] == [Part.TRAIN, Part.VAL]
    assert (tmp_path / "labels/train/1.txt").read_text() == "0 0.2 0.2 0.2 0.2\n"


def test_what_cannot_be_written_as_yolo_is_told(tmp_path: Path) -> None:
    box = (Annotation("fox", Box(0, 0, 1, 1)),)
    first, second = (
        Image(tmp_path / f"images/1.{end}", f"1.{end}", annotations=box) for end in ("jpg", "png")
    )
    with pytest.raises(DataError, match=r"1\.jpg and 1\.png would share"):
        write_yolo(tmp_path, [first, second], ("fox",))
    with pytest.raises(DataError, match="none of the classes"):
        write_yolo(tmp_path, [first], ("hare",))
    with pytest.raises(DataError, match="does not lie in"):
        write_yolo(tmp_path / "other", [first], ("fox",))


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "photos", "found"),
    [("collembola", 402, 1119), ("animals7", 238, 343), ("stickytraps", 18, 1721)],
)
def test_real_labels_say_what_the_real_coco_file_says(
    name: str, photos: int, found: int, shared_data: Path, tmp_path: Path
) -> None:
    by_label = read_labelled(shared_data / name / f"{name}_train.zip", unpack_to=tmp_path)
    by_coco = read_labelled(by_label.root / "annotations.coco.json", unpack_to=tmp_path)
    assert by_label.classes == by_coco.classes
    assert len(by_label.images) == photos
    assert sum(len(image.annotations or ()) for image in by_label.images) == found
    others = {image.name: image.annotations for image in by_coco.images}
    for image in by_label.images:
        for one, other in zip(image.annotations or (), others[image.name] or (), strict=True):
            assert one.label == other.label
            assert abs(one.box.x - other.box.x) + abs(one.box.width - other.box.width) < 5e-5
            assert abs(one.box.y - other.box.y) + abs(one.box.height - other.box.height) < 5e-5


@given(
    yaml_text=st.text(alphabet="names:[]{}0123,.- \n'\"&*!traivlpth", max_size=40)
    | st.sampled_from(
        [
            "names: [a]\ntrain: " + "x" * 5000,
            "names: {0: a, 2: b}\n",
            "names: &a [*a]\n",
            "names: [[a]]\n",
            "names: [a]\npath: [1]\ntrain: {a: b}\n",
            "names: [a]\ntrain: 3\nval: [1, {}]\n",
            "- names\n",
            "names: !!python/object/apply:os.system ['true']\n",
        ]
    ),
    label=st.text(alphabet="0123456789.- e\nnaif\t", max_size=60),
)
def test_whatever_stands_in_a_set_is_read_or_told(
    yaml_text: str, label: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = yolo(tmp_path_factory.mktemp("set"), label)
    put(root, "data.yaml", yaml_text)
    for data in (root, root / "data.yaml"):
        try:
            found = read(data, lenient=True)
        except DataError as error:
            assert error.told()
        else:
            assert found.boxed


@pytest.mark.parametrize("names", ["{1: fox, 2: owl}", "{0: fox, 2: owl}", "{fox: 0}"])
def test_classes_that_are_not_numbered_from_0_are_refused_and_not_shifted(names: str, tmp_path: Path) -> None:
    root = yolo(tmp_path / "set", "1 0.5 0.5 0.25 0.5")
    put(root, "data.yaml", f"names: {names}\n")
    with pytest.raises(DataError, match="does not number its classes"):
        read(root)


def test_a_blank_line_between_classes_is_refused_and_not_skipped(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "classes.txt", "fox\n\nowl\n\n")
    with pytest.raises(DataError, match="does not name classes"):
        read(root)


def test_names_of_classes_are_read_as_they_are_written(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set", "1 0.5 0.5 0.25 0.5")
    (root / "classes.txt").unlink()
    put(root, "data.yaml", "names: [yes, no, 007, 2024-01-01, null]\n")
    assert read(root).classes == ("yes", "no", "007", "2024-01-01", "null")


@pytest.mark.parametrize("names", ["!!bool maybe", "!!int ''", "!!timestamp x", "!!python/name:os.system"])
def test_yaml_of_other_kinds_is_told(names: str, tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "data.yaml", f"names: {names}\n")
    with pytest.raises(DataError, match="does not name classes"):
        read(root / "data.yaml")


def test_full_paths_in_a_set_that_is_named_from_here_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = yolo(tmp_path / "set")
    put(root, "data.yaml", f"path: {root}\ntrain: images\nnames: [{NAMES}]\n")
    put(root, "labels.csv", "file,label,site\nimages/1.jpg,owl,creek\n")
    monkeypatch.chdir(tmp_path)
    (image,) = read(Path("set")).images
    assert (image.name, image.site, image.part) == ("images/1.jpg", "creek", Part.TRAIN)
    assert image.annotations and image.annotations[0].label == "café crème"


def test_folders_above_the_file_are_named_from_the_folder_that_holds_all(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "settings/data.yaml", "train: ../images\nval: ../../set/images\nnames: [fox, owl]\n")
    (image,) = read(root / "settings/data.yaml").images
    assert (image.name, image.groups, image.part) == ("images/1.jpg", (), None)


def test_a_list_of_photos_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "data.yaml", f"train: list.txt\nnames: [{NAMES}]\n")
    put(root, "list.txt", "images/1.jpg\n")
    assert [image.name for image in read(root).images] == ["images/1.jpg"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", _refused)
        with pytest.raises(DataError, match=r"list\.txt cannot be read: Permission denied"):
            read(root)


def _refused(*_: object, **__: object) -> str:
    raise PermissionError(13, "Permission denied")


def test_two_lists_that_number_classes_differently_are_told(tmp_path: Path) -> None:
    root = yolo(tmp_path / "set")
    put(root, "data.yaml", "names: [café crème, fox]\ntrain: images\n")
    with pytest.raises(
        DataError, match=r"The class 0 is café crème in .*data\.yaml and fox in .*classes\.txt"
    ):
        read(root)
    put(root, "data.yaml", "names: [fox, café crème, owl]\ntrain: images\n")  # one more does no harm
    assert read(root).classes == ("fox", "café crème", "owl")


def test_boxes_of_classes_that_are_not_there_are_counted_and_named(tmp_path: Path) -> None:
    root = yolo(
        tmp_path / "set", "7 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1\n7 0.2 0.2 0.1 0.1\n-1 0.5 0.5 0.1 0.1\n"
    )
    with pytest.raises(DataError, match=r"3 boxes name classes .*: 7 \(2\), -1 \(1\); .*images/1\.jpg:1"):
        read(root)
    found = read(root, lenient=True)
    assert [(one.code, one.line) for one in found.problems] == [
        ("box_class", 1),
        ("box_class", 3),
        ("box_class", 4),
    ]
    assert [one.label for one in found.images[0].annotations or ()] == ["fox"]


@pytest.mark.parametrize("name", ["red\nfox", "red\u2028fox", "red\x1bfox", ""])
def test_a_class_that_no_list_can_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Rename it"):
        write_yolo(tmp_path, [], ["owl", name])
    assert not any(tmp_path.iterdir())
