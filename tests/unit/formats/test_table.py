"""Tables of labels."""

from __future__ import annotations

import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import DataError, OutputError
from taxolens.core.records import Image, Part
from taxolens.formats.table import is_label_table, read_table, write_table


def table(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_all_columns_are_read_in_any_order(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        "datetime,remark,LABEL, file ,split,site,sequence\n"
        "2024-01-06T03:35:01+01:00,x,cow,north/1.jpg,val,A,s1\n"
        "2024:01:06 03:35:02,,cow,north/cow/2.jpg,Train,,\n"
        ",,cow,3.jpg,,,\n",
    )
    assert read_table(file).images == (
        Image(
            tmp_path / "north/1.jpg",
            "north/1.jpg",
            "cow",
            ("north",),
            "A",
            "s1",
            datetime(2024, 1, 6, 3, 35, 1),
            None,
            Part.VAL,
        ),
        Image(
            tmp_path / "north/cow/2.jpg",
            "north/cow/2.jpg",
            "cow",
            ("north",),
            taken=datetime(2024, 1, 6, 3, 35, 2),
            part=Part.TRAIN,
        ),
        Image(tmp_path / "3.jpg", "3.jpg", "cow"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na b.jpg,cow\n",
        "\ufefffile,label\r\na b.jpg,cow\r\n",
        "file;label\na b.jpg;cow\n",
        "label\tfile\ncow\ta b.jpg\n",
        '"file","label"\n"a b.jpg","cow"',
        "\n\nfile,label\n\n  a b.jpg  , cow \n,\n",
        "file,label\n./a b.jpg,cow,more,cells\n",
    ],
)
def test_spreadsheets_write_tables_in_many_ways(text: str, tmp_path: Path) -> None:
    (tmp_path / "a b.jpg").write_bytes(b"x")
    if text.startswith("\n\n"):
        text = text.lstrip("\n")
    (image,) = read_table(table(tmp_path, text)).images
    assert (image.name, image.label, image.path.read_bytes()) == ("a b.jpg", "cow", b"x")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_found_in_another_systems_spelling(form: str, tmp_path: Path) -> None:
    (tmp_path / "forêt").mkdir()
    written = tmp_path / "forêt" / unicodedata.normalize(form, "été.jpg")
    written.write_bytes(b"x")
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", "été.jpg")
    for cell in (f"forêt/{other}", f"forêt\\{written.name}"):
        (image,) = read_table(table(tmp_path, f"file,label\n{cell},cow\n")).images
        assert image.path.name == written.name and image.path.read_bytes() == b"x"


def test_files_that_are_not_there_are_kept(tmp_path: Path) -> None:
    (image,) = read_table(table(tmp_path, "file,label\nabsent\\1.jpg,cow\n")).images
    assert image.name == "absent/1.jpg"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("file,name\n1.jpg,cow\n", "no column called label.*file, name"),
        ("image,label\n1.jpg,cow\n", "no column called file"),
        ("file,label\n1.jpg,cow\n2.jpg,\n", "Line 3.*no label"),
        ("file,label\n1.jpg\n", "Line 2.*no label"),
        ("file,label\n ,cow\n", "Line 2.*no file"),
        ("file,label\na\0b.jpg,cow\n", "Line 2.*no file"),
        ("file,label,datetime\n1.jpg,cow,yesterday\n", "Line 2.*yesterday"),
        ("file,label,split\n1.jpg,cow,holdout\n", "Line 2.*holdout"),
        ('file,label\n"1.jpg,cow\n', "CSV"),
        ("file,label\n1.jpg,for\xeat\n".encode("latin-1"), "Line 2.*UTF-8"),
        ("file,label\nfor\xeat.jpg,cow\n".encode("latin-1"), "Line 2.*UTF-8"),
        ("file,label\n1.jpg,cow\n".encode("utf-16"), "label"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "label|file"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read_table(table(tmp_path, text))


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path)


@pytest.mark.parametrize("cell", ["../1.jpg", "/etc/1.jpg", "a/../../1.jpg", "..\\1.jpg"])
def test_a_table_of_unknown_origin_stays_in_its_folder(cell: str, tmp_path: Path) -> None:
    file = table(tmp_path, f"file,label\n{cell},cow\n")
    with pytest.raises(DataError, match="outside"):
        read_table(file, inside=True)
    assert len(read_table(file).images) == 1


def test_a_table_of_predictions_is_no_table_of_labels(tmp_path: Path) -> None:
    assert is_label_table(table(tmp_path, "file,label\n"))
    assert not is_label_table(table(tmp_path, "file,label,score\n"))
    assert not is_label_table(table(tmp_path, "file,name\n"))
    assert not is_label_table(table(tmp_path, b"\xff\xfe\0"))


def test_photos_elsewhere_are_named_from_the_folder_that_holds_them(tmp_path: Path) -> None:
    images = [Image(tmp_path / f"photos/{place}/1.jpg", "x", place) for place in ("cow", "elk")]
    (tmp_path / "run").mkdir()
    write_table(images, tmp_path / "run/split.csv")
    found = read_table(tmp_path / "run/split.csv")
    assert found.root == tmp_path / "photos"
    assert [(image.name, image.groups, image.path) for image in found.images] == [
        ("cow/1.jpg", (), images[0].path),
        ("elk/1.jpg", (), images[1].path),
    ]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
texts = words.map(lambda word: unicodedata.normalize("NFC", word).strip()).filter(bool)
names = words.filter(
    lambda word: word == word.strip() and not set(word) & set("/\\") and word not in {".", ".."}
)
optional = st.none() | words.map(str.strip).filter(bool)


@given(
    rows=st.lists(
        st.builds(
            Image,
            path=st.lists(names, min_size=1, max_size=3).map(lambda parts: Path(*parts)),
            name=st.just(""),
            label=texts,
            site=optional,
            sequence=optional,
            taken=st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
            part=st.none() | st.sampled_from(Part),
        ),
        max_size=6,
    ),
    elsewhere=st.booleans(),
)
def test_what_was_written_is_read_back(rows: list[Image], elsewhere: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder).resolve()
        below = here.parent / "elsewhere" if elsewhere else here
        images = [
            Image(below / row.path, "", row.label, (), row.site, row.sequence, row.taken, None, row.part)
            for row in rows
        ]
        write_table(images, here / "table.csv")
        found = read_table(here / "table.csv").images
    kept = [(one.path, one.label, one.site, one.sequence, one.taken, one.part) for one in found]
    assert kept == [(one.path, one.label, one.site, one.sequence, one.taken, one.part) for one in images]


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_table([], tmp_path / "absent" / "table.csv")
    assert list(tmp_path.iterdir()) == []
