"""Pictures of what was found."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from taxolens.core.errors import UsageError
from taxolens.core.geometry import Box
from taxolens.core.records import UNSURE, Prediction, Score, Status
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import plain
from taxolens.formats.about import Names
from taxolens.formats.result import Result
from taxolens.formats.results_table import read_results
from taxolens.modelfile.card import CardClass
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.workflows import draw
from taxolens.workflows.identify import identify
from taxolens.workflows.marks import Marks
from tests.unit.inference.square_detector import CELL, squares, write_square_model
from tests.unit.workflows.test_identify import Listener


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Photos in two folders, two of them with one name, one blank, one torn, one on its side."""
    folder = tmp_path / "card"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    two = squares((0, 0, "red"), (2, 1, "green 0.8"))
    two.save(folder / "a" / "1.png")
    two.save(folder / "a" / "1.jpg", quality=95)
    squares((1, 0, "green")).save(folder / "b" / "1.png")
    squares().save(folder / "b" / "nothing.png")
    (folder / "b" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    exif = Image.Exif()
    exif[0x0112] = 6
    two.transpose(Image.Transpose.ROTATE_90).save(folder / "b" / "turned.jpg", exif=exif, quality=95)
    return folder


@pytest.fixture
def recipe(card: Path, tmp_path: Path) -> IdentifyRecipe:
    classes = (CardClass(id="red", names={"fr": "rouge"}), CardClass(id="green"))
    model = write_square_model(tmp_path / "model.onnx", classes=classes).path
    return IdentifyRecipe(card, model, tmp_path / "results.csv", workers=2, draw=tmp_path / "drawn")


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def pixels_of(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.getexif().get(0x0112, 1) == 1
        return np.asarray(picture.convert("RGB"))


def test_every_photo_with_something_in_it_is_drawn_under_its_name(recipe: IdentifyRecipe, card: Path) -> None:
    before = tree(card)
    assert identify(recipe).drawn == 4
    assert recipe.draw is not None
    assert sorted(tree(recipe.draw)) == ["a/1.jpg", "a/1.png.jpg", "b/1.png.jpg", "b/turned.jpg"]
    assert tree(card) == before


def test_a_photo_that_is_called_as_the_picture_of_another_has_a_picture_too(
    recipe: IdentifyRecipe, card: Path
) -> None:
    squares((1, 0, "green")).save(card / "b" / "1.png.jpg", quality=95)
    assert identify(recipe).drawn == 5
    assert recipe.draw is not None
    there = tree(recipe.draw)
    assert {"b/1.png.jpg", "b/1.png.jpg.jpg"} < set(there) and len(there) == 5
    identify(recipe)
    assert tree(recipe.draw) == there


def test_a_picture_is_upright_and_shows_frames_round_what_was_found(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    assert recipe.draw is not None
    for name in ("a/1.jpg", "b/turned.jpg"):
        pixels = pixels_of(recipe.draw / name)
        assert pixels.shape == (2 * CELL, 3 * CELL, 3)
        inside = pixels[20:30, 8:24].reshape(-1, 3).mean(axis=0)
        assert inside[0] > 200 and inside[1:].max() < 60  # the red square is still to be seen
        assert pixels[:CELL, CELL : CELL + 3].max() > 60  # right of it was black


def test_what_is_drawn_is_left_as_it_is_until_the_answer_changes(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    assert recipe.draw is not None
    before = tree(recipe.draw)
    listener = Listener()
    assert identify(recipe, progress=listener).drawn == 4
    assert tree(recipe.draw) == before
    assert "4 pictures are drawn already." in listener.notes
    strict = dataclasses.replace(recipe, threshold=0.9)
    assert identify(strict).drawn == 4
    after = tree(recipe.draw)
    assert {name for name in after if after[name] != before[name]} == {
        "a/1.jpg",
        "a/1.png.jpg",
        "b/turned.jpg",
    }


def test_the_picture_of_a_photo_that_is_blank_now_goes(recipe: IdentifyRecipe, card: Path) -> None:
    identify(recipe)
    squares().save(card / "b" / "1.png")
    assert identify(recipe).drawn == 3
    assert recipe.draw is not None
    assert "b/1.png.jpg" not in tree(recipe.draw)


def test_another_file_of_that_name_is_kept_and_told(recipe: IdentifyRecipe) -> None:
    assert recipe.draw is not None
    mine = recipe.draw / "a" / "1.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"\xff\xd8\xff mine")
    listener = Listener()
    assert identify(recipe, progress=listener).drawn == 3
    assert mine.read_bytes() == b"\xff\xd8\xff mine"
    assert any("a/1.jpg" in note and "other files" in note for note in listener.notes)


def test_blank_photos_are_copied_where_that_is_asked_for(recipe: IdentifyRecipe) -> None:
    assert identify(dataclasses.replace(recipe, draw_blanks=True)).drawn == 5
    assert recipe.draw is not None
    assert pixels_of(recipe.draw / "b" / "nothing.png.jpg").max() > 200  # it says so


@pytest.mark.parametrize("place", ["card", "card/drawn", "card/a/b", "."])
def test_pictures_do_not_go_among_the_photos(recipe: IdentifyRecipe, tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError, match="--draw"):
        identify(dataclasses.replace(recipe, draw=tmp_path / place))


def test_a_single_photo_is_drawn_anywhere_but_beside_itself(recipe: IdentifyRecipe, card: Path) -> None:
    one = dataclasses.replace(recipe, photos=card / "a" / "1.png")
    with pytest.raises(UsageError, match="--draw"):
        identify(dataclasses.replace(one, draw=card / "a"))
    assert identify(dataclasses.replace(one, draw=card / "a" / "drawn")).drawn == 1


def test_a_stop_leaves_whole_pictures_only(recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(BaseException):
        pass

    def stop(picture: Image.Image, marks: object) -> Image.Image:
        raise Stopped

    with monkeypatch.context() as broken, pytest.raises(Stopped):
        broken.setattr(draw, "drawn", stop)
        identify(recipe)
    assert recipe.draw is not None
    assert not recipe.draw.exists() or not tree(recipe.draw)
    assert identify(recipe).drawn == 4


def test_the_table_numbers_the_boxes_as_the_pictures_do(recipe: IdentifyRecipe) -> None:
    identify(recipe)
    with recipe.out.open(encoding="utf-8", newline="") as file:
        rows = [(row["file"], row["number"]) for row in csv.DictReader(file)]
    assert [number for name, number in rows if name == "a/1.png"] == ["1", "2"]
    assert [number for name, number in rows if name == "b/nothing.png"] == [""]
    assert [one.number for one in read_results(recipe.out) if one.prediction.name == "a/1.jpg"] == [1, 2]


def test_marks_are_numbered_named_in_the_readers_language_and_dashed_where_nobody_is_sure() -> None:
    def answer(label: str, box: Box | None, number: int | None = None) -> Result:
        said = Prediction("1.jpg", label, 0.9, (Score("fox", 0.9),), box=box, status=Status.OK)
        return Result(said, number=number)

    place = Box(0.1, 0.1, 0.2, 0.2)
    marks = Marks(Names((Taxon("fox", {"fr": "renard"}),)), "fr", plain)
    rows = [answer("fox", place, number=4), answer(UNSURE, place), answer("fox", None)]
    sure, unsure, whole = marks.of(rows)
    assert (sure.number, sure.name, sure.text, sure.dashed) == (4, "renard", "renard 90 %", False)
    assert (unsure.number, unsure.name, unsure.dashed) == (2, "unsure", True)
    assert (whole.number, whole.box) == (None, None)
