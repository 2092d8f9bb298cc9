"""Pascal VOC annotations, read and written."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

import taxolens.formats.voc as room
from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image, Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.plain_xml import read_xml
from taxolens.formats.source import Labelled, Layout, Sized
from taxolens.formats.voc import write_voc

OBJECT = "<object><name>{name}</name><bndbox>{box}</bndbox></object>"
WHOLE = ("1", "1", "40", "30")
FOX = Annotation("fox", Box(0, 0, 1, 1))


def box_of(*numbers: str) -> str:
    names = ("xmin", "ymin", "xmax", "ymax")
    return "".join(f"<{name}>{one}</{name}>" for name, one in zip(names, numbers, strict=True))


def thing(name: str = "fox", *numbers: str) -> str:
    return OBJECT.format(name=name, box=box_of(*(numbers or WHOLE)))


def photo(path: Path, orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", (40, 30)).save(path, exif=exif)


def sheet(
    path: Path, things: str = "", *, filename: str = "", size: tuple[int, int] | None = (40, 30)
) -> Path:
    """Writes one annotation."""
    told = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<annotation><filename>{filename}</filename>{told}{things}</annotation>", encoding="utf-8"
    )
    return path


def voc(root: Path, things: str = thing()) -> Path:
    photo(root / "JPEGImages/1.jpg")
    sheet(root / "Annotations/1.xml", things, filename="1.jpg")
    return root


def read(data: Path, lenient: bool = False) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", lenient=lenient)


def test_pixels_count_from_one_and_the_last_one_belongs_to_the_box(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", thing("fox", "11", "16", "20", "30"))
    (image,) = read(root).images
    assert image.annotations == (Annotation("fox", Box(0.25, 0.5, 0.25, 0.5)),)


def test_a_box_of_one_pixel_begins_and_ends_with_it(tmp_path: Path) -> None:
    (image,) = read(voc(tmp_path / "set", thing("fox", "40", "30", "40", "30"))).images
    assert image.annotations is not None
    box = image.annotations[0].box
    assert (box.x, box.width * 40, box.height * 30) == pytest.approx((0.975, 1, 1))


def test_numbers_with_a_point_are_edges(tmp_path: Path) -> None:
    (image,) = read(voc(tmp_path / "set", thing("fox", "10.0", "15.0", "20.0", "30.0"))).images
    assert image.annotations == (Annotation("fox", Box(0.25, 0.5, 0.25, 0.5)),)


def test_a_set_with_a_box_at_zero_counts_from_zero_and_says_so(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", thing("fox", "10", "15", "20", "30"))
    photo(root / "JPEGImages/2.jpg")
    sheet(root / "Annotations/2.xml", thing("fox", "0", "0", "40", "30"))
    found = read(root)
    assert [image.annotations for image in found.images] == [
        (Annotation("fox", Box(0.25, 0.5, 0.25, 0.5)),),
        (FOX,),
    ]
    assert ["pixel 0" in note.text for note in found.notes] == [True]


@pytest.mark.parametrize(
    ("photo_at", "sheet_at"),
    [
        ("JPEGImages/a/1.jpg", "Annotations/a/1.xml"),
        ("images/1.jpg", "annotations/1.xml"),
        ("images/1.jpg", "annotations/xmls/1.xml"),
        ("1.jpg", "1.xml"),
        ("train/1.jpg", "train/1.xml"),  # Roboflow
        ("photos/1.jpg", "labels/1.xml"),
        ("images/renamed.jpg", "annotations/1.xml"),
    ],
)
def test_photos_are_found_wherever_programs_put_them(photo_at: str, sheet_at: str, tmp_path: Path) -> None:
    photo(tmp_path / "set" / photo_at)
    sheet(tmp_path / "set" / sheet_at, thing(), filename=Path(photo_at).name)
    found = read(tmp_path / "set")
    assert [(image.name, image.annotations) for image in found.images] == [(photo_at, (FOX,))]
    assert (found.layout, found.boxed, found.unlabelled) == (Layout.VOC, True, 0)


def test_no_object_says_nothing_is_there_and_no_file_says_nothing(tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    for name in ("2", "3"):
        photo(root / f"JPEGImages/{name}.jpg")
    sheet(root / "Annotations/2.xml")
    found = read(root)
    assert [image.annotations for image in found.images] == [(FOX,), (), None]
    assert found.unlabelled == 1


def test_a_photo_that_is_not_there_is_not_forgotten(tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    sheet(root / "Annotations/9.xml", thing(), filename="9.png")
    assert [image.path.name for image in read(root).images] == ["1.jpg", "9.png"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("upright", [True, False])
def test_boxes_of_photos_on_their_side_are_turned_as_the_pixels_are(
    orientation: int, upright: bool, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    photo(root / "1.jpg", orientation)
    turned = orientation in (6, 8) and upright
    size = (30, 40) if turned else (40, 30)
    sheet(root / "1.xml", thing("fox", "1", "1", "10", "10"), size=size)
    (image,) = read(root).images
    assert image.annotations is not None
    box = image.annotations[0].box
    corner = (round(box.x, 6), round(box.y, 6))
    expected = {6: (round(2 / 3, 6), 0.0), 8: (0.0, 0.75)}.get(orientation, (0.0, 0.0))
    assert corner == ((0.0, 0.0) if upright or orientation in (1, 3) else expected)


def test_lists_give_parts_and_the_order_of_classes(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", thing("hare") + thing("fox"))
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/val.txt").write_text("1\n")
    (root / "ImageSets/Main/fox_val.txt").write_text("1 -1\n")
    (root / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\nhare:1,2,3::\n")
    found = read(root)
    assert found.images[0].part is Part.VAL
    assert found.classes == ("hare", "fox")
    (note,) = found.notes
    assert note.fields["names"] == "fox (1)"


def test_folders_of_a_split_are_parts(tmp_path: Path) -> None:
    for folder in ("train", "valid", "test"):
        photo(tmp_path / "set" / folder / "1.jpg")
        sheet(tmp_path / "set" / folder / "1.xml", thing())
    assert [image.part for image in read(tmp_path / "set").images] == [Part.TEST, Part.TRAIN, Part.VAL]


@pytest.mark.parametrize(
    ("things", "code", "message"),
    [
        (thing("", *WHOLE), "box_syntax", "has no name"),
        ("<object><name>fox</name></object>", "box_syntax", "no box of numbers"),
        (thing("fox", "1", "nan", "9", "9"), "box_syntax", "no box of numbers"),
        (thing("fox", "9", "1", "8", "9"), "box_empty", "without area"),
        (thing("fox", "-30", "1", "9", "9"), "box_outside", "leaves the photo"),
        (thing("fox", "1", "1", "400", "9"), "box_outside", "leaves the photo"),
    ],
)
def test_an_object_that_cannot_be_meant_is_told_with_its_file_and_number(
    things: str, code: str, message: str, tmp_path: Path
) -> None:
    root = voc(tmp_path / "set", thing() + things)
    with pytest.raises(DataError, match=f"Object 2 in .*1.xml .*{message}"):
        read(root)
    found = read(root, lenient=True)
    assert [(one.name, one.code) for one in found.problems] == [("Annotations/1.xml", code)]
    assert found.images[0].annotations and found.images[0].annotations[0] == FOX


def test_two_files_about_one_photo_are_told(tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    sheet(root / "JPEGImages/1.xml", thing("hare"))
    with pytest.raises(DataError, match="same photo"):
        read(root)
    assert [one.code for one in read(root, lenient=True).problems] == ["image_twice"]


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE annotation [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE annotation SYSTEM "http://example.org/a.dtd">',
        '<!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp037"])
def test_entities_are_never_expanded(declared: str, encoding: str, tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    name = "&secret;" if "secret" in declared else "&b;" if "&a;" in declared else "fox"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{declared}<annotation>{thing(name)}</annotation>'
    (root / "Annotations/1.xml").write_bytes(text.encode(encoding))
    try:
        found = read(root)
    except DataError as error:
        assert "document type" in str(error) or "is no XML" in str(error)
    else:  # not recognised as an annotation, so not read at all
        assert all("root:" not in name for name in found.classes)


def test_text_that_is_no_xml_is_told_with_its_line(tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    (root / "Annotations/1.xml").write_text("<annotation>\n<object></annotation>")
    with pytest.raises(DataError, match="Line 2 of"):
        read(root)
    (root / "Annotations/1.xml").write_text("<annotation>" + "<a>" * 5000 + "</a>" * 5000 + "</annotation>")
    with pytest.raises(DataError, match="nested too deeply"):
        read(root)


@pytest.mark.parametrize("encoding", ["gb2312", "nobody-s"])
def test_an_encoding_that_is_not_known_is_told(encoding: str, tmp_path: Path) -> None:
    root = voc(tmp_path / "set")
    (root / "Annotations/1.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><annotation/>')
    with pytest.raises(DataError, match="Save it as UTF-8"):
        read(root)


def test_a_set_of_unknown_origin_names_nothing_outside_it(tmp_path: Path) -> None:
    photo(tmp_path / "secret/7.jpg")
    root = voc(tmp_path / "set")
    sheet(root / "Annotations/9.xml", thing(), filename="../../secret/7.jpg")
    zipped = Path(shutil.make_archive(str(tmp_path / "set"), "zip", root))
    home = tmp_path / "a"
    found = read_labelled(zipped, unpack_to=home)
    assert all(image.path.resolve().is_relative_to(home.resolve()) for image in found.images)


@given(
    edges=st.lists(
        st.tuples(st.integers(0, 39), st.integers(0, 29), st.integers(1, 40), st.integers(1, 30)), max_size=4
    )
)
def test_the_standard_library_reads_what_is_written(
    edges: list[tuple[int, int, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("voc")
    photo(root / "JPEGImages/ü 1.jpg")
    kept = [(x, y, min(w, 40 - x), min(h, 30 - y)) for x, y, w, h in edges]
    boxes = tuple(Annotation("café & <crème>", Box(x / 40, y / 30, w / 40, h / 30)) for x, y, w, h in kept)
    image = Image(root / "JPEGImages/ü 1.jpg", "ü 1.jpg", annotations=boxes)
    write_voc(root, [Sized(image, 40, 30)], ("café & <crème>",))
    document = ElementTree.parse(root / "Annotations/ü 1.xml").getroot()
    written = [
        tuple(int(one.findtext(f"bndbox/{name}") or "") for name in ("xmin", "ymin", "xmax", "ymax"))
        for one in document.iter("object")
    ]
    assert written == [(x + 1, y + 1, x + w, y + h) for x, y, w, h in kept]
    assert {one.findtext("name") for one in document.iter("object")} <= {"café & <crème>"}
    assert document.findtext("filename") == "ü 1.jpg"


def test_a_box_between_pixels_keeps_its_digits(tmp_path: Path) -> None:
    photo(tmp_path / "JPEGImages/1.jpg")
    box = Annotation("fox", Box(0.123456, 1e-7, 0.5, 0.25))
    image = Image(tmp_path / "JPEGImages/1.jpg", "1.jpg", annotations=(box,))
    write_voc(tmp_path, [Sized(image, 40, 30)], ("fox", "hare"))
    found = read(tmp_path)
    assert found.classes == ("fox", "hare")
    assert found.images[0].annotations is not None
    after = found.images[0].annotations[0].box
    assert (after.x, after.y, after.width, after.height) == pytest.approx(
        (0.123456, 1e-7, 0.5, 0.25), abs=1e-12
    )


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"], ids=["bom", "little", "big", "eight"]
)
def test_annotations_in_sixteen_bits_are_read_too(encoding: str, tmp_path: Path) -> None:
    photo(tmp_path / "JPEGImages/1.jpg")
    text = f"<annotation><filename>1.jpg</filename><size><width>40</width><height>30</height></size>{thing('rené')}"
    named = {"utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "utf-8-sig": "UTF-8"}.get(encoding, "UTF-16")
    declared = f'<?xml version="1.0" encoding="{named}"?>{text}</annotation>'
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations/1.xml").write_bytes(declared.encode(encoding))
    (image,) = read(tmp_path).images
    assert image.annotations == (Annotation("rené", FOX.box),)


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_files: list[Path] = []

    def counted(file: Path, most: int) -> ElementTree.Element:
        read_files.append(file)
        return read_xml(file, most)

    monkeypatch.setattr(room, "read_xml", counted)
    for number in range(3):
        photo(tmp_path / f"JPEGImages/{number}.jpg")
        sheet(tmp_path / f"Annotations/other {number}.xml", thing(), filename=f"{number}.jpg")
    assert len(read(tmp_path).images) == 3
    assert sorted(read_files) == sorted((tmp_path / "Annotations").iterdir())
