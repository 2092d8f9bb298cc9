"""What lies on cards: names of every kind, clocks that were reset, times of several zones, links in circles."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from taxolens.formats.writers import FORMATS
from taxolens.inference.predictor import Predictor
from taxolens.recipes.derive import DeriveRecipe, OutputRecipe
from taxolens.recipes.identify import IdentifyRecipe
from taxolens.recipes.source import SequenceBy, SiteBy
from taxolens.workflows.derive import derive
from taxolens.workflows.identify import identify
from tests.unit.inference.colour_model import write_colour_model, write_photo

NAMES = (
    "with spaces.png",
    " leading and trailing .png",
    'quote " and comma, and semicolon;.png',
    "apostrophe's.png",
    "line\nbreak.png",
    "return\r.png",
    "tab\there.png",
    "-dash.png",
    "=1+1.png",
    "@at.png",
    "percent%20.png",
    "hash#and?question.png",
    "back\\slash.png",
    "caf\u00e9 (composed).png",
    "cafe\u0301 (decomposed).png",
    "\u732b \U0001f98a.png",
    "escape\x1b[31m.png",
    "two..dots.png",
    os.fsdecode(b"\xff.png"),
    os.fsdecode(b"latin caf\xe9.png"),
)


class Notes:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def track(self, items: Iterable[Any], **_: Any) -> Iterator[Any]:
        yield from items

    def note(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def recipe(tmp_path: Path) -> IdentifyRecipe:
    (tmp_path / "card").mkdir()
    model = write_colour_model(tmp_path / "model.onnx").path
    return IdentifyRecipe(tmp_path / "card", model, tmp_path / "out" / "table.csv", workers=1)


def timed(photo: Path, taken: str, offset: str | None = None, camera: str = "Acme") -> None:
    """Writes a photo with the time of its camera."""
    photo.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = camera
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        detail[ExifTags.Base.OffsetTimeOriginal] = offset
    Image.new("RGB", (32, 24), (230, 0, 0)).save(photo, exif=exif.tobytes())


def rows(out: Path) -> dict[str, dict[str, str]]:
    with out.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, strict=True)}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems forbid some of these names")
@pytest.mark.parametrize("name", FORMATS)
def test_names_of_every_kind_keep_their_photos_in_every_format(
    recipe: IdentifyRecipe, tmp_path: Path, name: str
) -> None:
    for number, file in enumerate(NAMES):
        write_photo(recipe.photos / "east" / file, "red", seed=number)
    (tmp_path / "sites.csv").write_text(
        "site,latitude,longitude,start,end,timezone\neast,43.6,3.9,2026-05-01,2026-06-30,Europe/Paris\n"
    )
    out = tmp_path / f"out{FORMATS[name].suffixes[0]}"
    asked = dataclasses.replace(recipe, out=out, format=name, deployments=tmp_path / "sites.csv")
    assert identify(asked).found == len(NAMES)
    assert FORMATS[name].recognises(out)
    assert identify(asked).skipped == len(NAMES), "every photo is known again by its name"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems forbid some of these names")
def test_names_of_every_kind_come_back_from_csv_and_json(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    for number, file in enumerate(NAMES):
        write_photo(recipe.photos / file, "red", seed=number)
    identify(recipe)
    spelt = {file.encode("utf-8", "backslashreplace").decode() for file in NAMES}
    assert set(rows(recipe.out)) == spelt
    json_out = tmp_path / "out.json"
    identify(dataclasses.replace(recipe, out=json_out))
    document = json.loads(json_out.read_text(encoding="utf-8"))
    assert len({image["file"] for image in document["images"]}) == len(NAMES)


def test_a_camera_whose_clock_was_reset_is_flagged_and_told(recipe: IdentifyRecipe) -> None:
    timed(recipe.photos / "a.jpg", "1970:01:01 00:03:00")
    timed(recipe.photos / "b.jpg", "2000:01:01 00:00:10")
    timed(recipe.photos / "c.jpg", "2026:05:01 10:00:00")
    write_photo(recipe.photos / "d.png")
    notes = Notes()
    identify(recipe, progress=notes)
    assert [row["clock"] for row in rows(recipe.out).values()] == ["reset", "reset", "", ""]
    assert [row["datetime"][:4] for row in rows(recipe.out).values()] == ["1970", "2000", "2026", ""]
    assert any("clock was reset: 2, such as a.jpg" in note for note in notes.told)


def test_a_clock_that_is_put_right_is_flagged_no_more(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    timed(recipe.photos / "A" / "a.jpg", "2000:01:01 00:03:00")
    identify(recipe)
    clocks = tmp_path / "clocks.csv"
    clocks.write_text("site,shown,true\nA,2000-01-01 00:00:00,2026-05-31 14:00:00\n")
    derive(DeriveRecipe(recipe.out, OutputRecipe(tmp_path / "right.csv"), clock=clocks))
    (row,) = rows(tmp_path / "right.csv").values()
    assert (row["datetime"], row["clock"]) == ("2026-05-31T14:03:00", "")


def test_photos_of_several_zones_form_the_events_that_they_were(recipe: IdentifyRecipe) -> None:
    """Summer time begins between the first two; the third is an hour later, though its clock shows the same hour
    as a camera without a zone would."""
    timed(recipe.photos / "A" / "1.jpg", "2026:03:29 01:59:50", "+01:00")
    timed(recipe.photos / "A" / "2.jpg", "2026:03:29 03:00:05", "+02:00")
    timed(recipe.photos / "A" / "3.jpg", "2026:03:29 03:00:20", "+01:00")
    timed(recipe.photos / "B" / "1.jpg", "2026:03:29 01:59:50")
    timed(recipe.photos / "B" / "2.jpg", "2026:03:29 03:00:05")
    identify(dataclasses.replace(recipe, site_by=SiteBy.FOLDER, sequence_by=SequenceBy.EXIF, gap=60))
    found = rows(recipe.out)
    assert [row["sequence"] for row in found.values()] == [
        "A/1.jpg",
        "A/1.jpg",
        "A/3.jpg",
        "B/1.jpg",
        "B/2.jpg",
    ]
    assert [row["utc_offset"] for row in found.values()] == ["+01:00", "+02:00", "+01:00", "", ""]
    assert found["A/2.jpg"]["datetime"] == "2026-03-29T03:00:05", "the table keeps what the camera showed"


def test_zones_are_kept_for_tables_that_are_decided_anew(recipe: IdentifyRecipe, tmp_path: Path) -> None:
    timed(recipe.photos / "1.jpg", "2026:10:25 02:59:50", "+02:00")
    timed(recipe.photos / "2.jpg", "2026:10:25 02:00:05", "+01:00")
    identify(recipe)
    out = OutputRecipe(tmp_path / "anew.csv")
    derive(DeriveRecipe(recipe.out, out, sequence_by=SequenceBy.EXIF, gap=60))
    assert {row["sequence"] for row in rows(out.out).values()} == {"1.jpg"}


def test_links_in_circles_end_and_a_linked_folder_is_entered_once(recipe: IdentifyRecipe) -> None:
    deep = recipe.photos / "a" / "b"
    write_photo(deep / "photo.png")
    (deep / "up").symlink_to(recipe.photos)
    (deep / "here").symlink_to(deep)
    (recipe.photos / "same").symlink_to(deep.parent)
    (recipe.photos / "gone.png").symlink_to(recipe.photos / "nowhere.png")
    summary = identify(recipe)
    by_file = rows(recipe.out)
    assert by_file["a/b/photo.png"]["status"] == "ok"
    assert by_file["gone.png"]["failure"].startswith("missing: ")
    assert summary.found == len(by_file) and summary.failed == 1
    assert set(by_file) == {"a/b/photo.png", "gone.png", "same/b/photo.png"}


def test_resource_files_are_left_out_and_counted(recipe: IdentifyRecipe) -> None:
    write_photo(recipe.photos / "a.png")
    for name in ("._a.png", "._b.jpg"):
        (recipe.photos / name).write_bytes(b"\x00\x05\x16\x07 resource")
    notes = Notes()
    assert identify(recipe, progress=notes).found == 1
    assert any("left out: 2" in note for note in notes.told)


@pytest.mark.parametrize("change", ["vanishes", "is cut", "is replaced"])
def test_a_photo_that_changes_while_it_is_read_is_never_lost_and_looked_at_again(
    recipe: IdentifyRecipe, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    for number in range(3):
        write_photo(recipe.photos / f"{number}.png", "red", seed=number)
    scores = Predictor.scores

    def meddled(self: Predictor, source: Any, **options: Any) -> Any:
        photo = Path(source)
        if photo.name == "1.png":
            if change == "vanishes":
                photo.unlink(missing_ok=True)
            elif change == "is cut":
                photo.write_bytes(photo.read_bytes()[:200])
            else:
                write_photo(photo, "green", seed=9, size=(50, 50))
        return scores(self, source, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "scores", meddled)
        assert identify(recipe).found == 3
    first = rows(recipe.out)["1.png"]
    assert first["status"] == ("ok" if change == "is replaced" else "failed")
    write_photo(recipe.photos / "1.png", "green", seed=4, size=(60, 60))
    assert identify(recipe).skipped == 2
    assert rows(recipe.out)["1.png"]["label"] == "green"
