"""Photos to a folder that is ready to train on."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from taxolens.core.errors import DataError, MissingExtra, UsageError
from taxolens.core.progress import Silent
from taxolens.core.records import Part
from taxolens.core.texts import plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.data.split import split_images
from taxolens.formats.table import read_table
from taxolens.recipes.parse import parse_recipe
from taxolens.recipes.prepare import PrepareRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.split import SplitBy
from taxolens.report.wording import Wording
from taxolens.workflows.prepare import identity_of, prepare
from taxolens.workflows.prepare_folder import PreparedFolder
from taxolens.workflows.prepare_measure import measure
from taxolens.workflows.prepare_preview import preview
from taxolens.workflows.prepare_summary import PrepareSummary
from tests.conftest import write_class_folders


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def recipe(data: Path, out: Path, **given: object) -> PrepareRecipe:
    return parse_recipe(PrepareRecipe, {"source.data": data, "out": out, **given})


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "photos", per_class=8)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def boxed(tmp_path: Path) -> Path:
    """Twelve photos, each with a bright square that has a box, as YOLO labels."""
    root = tmp_path / "boxed"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    (root / "classes.txt").write_text("vole\nshrew\n")
    for number in range(12):
        pixels = np.zeros((80, 120, 3), np.uint8)
        left, top = 5 + 4 * number, 10 + 2 * number
        pixels[top : top + 20, left : left + 30] = 250
        Pillow.fromarray(pixels).save(root / "images" / f"{number:02d}.png")
        centre = (left + 15) / 120, (top + 10) / 80
        (root / "labels" / f"{number:02d}.txt").write_text(
            f"{number % 2} {centre[0]} {centre[1]} 0.25 0.25\n"
        )
    return root


def check_boxes(dataset: Dataset) -> None:
    """Each box covers the bright square within a pixel."""
    for image in dataset.images:
        pixels = np.asarray(Pillow.open(image.path).convert("L"))
        ys, xs = np.nonzero(pixels > 128)
        assert image.annotations is not None
        (one,) = image.annotations
        height, width = pixels.shape
        found = (one.box.x * width, one.box.y * height, one.box.width * width, one.box.height * height)
        true = (xs.min(), ys.min(), xs.max() + 1 - xs.min(), ys.max() + 1 - ys.min())
        assert np.abs(np.array(found) - true).max() <= 1.01, image.name


STEPS = ["mirror", "rotate:angle=90", "letterbox:width=96,height=96"]


def test_boxes_move_with_the_pixels_and_stay_yolo(boxed: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    summary = prepare(recipe(boxed, out, transform=STEPS), home=home)
    assert summary.photos == 12 and summary.complete
    read = load_dataset(SourceRecipe(out), home=home)
    assert read.boxed and read.classes == ("vole", "shrew") and len(read.images) == 12
    assert {image.part for image in read.images} == set(Part)
    check_boxes(read)
    assert sum(sum(row.values()) for row in summary.counts.values()) == 12 and set(summary.counts) == {
        "vole",
        "shrew",
    }


def test_boxes_that_came_as_coco_leave_as_coco(boxed: Path, tmp_path: Path, home: Path) -> None:
    data = load_dataset(SourceRecipe(boxed), home=home)
    rows = [
        {
            "id": number,
            "file_name": image.path.name,
            "width": 120,
            "height": 80,
            "location": f"site{number % 4}",
        }
        for number, image in enumerate(data.images)
    ]
    boxes = [
        {"id": number, "image_id": number, "category_id": 1, "bbox": [box.x * 120, box.y * 80, 30, 20]}
        for number, image in enumerate(data.images)
        for box in [image.annotations[0].box]  # type: ignore[index]
    ]
    shutil.rmtree(boxed / "labels")
    document = {"images": rows, "annotations": boxes, "categories": [{"id": 1, "name": "vole"}]}
    (boxed / "images" / "annotations.coco.json").write_text(json.dumps(document))
    out = tmp_path / "out"
    source = boxed / "images" / "annotations.coco.json"
    prepare(recipe(source, out, transform=STEPS, **{"split.by": "site"}), home=home)
    read = load_dataset(SourceRecipe(out), home=home)
    assert read.boxed and len(read.images) == 12
    check_boxes(read)
    parts = {
        image.site: {other.part for other in read.images if other.site == image.site} for image in read.images
    }
    assert len(parts) == 4 and all(len(found) == 1 for found in parts.values())


def test_folds_of_boxes_have_a_description_each(boxed: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    prepare(recipe(boxed, out, folds=3), home=home)
    for fold in (1, 2, 3):
        read = load_dataset(SourceRecipe(out / f"fold-{fold}.yaml"), home=home)
        assert len(read.images) == 12 and read.classes == ("vole", "shrew")
        assert {image.path.parent.name for image in read.images if image.part is not Part.TRAIN} == {
            f"fold-{fold}"
        }


def test_boxes_are_not_balanced_by_copies(boxed: Path, tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match="several classes at once"):
        prepare(recipe(boxed, tmp_path / "out", **{"balance.to": "max"}), home=home)
    assert not (tmp_path / "out").exists()


def test_a_table_alone_is_divided_as_its_photos_would_be(tmp_path: Path, home: Path) -> None:
    rng = np.random.default_rng(0)
    table, out = tmp_path / "all.csv", tmp_path / "out"
    rows = [
        f"cam{rng.integers(6)}/{number}.jpg,{'fox' if rng.random() < 0.2 else 'hare'},s{rng.integers(9)},"
        f"{number // 3},2024-01-0{rng.integers(1, 9)} 10:00:00\n"
        for number in range(400)
    ]
    table.write_text("file,label,site,sequence,datetime\n" + "".join(rows))
    for by in SplitBy:
        asked = recipe(
            table, out, files="none", restart=True, **{"split.by": by, "split.seed": 4, "balance.to": "max"}
        )
        summary = prepare(asked, home=home)
        expected = split_images(read_table(table).images, asked.split)
        listed = rows_of(out / "labels.csv")
        kept = [row for row in listed if not row["copy_of"]]
        assert [row["split"] for row in kept] == [part.value for part in expected.parts]
        assert [row["source"] for row in kept] == [line.split(",")[0] for line in rows]
        assert summary.photos == 400 and summary.copies == len(listed) - 400
        learnt = Counter(row["label"] for row in listed if row["split"] == "train")
        assert len(set(learnt.values())) == 1
        assert all(row["file"] == row["copy_of"] for row in listed if row["copy_of"])
        assert summary.counts["fox"]["train"] == learnt["fox"]
    assert not home.exists() or not list(home.glob("*.sqlite")), "no file was looked at"


def test_folds_of_a_table_hold_each_row_once(tmp_path: Path, home: Path) -> None:
    table, out = tmp_path / "all.csv", tmp_path / "out"
    table.write_text("file,label\n" + "".join(f"{n}.jpg,{'ab'[n % 2]}\n" for n in range(40)))
    prepare(recipe(table, out, files="none", folds=4), home=home)
    assert Counter(row["fold"] for row in rows_of(out / "labels.csv")) == dict.fromkeys("1234", 10)
    held_back = [row for row in rows_of(out / "fold-2.csv") if row["split"] == "test"]
    assert len(held_back) == 10 and {row["fold"] for row in held_back} == {"2"}


def test_without_opencv_photos_are_divided_and_made_smaller_but_not_changed(
    photos: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    summary = prepare(recipe(photos, tmp_path / "out", size=60), home=home)
    assert summary.photos == 24
    for row in rows_of(tmp_path / "out" / "labels.csv"):
        with Pillow.open(tmp_path / "out" / row["file"]) as image:
            assert image.size == (60, 45)
    for wish in ({"transform": ["mirror"]}, {"balance.to": "max"}):
        with pytest.raises(MissingExtra, match=r"taxolens\[prepare\]"):
            prepare(recipe(photos, tmp_path / "other", **wish), home=home)
    assert not (tmp_path / "other").exists()


def test_photos_of_one_name_in_several_folders_do_not_meet(tmp_path: Path, home: Path) -> None:
    data = tmp_path / "data"
    for site in ("north", "south"):
        write_class_folders(data / site, per_class=4, seed=len(site) + (site == "south"))
    out = tmp_path / "out"
    prepare(recipe(data, out, **{"split.by": "none", "allow_missing": True}), home=home)
    rows = rows_of(out / "labels.csv")
    assert len({row["file"] for row in rows}) == 24
    for row in rows:
        assert (out / row["file"]).read_bytes() == (data / row["source"]).read_bytes()


def test_a_photo_that_changes_after_the_plan_is_a_failure_not_a_mixture(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    asked = recipe(photos, out, **{"balance.to": "30"})
    prepare(replace(asked, shard="1/2"), home=home)
    kept = sorted(photos.rglob("*.jpg"))
    for file in kept:
        file.write_bytes(file.read_bytes() + b"\0")
    summary = prepare(asked, home=home)
    assert summary.complete and summary.failed
    assert {row["failure"] for row in rows_of(out / "failures.csv")} == {"changed"}


def test_a_folder_that_is_not_complete_is_not_learnt_from(photos: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    prepare(replace(recipe(photos, out, **{"balance.to": "60"}), shard="1/2"), home=home)
    with pytest.raises(DataError, match="not complete"):
        load_dataset(SourceRecipe(out), home=home)


def test_beginning_anew_removes_what_was_prepared_and_refuses_what_was_not(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    prepare(recipe(photos, out, **{"balance.to": "20"}), home=home)
    mine = out / "train" / "across" / "mine.txt"
    mine.write_text("notes")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        prepare(recipe(photos, out, restart=True), home=home)
    assert mine.read_text() == "notes" and (out / "labels.csv").exists()
    mine.unlink()
    assert prepare(recipe(photos, out, restart=True), home=home).copies == 0
    assert not [file for file in out.rglob("*") if "~" in file.name]


def test_beginning_anew_waits_for_nobody_who_is_still_filling_the_folder(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    asked = recipe(photos, out, **{"balance.to": "60"})
    prepare(replace(asked, shard="1/2"), home=home)
    before = sorted(out.rglob("*"))
    with (
        PreparedFolder(out, identity_of(asked)).shard("2/2"),
        pytest.raises(UsageError, match="Another process"),
    ):
        prepare(replace(asked, restart=True), home=home)
    assert set(before) <= set(out.rglob("*"))
    assert prepare(replace(asked, restart=True), home=home).complete


@pytest.mark.parametrize("moved", ["train", "done"])
def test_a_clearing_that_was_killed_is_gone_on_with(
    photos: Path, tmp_path: Path, home: Path, moved: str
) -> None:
    out = tmp_path / "out"
    asked = recipe(photos, out, **{"balance.to": "60"})
    prepare(replace(asked, shard="1/2"), home=home)
    unfinished = out / "unfinished.taxolens"
    (unfinished / "clearing").touch()
    (unfinished / "old").mkdir()
    place = out / moved if moved == "train" else unfinished / moved
    place.replace(unfinished / "old" / f"0123-{moved}")
    summary = prepare(asked, home=home)
    assert summary.complete and summary.failed == 0 and not unfinished.exists()
    written = sum(file.suffix == ".jpg" for file in out.rglob("*"))
    assert written == summary.photos + summary.copies == len(rows_of(out / "labels.csv"))


def test_what_a_killed_finish_left_is_no_hindrance(photos: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "out"
    prepare(recipe(photos, out), home=home)
    left = out / ".unfinished.taxolens" / "done"
    left.mkdir(parents=True)
    (left / "0000000.json").write_text("[]")
    assert prepare(recipe(photos, out), home=home).photos == 24 and not left.exists()
    left.mkdir(parents=True)
    changed = recipe(photos, out, **{"split.seed": 3}, restart=True)
    assert prepare(changed, home=home).photos == 24
    assert not list(out.glob(".unfinished.taxolens*"))


def test_what_somebody_put_into_a_folder_without_a_plan_is_not_removed(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    (out / "unfinished.taxolens" / "done").mkdir(parents=True)
    (out / "mine.txt").write_text("notes")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        prepare(recipe(photos, out, restart=True), home=home)
    assert (out / "mine.txt").read_text() == "notes"


def test_formats_are_kept_and_odd_ones_become_png(tmp_path: Path, home: Path) -> None:
    data = tmp_path / "data"
    for label in ("a", "b"):
        (data / label).mkdir(parents=True)
        for number, suffix in enumerate(("png", "jpg", "webp", "tif", "bmp", "gif")):
            pixels = np.full((40, 50, 3), 40 * number + (label == "b") * 9, np.uint8)
            Pillow.fromarray(pixels).save(data / label / f"{number}.{suffix}")
    out = tmp_path / "out"
    prepare(recipe(data, out, transform=["mirror"], **{"split.by": "none"}), home=home)
    written = Counter(Path(row["file"]).suffix for row in rows_of(out / "labels.csv"))
    assert written == {".png": 4, ".jpg": 2, ".webp": 2, ".tif": 2, ".bmp": 2}


@pytest.mark.parametrize("white", ["pca-whiten", "zca-whiten:side=6", "zca-whiten:side=6,photos=5"])
def test_whitening_learns_from_the_training_part_and_is_the_same_in_shards(
    white: str, photos: Path, tmp_path: Path, home: Path
) -> None:
    """Whatever the shard, and however many photos it learns from."""
    pytest.importorskip("cv2")
    whole, shared = tmp_path / "whole", tmp_path / "shared"
    steps = ["resize:width=32,height=32", white]
    prepare(recipe(photos, whole, transform=steps), home=home)
    for shard in ("3/3", "1/3", "2/3"):
        prepare(recipe(photos, shared, transform=steps, shard=shard), home=home)
    files = [file.relative_to(whole) for file in whole.rglob("*.jpg")]
    assert len(files) == 24
    assert all((whole / file).read_bytes() == (shared / file).read_bytes() for file in files)


class Counted(Silent):
    """Keeps how much there was of each piece of work."""

    def __init__(self) -> None:
        self.totals: list[tuple[str, int | None]] = []

    def track(self, items: Iterable[Any], *, what: str, total: int | None = None) -> Iterator[Any]:
        self.totals.append((what, total))
        yield from items


def test_whitening_learns_from_as_many_photos_as_it_is_told(
    photos: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cv2")
    seen = Counted()
    steps = ["pca-whiten:photos=4", "zca-whiten:side=4,photos=8"]
    prepare(recipe(photos, tmp_path / "out", transform=steps), home=home, progress=seen)
    learners = sum(row["split"] == "train" for row in rows_of(tmp_path / "out" / "labels.csv"))
    wanted = len(range(0, learners, -(-learners // 8)))
    assert 4 < wanted <= 8 < learners
    assert seen.totals.count(("Learning from photos", wanted)) == 2  # each step sees them anew


def test_a_sheet_is_not_written_among_the_photos(photos: Path, home: Path) -> None:
    asked = parse_recipe(PrepareRecipe, {"source.data": photos, "transform": ["mirror"]})
    with pytest.raises(UsageError, match="never changed"):
        preview(asked, photos / "across" / "sheet.png", home=home, progress=Silent(), say=plain)
    with pytest.raises(UsageError, match="ends in"):
        preview(asked, photos.parent / "sheet.pdf", home=home, progress=Silent(), say=plain)


def test_a_sheet_is_not_written_over_a_photo_that_a_table_names(photos: Path, home: Path) -> None:
    table = photos.parent / "table" / "labels.csv"
    table.parent.mkdir()
    names = sorted(file.relative_to(photos.parent).as_posix() for file in photos.rglob("*.jpg"))
    table.write_text("file,label\n" + "".join(f"../{name},{name[7]}\n" for name in names))
    first = photos.parent / names[0]
    before = first.read_bytes()
    asked = parse_recipe(PrepareRecipe, {"source.data": table, "transform": ["mirror"]})
    with pytest.raises(UsageError, match="never changed"):
        preview(asked, first, home=home, progress=Silent(), say=plain)
    assert first.read_bytes() == before


def test_copies_of_an_earlier_preparation_are_no_photos_of_their_own(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert prepare(recipe(photos, first, **{"balance.to": "12"}), home=home).copies > 0
    summary = prepare(recipe(first, second, own_parts=False, **{"split.seed": 5}), home=home)
    assert summary.photos == 24 and not [file for file in second.rglob("*") if "~" in file.name]


def leaf(folder: Path, name: str, width: int) -> None:
    """A green disc on white paper."""
    folder.mkdir(parents=True, exist_ok=True)
    ys, xs = np.mgrid[0:200, 0:200]
    pixels = np.full((200, 200, 3), 235, np.uint8)
    pixels[((xs - 100) / width) ** 2 + ((ys - 100) / 60) ** 2 < 1] = (60, 140, 50)
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
    Pillow.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(folder / name, quality=95)


def test_objects_are_measured_and_what_cannot_be_read_is_told(tmp_path: Path, home: Path) -> None:
    data, table = tmp_path / "data", tmp_path / "measures.csv"
    leaf(data / "round", "a.jpg", 60)
    leaf(data / "long", "b.jpg", 30)
    (data / "long" / "broken.jpg").write_bytes((data / "long" / "b.jpg").read_bytes()[:900])
    asked = parse_recipe(PrepareRecipe, {"source.data": data})
    assert measure(asked, table, home=home, progress=Silent(), say=plain) == 1
    rows = {row["file"]: row for row in rows_of(table)}
    assert abs(float(rows["round/a.jpg"]["area_px"]) - np.pi * 60 * 60) < 600
    assert abs(float(rows["long/b.jpg"]["area_px"]) - np.pi * 30 * 60) < 400
    assert rows["long/b.jpg"]["failure"] == "" and rows["long/broken.jpg"]["failure"].startswith("damaged")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "home", "measures.csv"]


class Heard(Silent):
    """Keeps what was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def told(summary: PrepareSummary, language: str = "en") -> str:
    return "\n".join(summary.lines(Wording(plain, language)))


