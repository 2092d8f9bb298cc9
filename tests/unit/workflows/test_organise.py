from __future__ import annotations

import csv
import errno
import os
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from taxolens.core.errors import OutputError, UsageError
from taxolens.imaging.metadata import read_metadata
from taxolens.imaging.segments import XMP, read_jpeg
from taxolens.recipes.derive import DeriveRecipe, OutputRecipe
from taxolens.recipes.organise import OrganiseRecipe, UndoRecipe
from taxolens.workflows import organise_copy, organise_place
from taxolens.workflows.derive import derive
from taxolens.workflows.organise import OrganiseSummary, organise
from taxolens.workflows.organise_undo import undo
from tests.unit.imaging.test_xmp import keywords
from tests.unit.workflows.sorted_photos import (
    TAXA,
    digests,
    fox,
    photo,
    seen,
    tree,
    write_detections,
)
from tests.unit.workflows.stored_rows import fill, row

Organise = Callable[..., OrganiseSummary]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card of two sites."""
    for name in ("north/1.jpg", "north/2.jpg", "south/1.jpg", "south/2.jpg", "south/3.jpg", "south/4.jpg"):
        photo(tmp_path / "card" / name, seed=sum(map(ord, name)))
    (tmp_path / "card" / "south" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    return tmp_path / "card"


@pytest.fixture
def detections(card: Path) -> Path:
    """Two foxes, a fox with a hare, a blank, a person, a vehicle, a failure."""
    return write_detections(
        card.with_name("md.json"),
        fox("north/1.jpg"),
        seen("north/2.jpg", ("1", 0.9, "0"), ("1", 0.8, "1")),
        fox("south/1.jpg"),
        seen("south/2.jpg", ("1", 0.05)),
        seen("south/3.jpg", ("2", 0.9), box=[0.0, 0.0, 0.2, 0.2]),
        seen("south/4.jpg", ("3", 0.9)),
        {"file": "south/torn.jpg", "failure": "image access failure"},
    )


@pytest.fixture
def sort(card: Path, detections: Path) -> Organise:
    """Organises the card with options."""

    def run(results: Path = detections, out: str = "out", **options: Any) -> OrganiseSummary:
        if results == detections:
            options = {"photos": card, **options}
        return organise(OrganiseRecipe(results, card.parent / out, **options))

    return run


def xmp(path: Path) -> list[str]:
    packets = [one.body[len(XMP) :] for one in read_jpeg(path.read_bytes()).head if one.is_xmp()]
    return keywords(packets[0]) if packets else []


def test_photos_are_copied_to_their_species_and_what_shows_none_apart(sort: Organise, card: Path) -> None:
    before = digests(card)
    summary = sort()
    assert tree(card.with_name("out")) == [
        "blank/2.jpg",
        "failed/torn.jpg",
        "hare/2.jpg",
        "person/3.jpg",
        "red fox/1-2.jpg",
        "red fox/1.jpg",
        "red fox/2.jpg",
        "vehicle/4.jpg",
    ]
    assert (summary.photos, summary.named, summary.blank, summary.failed, summary.written) == (7, 5, 1, 1, 8)
    assert digests(card) == before
    copy, original = card.with_name("out") / "hare" / "2.jpg", card / "north" / "2.jpg"
    assert copy.read_bytes() == original.read_bytes()
    assert copy.stat().st_mtime_ns == original.stat().st_mtime_ns


def test_folders_follow_the_pattern_and_what_no_level_names_stands_in_front(
    sort: Organise, card: Path
) -> None:
    sort(by="site/species/date", out="a")
    assert tree(card.with_name("a"))[:3] == [
        "north/hare/2026-05-31/2.jpg",
        "north/red fox/2026-05-31/1.jpg",
        "north/red fox/2026-05-31/2.jpg",
    ]
    assert "south/failed/no date/torn.jpg" in tree(card.with_name("a"))
    sort(by="year/camera", out="b")
    assert tree(card.with_name("b")) == [
        "2026/Acme One/1-2.jpg",
        "2026/Acme One/1.jpg",
        "2026/Acme One/2.jpg",
        "2026/Acme One/3.jpg",
        "2026/Acme One/4.jpg",
        "blank/2026/Acme One/2.jpg",
        "failed/no date/no camera/torn.jpg",
    ]
    sort(by="folder/month", out="c")
    assert "north/2026-05/1.jpg" in tree(card.with_name("c"))


def test_photos_of_the_searched_folder_itself_lie_beside_the_list(
    sort: Organise, card: Path, tmp_path: Path
) -> None:
    (card / "organised.csv").write_bytes(b"named like the list")
    results = write_detections(tmp_path / "r.json", fox("organised.csv"), fox(str(photo(card / "9.jpg"))))
    sort(results, photos=card, by="folder")
    assert tree(card.with_name("out")) == ["9.jpg", "organised-2.csv"]
    assert sort(results, photos=card, by="folder").there == 2
    undo(UndoRecipe(card.with_name("out")))
    assert not card.with_name("out").exists()


def test_folders_can_bear_the_names_of_a_table(sort: Organise, card: Path, tmp_path: Path) -> None:
    (tmp_path / "taxa.csv").write_text(TAXA, encoding="utf-8")
    sort(by="name/scientific", taxonomy=tmp_path / "taxa.csv", language="fr")
    assert "lièvre/Lepus/2.jpg" in tree(card.with_name("out"))


def test_the_same_once_more_writes_nothing_and_a_copy_that_is_missing_comes_back(
    sort: Organise, card: Path
) -> None:
    out = card.with_name("out")
    sort()
    before = digests(out)
    again = sort()
    assert (again.written, again.there, again.changed, again.moved) == (0, 8, 0, 0)
    assert digests(out) == before
    (out / "hare" / "2.jpg").unlink()
    (out / "person" / "3.jpg").write_bytes(b"")  # what a power cut leaves
    assert sort().written == 2
    assert digests(out).keys() == before.keys()
    assert {name: one for name, one in digests(out).items() if "organised." not in name} == {
        name: one for name, one in before.items() if "organised." not in name
    }


def test_what_somebody_else_put_there_stays_and_takes_no_part(sort: Organise, card: Path) -> None:
    theirs = card.with_name("out") / "red fox" / "1.jpg"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"a drawing by a child")
    sort()
    assert theirs.read_bytes() == b"a drawing by a child"
    assert tree(card.with_name("out"))[4:8] == [
        "red fox/1-2.jpg",
        "red fox/1-3.jpg",
        "red fox/1.jpg",
        "red fox/2.jpg",
    ]
    undo(UndoRecipe(card.with_name("out")))
    assert tree(card.with_name("out")) == ["red fox/1.jpg"]


def test_a_place_that_is_taken_at_the_last_moment_is_not_overwritten(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = organise_place._move
    theirs = card.with_name("out") / "hare" / "2.jpg"

    def race(scratch: Path, place: Path) -> None:
        if place == theirs:
            theirs.write_bytes(b"first")
        real(scratch, place)

    monkeypatch.setattr(organise_place, "_move", race)
    sort()
    assert theirs.read_bytes() == b"first"
    assert (card.with_name("out") / "hare" / "2-2.jpg").is_file()
    monkeypatch.undo()
    assert sort().written == 0


def test_new_photos_join_and_new_answers_move_their_copies(sort: Organise, card: Path) -> None:
    sort()
    photo(card / "north" / "5.jpg", seed=77)
    file = write_detections(
        card.with_name("more.json"), seen("north/1.jpg", ("1", 0.9, "1")), fox("north/5.jpg")
    )
    summary = sort(file, photos=card)
    assert (summary.written, summary.moved) == (2, 1)
    now = tree(card.with_name("out"))
    assert {"hare/1.jpg", "red fox/5.jpg"} <= set(now)
    assert "red fox/1.jpg" not in now
    assert "red fox/1-2.jpg" in now, "photos that these results do not name keep their copies"


def test_a_copy_that_somebody_changed_stays_whatever_the_answer_is(sort: Organise, card: Path) -> None:
    sort()
    mine = card.with_name("out") / "red fox" / "1.jpg"
    mine.write_bytes(b"cropped by hand")
    assert sort().changed == 1
    sort(write_detections(card.with_name("more.json"), seen("north/1.jpg", ("1", 0.9, "1"))), photos=card)
    assert mine.read_bytes() == b"cropped by hand"


def test_a_photo_that_changed_is_copied_anew(sort: Organise, card: Path) -> None:
    sort()
    photo(card / "north" / "1.jpg", seed=1234)
    assert (sort().written, sort().written) == (1, 0)
    assert (card.with_name("out") / "red fox" / "1.jpg").read_bytes() == (
        card / "north" / "1.jpg"
    ).read_bytes()


def test_links_are_the_originals_themselves(sort: Organise, card: Path) -> None:
    before = digests(card)
    sort(link=True)
    assert (card.with_name("out") / "hare" / "2.jpg").samefile(card / "north" / "2.jpg")
    assert sort(link=True).there == 8
    undo(UndoRecipe(card.with_name("out")))
    assert digests(card) == before
    assert not card.with_name("out").exists()


def test_a_link_may_not_be_written_into(card: Path) -> None:
    for option in ("keywords", "boxes", "blur"):
        with pytest.raises(UsageError, match="A hard link is the original itself"):
            OrganiseRecipe(card, card, link=True, **{option: True})


def test_links_to_another_disk_are_told_in_a_sentence(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse)
        with pytest.raises(OutputError, match="lies on another disk .* Leave out --link"):
            sort(link=True)
    assert sort().written == 8, "nothing came of the links, so copies may take their place"


def test_keywords_are_written_into_copies_whose_pixels_stay(
    sort: Organise, card: Path, tmp_path: Path
) -> None:
    (tmp_path / "taxa.csv").write_text(TAXA, encoding="utf-8")
    before = digests(card)
    sort(keywords=True, taxonomy=tmp_path / "taxa.csv", language="fr")
    assert digests(card) == before
    copy, original = card.with_name("out") / "hare" / "2.jpg", card / "north" / "2.jpg"
    assert xmp(copy) == ["renard roux", "Vulpes vulpes", "lièvre", "Lepus"]
    assert read_jpeg(copy.read_bytes()).rest == read_jpeg(original.read_bytes()).rest
    assert read_metadata(copy) == read_metadata(original)
    blank = card.with_name("out") / "blank" / "2.jpg"
    assert blank.read_bytes() == (card / "south" / "2.jpg").read_bytes()


def test_keywords_stand_beside_copies_that_cannot_hold_them(sort: Organise, card: Path) -> None:
    photo(card / "north" / "6.png")
    results = write_detections(card.with_name("png.json"), fox("north/6.png"))
    sort(results, photos=card, keywords=True)
    out = card.with_name("out")
    assert tree(out) == ["red fox/6.png", "red fox/6.png.xmp"]
    assert keywords((out / "red fox/6.png.xmp").read_bytes()) == ["red fox"]
    assert (out / "red fox/6.png").read_bytes() == (card / "north/6.png").read_bytes()
    assert sort(results, photos=card, keywords=True).written == 0
    undo(UndoRecipe(out))
    assert not out.exists()


def test_boxes_are_drawn_on_copies_that_keep_their_exif(sort: Organise, card: Path) -> None:
    before = digests(card)
    sort(boxes=True)
    assert digests(card) == before
    copy, original = card.with_name("out") / "red fox" / "1.jpg", card / "north" / "1.jpg"
    assert read_metadata(copy) == read_metadata(original)
    difference = np.abs(
        np.asarray(Image.open(copy)).astype(int) - np.asarray(Image.open(original)).astype(int)
    ).mean(axis=2)
    assert difference[14, 22:58].mean() > 60, "the frame"
    assert difference[20:40, 25:55].mean() < 15, "what is in it"
    assert (card.with_name("out") / "blank" / "2.jpg").read_bytes() == (card / "south" / "2.jpg").read_bytes()


def test_people_and_vehicles_are_blurred_and_what_nobody_can_tell_is_left_out(
    sort: Organise, card: Path
) -> None:
    summary = sort(blur=True)
    out = card.with_name("out")
    person = np.asarray(Image.open(out / "person" / "3.jpg").convert("L")).astype(int)
    assert person[2:10, 2:14].std() < 20 < person[30:, 40:].std()
    assert (out / "red fox" / "1.jpg").read_bytes() == (card / "north" / "1.jpg").read_bytes()
    assert (summary.hidden, summary.wholly, summary.left_out, summary.failed) == (2, 0, 1, 0)
    assert "nobody" in summary.reasons[0][1].lower()
    assert "failed/torn.jpg" not in tree(out)
    assert summary.left_out_list and "torn.jpg" in summary.left_out_list.read_text()


def test_a_person_without_a_box_costs_the_whole_picture(sort: Organise, card: Path) -> None:
    everywhere = seen("south/3.jpg", ("2", 0.9), box=[0, 0, 1, 1])
    summary = sort(write_detections(card.with_name("whole.json"), everywhere), photos=card, blur=True)
    assert (summary.hidden, summary.wholly) == (1, 1)
    pixels = np.asarray(Image.open(card.with_name("out") / "person" / "3.jpg").convert("L")).astype(int)
    assert pixels.std() < 20


def test_blur_is_refused_where_it_could_hide_nobody(sort: Organise, card: Path) -> None:
    results = write_detections(card.with_name("m.json"), fox("north/1.jpg"), categories={"1": "animal"})
    with pytest.raises(UsageError, match="would hide nobody"):
        sort(results, photos=card, blur=True)


def test_names_that_lead_elsewhere_and_links_out_of_the_folder_are_left_out(
    sort: Organise, card: Path, tmp_path: Path
) -> None:
    photo(tmp_path / "private" / "x.jpg")
    (card / "north" / "way-out.jpg").symlink_to(tmp_path / "private" / "x.jpg")
    (card / "north" / "way-in.jpg").symlink_to(card / "south" / "1.jpg")
    (card / "beyond").symlink_to(tmp_path / "private")
    names = [
        "../private/x.jpg",
        str(tmp_path / "private" / "x.jpg"),
        "north/way-out.jpg",
        "beyond/x.jpg",
        "north",
        "north/\udc80.jpg",
        "north/nul\0.jpg",
        "gone.jpg",
        "north/way-in.jpg",
        str(card / "south" / "2.jpg"),
    ]
    summary = sort(write_detections(card.with_name("x.json"), *map(fox, names)), photos=card, by="folder")
    assert (summary.written, summary.left_out) == (2, 8)
    assert tree(card.with_name("out")) == ["north/way-in.jpg", "south/2.jpg"]


def test_hostile_names_stay_below_the_folder_and_are_safe_on_every_system(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [
        "..",
        "/etc",
        "CON",
        "a/b",
        "a:b",
        "blank",
        "organised.csv",
        "x\x1b[31m\n",
        "  ",
        "." * 300,
        "é" * 200,
    ]
    for number in range(len(labels)):
        photo(card / "odd" / f"{number}.jpg", seed=number)
    monkeypatch.setattr(
        "tests.unit.workflows.sorted_photos.CLASSES", {str(n): label for n, label in enumerate(labels)}
    )
    images = [seen(f"odd/{n}.jpg", ("1", 0.9, str(n))) for n in range(len(labels))]
    results = write_detections(card.with_name("odd.json"), *images)
    assert sort(results, photos=card).written == len(labels)
    out = card.with_name("out")
    folders = {path.name for path in out.iterdir()} - {"organised.csv", "organised.taxolens"}
    assert len(folders) == len(labels), "no two classes share a folder"
    assert not any(set(name) & set('<>:"/\\|?*\x1b\n') or name.startswith(".") for name in folders)
    assert not folders & {"CON", "blank", ".."}
    assert len(tree(out)) == len(labels)
    assert {path.name for path in card.parent.iterdir()} == {"card", "md.json", "odd.json", "out"}


def test_a_folder_that_is_a_link_to_another_place_is_not_written_to(sort: Organise, card: Path) -> None:
    out = card.with_name("out")
    (card.parent / "elsewhere").mkdir()
    out.mkdir()
    (out / "hare").symlink_to(card.parent / "elsewhere")
    with pytest.raises(OutputError, match="is a link that leads out of"):
        sort()
    assert not list((card.parent / "elsewhere").iterdir())


@pytest.mark.parametrize("out", ["card", "card/north", "card/new/deep", ".", "card/../card", "alias/new"])
def test_the_folder_of_the_photos_is_no_place_for_copies(sort: Organise, card: Path, out: str) -> None:
    (card.parent / "alias").symlink_to(card)
    before = digests(card)
    with pytest.raises(UsageError, match="Name another --out"):
        sort(out=out)
    assert digests(card) == before


def test_a_folder_holds_the_work_of_one_recipe(sort: Organise, card: Path, tmp_path: Path) -> None:
    sort()
    with pytest.raises(UsageError, match=r"organised in another way \(--by species\)"):
        sort(by="site")
    shutil.copytree(card, tmp_path / "second")
    with pytest.raises(UsageError, match="holds copies of the photos in"):
        sort(photos=tmp_path / "second")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "organised.csv").write_text("file\n")
    with pytest.raises(UsageError, match="is no list of this command"):
        sort(out="mine")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        sort(out="file")


def test_a_disk_that_was_mounted_elsewhere_goes_on(sort: Organise, card: Path, tmp_path: Path) -> None:
    sort()
    card.rename(tmp_path / "moved")
    assert sort(photos=tmp_path / "moved").there == 8


def test_a_dry_run_counts_and_writes_nothing(sort: Organise, card: Path) -> None:
    dry = sort(dry_run=True)
    assert not card.with_name("out").exists()
    wet = sort()
    assert dry.folders == wet.folders
    assert dry.folders["red fox"] == 3
    assert (dry.written, dry.bytes) == (wet.written, wet.bytes)
    before = digests(card.with_name("out"))
    assert sort(dry_run=True).there == 8
    assert digests(card.with_name("out")) == before


def test_a_full_disk_is_told_and_the_same_recipe_goes_on(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = organise_copy._opened, [3]

    def filling(place: Path, out: Path) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(place, out)

    with monkeypatch.context() as patch:
        patch.setattr(organise_copy, "_opened", lambda place, out: _told(filling, place, out))
        with pytest.raises(OutputError, match="The disk of .*out.* is full"):
            sort(workers=1)
    assert len(tree(card.with_name("out"))) <= 3
    sort()
    assert len(tree(card.with_name("out"))) == 8


def _told(filling: Any, place: Path, out: Path) -> Any:
    with organise_copy.told_as_output(out):
        return filling(place, out)


def test_room_is_looked_for_before_anything_is_written(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(card)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(OutputError, match="There is no room .* Free some space"):
        sort()
    assert tree(card.with_name("out")) == []


@pytest.mark.parametrize("what", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_not_be_written_is_told(
    sort: Organise, card: Path, monkeypatch: pytest.MonkeyPatch, what: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(what, os.strerror(what))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match="may not be written. Change its rights"):
        sort()


def test_the_answers_of_an_identification_and_of_people_are_honoured(card: Path, tmp_path: Path) -> None:
    rows = [
        row("north/1.jpg", 0.9, 0.05, 0.03, 0.02),
        row("north/2.jpg", 0.3, 0.3, 0.3, 0.1),
        row("south/1.jpg", 0.02, 0.02, 0.02, 0.94),
        row("south/torn.jpg"),
    ]
    results = fill(tmp_path / "results.csv", rows, photos=card)
    corrections = tmp_path / "c.csv"
    corrections.write_text("file,label,by\nnorth/2.jpg,badger,Ada\n")
    organise(OrganiseRecipe(results, tmp_path / "before"))
    assert tree(tmp_path / "before") == [
        "blank/1.jpg",
        "failed/torn.jpg",
        "lynx/1.jpg",
        "unsure/2.jpg",
    ]
    derived = tmp_path / "derived.csv"
    derive(DeriveRecipe(results, OutputRecipe(derived), corrections=corrections))
    for source, options in (
        (results, {}),
        (tmp_path / "results.csv.taxolens", {}),
        (derived, {"photos": card}),
    ):
        out = tmp_path / f"out-{source.name}"
        organise(OrganiseRecipe(source, out, keywords=True, **options))  # type: ignore[arg-type]
        assert tree(out) == ["badger/2.jpg", "blank/1.jpg", "failed/torn.jpg", "lynx/1.jpg"]
    assert xmp(tmp_path / "out-results.csv" / "lynx" / "1.jpg") == ["lynx", "Lynx lynx"]
    summary = organise(OrganiseRecipe(results, tmp_path / "before"))
    assert (summary.moved, tree(tmp_path / "before")[0]) == (1, "badger/2.jpg")


def test_events_are_folders_too(card: Path, tmp_path: Path) -> None:
    from datetime import datetime

    rows = [
        row(f"north/{number}.jpg", 0.9, 0.05, 0.03, 0.02, taken=datetime(2026, 5, 31, 12, 0, 5 * number))
        for number in (1, 2)
    ]
    results = fill(tmp_path / "results.csv", rows, photos=card)
    organise(OrganiseRecipe(results, tmp_path / "out", by="species/event"))
    assert len({name.split("/")[1] for name in tree(tmp_path / "out")}) == 1
    assert "no event" not in tree(tmp_path / "out")[0]


def test_results_without_photos_are_told(card: Path, detections: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name their folder with --photos"):
        organise(OrganiseRecipe(detections, tmp_path / "out"))
    results = fill(tmp_path / "r.csv", [row("1.jpg", 0.9, 0.1, 0, 0)], photos=Path("/nowhere/at/all"))
    with pytest.raises(UsageError, match="not in /nowhere/at/all any more"):
        organise(OrganiseRecipe(results, tmp_path / "out"))
    with pytest.raises(UsageError, match="There are no results at"):
        organise(OrganiseRecipe(tmp_path / "none.csv", tmp_path / "out"))


def test_the_list_tells_every_file_and_its_original(sort: Organise, card: Path) -> None:
    sort()
    with (card.with_name("out") / "organised.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(one["file"] for one in rows) == tree(card.with_name("out"))
    assert {one["photo"] for one in rows if one["file"].startswith("red fox")} == {
        "north/1.jpg",
        "north/2.jpg",
        "south/1.jpg",
    }


def test_a_photo_named_at_two_places_is_copied_once(sort: Organise, card: Path) -> None:
    images = [fox("north/1.jpg"), fox("north/2.jpg"), seen("north/1.jpg", ("1", 0.9, "1"))]
    results = write_detections(card.with_name("twice.json"), *images)
    summary = sort(results, photos=card)
    assert (summary.written, summary.left_out) == (2, 1)
    assert sort(results, photos=card).moved == 0


def test_a_photo_that_cannot_be_drawn_on_is_left_out_with_the_reason(sort: Organise, card: Path) -> None:
    whole = (card / "north" / "1.jpg").read_bytes()
    (card / "north" / "1.jpg").write_bytes(whole[: len(whole) // 2])
    summary = sort(boxes=True)
    assert dict(summary.reasons) == {"north/1.jpg": "The image is damaged or cut short."}
    assert summary.named == 4
    assert "red fox/1.jpg" not in tree(card.with_name("out")) or summary.folders["red fox"] == 2


def test_png_copies_of_photos_that_are_only_read(sort: Organise, card: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (40, 30)).save(file, "GIF")
    (card / "north" / "7.gif").write_bytes(file.getvalue())
    sort(write_detections(card.with_name("g.json"), fox("north/7.gif")), photos=card, boxes=True)
    assert tree(card.with_name("out")) == ["red fox/7.png"]
