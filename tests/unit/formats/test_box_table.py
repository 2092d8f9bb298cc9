"""A CSV of boxes, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import DataError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Part
from taxolens.formats.labelled import read_labelled
from taxolens.formats.source import Labelled, Layout
from taxolens.formats.table import is_box_table

HEADER = "file,label,x,y,width,height,status,site,split\n"


def table(folder: Path, rows: str, header: str = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.csv").write_text(header + rows, encoding="utf-8")
    return folder / "labels.csv"


def read(data: Path, lenient: bool = False) -> Labelled:
    return read_labelled(data, unpack_to=data.parent / "home", lenient=lenient)


def test_a_row_is_a_box_and_a_photo_has_as_many_rows_as_boxes(tmp_path: Path) -> None:
    file = table(
        tmp_path / "set",
        "1.jpg,fox,0,0,0.5,1,ok,A,val\n1.jpg,hare,0.5,0,0.5,1,ok,A,val\n2.jpg,,,,,,blank,,\n3.jpg,,,,,,unlabelled,,\n",
    )
    found = read(file)
    assert [image.annotations for image in found.images] == [
        (Annotation("fox", Box(0, 0, 0.5, 1)), Annotation("hare", Box(0.5, 0, 0.5, 1))),
        (),
        None,
    ]
    assert (found.images[0].site, found.images[0].part) == ("A", Part.VAL)
    assert (found.layout, found.classes, found.unlabelled) == (Layout.BOX_TABLE, ("fox", "hare"), 1)
    assert read(tmp_path / "set").images == found.images


def test_columns_come_in_any_order_and_semicolons_separate(tmp_path: Path) -> None:
    file = table(tmp_path / "set", "0.5;0.5;0;0;fox;1.jpg\n", "height;width;y;x;label;file\n")
    assert read(file).images[0].annotations == (Annotation("fox", Box(0, 0, 0.5, 0.5)),)


def test_results_of_a_model_are_no_labels(tmp_path: Path) -> None:
    file = table(tmp_path / "set", "1.jpg,fox,0.9,0,0,1,1\n", "file,label,score,x,y,width,height\n")
    assert not is_box_table(file)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("0,0,0.5", "box_syntax"),
        ("0,0,a,0.5", "box_syntax"),
        ("0,0,0,0.5", "box_empty"),
        ("-0.5,0,0.6,0.5", "box_outside"),
        ("12,30,64,64", "box_outside"),
    ],
)
def test_a_row_that_cannot_be_meant_is_told_with_its_line(cells: str, code: str, tmp_path: Path) -> None:
    file = table(tmp_path / "set", f"1.jpg,fox,0,0,1,1,ok,,\n2.jpg,fox,{cells}\n")
    with pytest.raises(DataError, match=r"Line 3 of .*labels\.csv"):
        read(file)
    assert [(one.line, one.code) for one in read(file, lenient=True).problems] == [(3, code)]


def test_a_list_of_classes_beside_it_gives_their_order(tmp_path: Path) -> None:
    table(tmp_path / "set", "1.jpg,fox,0,0,1,1,ok,,\n")
    (tmp_path / "set/classes.txt").write_text("hare\nfox\n")
    assert read(tmp_path / "set").classes == ("hare", "fox")