def test_the_next_command_is_told_as_a_shell_takes_it(photos: Path, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "prêt à l'emploi"
    lines = told(prepare(recipe(photos, out), home=home))
    assert f"taxolens train {shlex.quote(str(out))} --out RUN" in lines
    assert f"--recipe {shlex.quote(str(out / 'prepare.toml'))}" in lines
    folds = tmp_path / "folds"
    lines = told(prepare(recipe(photos, folds, folds=3), home=home))
    assert f"once for each fold: taxolens train {folds / 'fold-1.csv'} --out RUN-1" in lines


def test_a_table_of_boxes_says_that_it_counts_boxes(
    photos: Path, boxed: Path, tmp_path: Path, home: Path
) -> None:
    assert told(prepare(recipe(photos, tmp_path / "one"), home=home)).startswith("Photos ")
    lines = told(prepare(recipe(boxed, tmp_path / "two"), home=home))
    assert lines.startswith("Boxes ") and "taxolens train" not in lines


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    summary = PrepareSummary(Path("out"), 12_000, 0, 0, {}, (), 1.54)
    assert "Photos: 12\u202f000, copies: 0, failed: 0, in 1,5\xa0s." in told(summary, "fr")


def test_photos_without_a_leaf_are_told_when_measuring(photos: Path, tmp_path: Path, home: Path) -> None:
    pytest.importorskip("cv2")
    for number, photo in enumerate(sorted(photos.rglob("*.jpg"))):
        Pillow.new("RGB", (64, 64), (90 + number, 90, 90)).save(photo)
    heard = Heard()
    measure(recipe(photos, tmp_path / "out"), tmp_path / "m.csv", home=home, progress=heard, say=plain)
    n = len(rows_of(tmp_path / "m.csv"))
    assert f"No leaf was found in {n} of {n} photos: their measures are empty." in heard.notes


def test_a_sheet_has_room_for_all_values_of_a_step(photos: Path, tmp_path: Path, home: Path) -> None:
    pytest.importorskip("cv2")

    def height(step: str) -> int:
        asked = recipe(photos, tmp_path / "out", transform=[step])
        preview(asked, tmp_path / "sheet.png", home=home, progress=Silent(), say=plain)
        with Pillow.open(tmp_path / "sheet.png") as sheet:
            return sheet.height

    assert height("roi:shape=rectangle,crop=no") > height("grey")


@pytest.mark.parametrize("named", ["", "labels.csv", "zip"])
def test_folds_are_not_trained_on_as_a_whole_but_each_by_itself(
    named: str, photos: Path, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "folds"
    prepare(recipe(photos, out, folds=10), home=home)
    data = Path(shutil.make_archive(str(out), "zip", out)) if named == "zip" else out / named
    with pytest.raises(DataError, match=r"10 folds.*train once for each, on .*fold-1\.csv to fold-10\.csv"):
        load_dataset(SourceRecipe(data), home=home, one_split=True)
    assert len(load_dataset(SourceRecipe(data), home=home).images) == len(rows_of(out / "labels.csv"))
    held_back = load_dataset(SourceRecipe(out / "fold-2.csv"), home=home, one_split=True)
    assert {image.part for image in held_back.images} == {Part.TRAIN, Part.TEST}


def test_folders_that_only_look_like_folds_are_trained_on(photos: Path, home: Path) -> None:
    (photos / "fold-1.csv").write_text("a,b\n")
    assert load_dataset(SourceRecipe(photos), home=home, one_split=True).images


def test_a_split_of_its_own_without_a_part_to_learn_from_is_told(
    photos: Path, tmp_path: Path, home: Path
) -> None:
    data = tmp_path / "divided"
    shutil.copytree(photos, data / "test")
    with pytest.raises(DataError, match="has no part train, only test.*--ignore-parts"):
        prepare(recipe(data, tmp_path / "out"), home=home)
    assert prepare(recipe(data, tmp_path / "out", own_parts=False), home=home).complete
    as_it_is = prepare(recipe(data, tmp_path / "as", allow_missing=True), home=home)
    assert {part for row in as_it_is.counts.values() for part, count in row.items() if count} == {"test"}
