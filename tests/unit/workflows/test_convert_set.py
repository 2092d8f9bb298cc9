"""Labelled photos from any format to any other: nothing lost, originals untouched."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from taxolens.core.errors import DataError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.records import Part
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.formats.sets import SETS
from taxolens.recipes.convert import ConvertRecipe, SetFiles
from taxolens.recipes.derive import OutputRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.convert_place import bare_name
from taxolens.workflows.convert_set import SetSummary, convert_set

Thing = TypeVar("Thing")

BOXED = ("yolo", "coco", "voc", "labelme", "megadetector", "csv")
CLASSES = ("zorille", "café crème", "autre", "never seen")
PAIRS = list(itertools.permutations(BOXED, 2))
_TURNED = {1, 3, 6, 8}
_SIZES = ((40, 30), (31, 57), (1, 1), (64, 64))


@dataclass(frozen=True)
class Drawn:
    """A photo to be made: name, size as stored, orientation, boxes in shares (None: not looked at), part."""

    name: str
    size: tuple[int, int]
    orientation: int
    boxes: tuple[tuple[str, Box], ...] | None
    part: Part | None


def load(data: Path, home: Path) -> Dataset:
    return load_dataset(SourceRecipe(data), home=home)


def to(source: Path, out: Path, name: str, home: Path, files: SetFiles | None = None) -> SetSummary:
    return convert_set(ConvertRecipe(source, OutputRecipe(out, name), files=files), home=home)


def said(dataset: Dataset) -> dict[str, tuple[object, ...]]:
    """What a set says of each photo, by its name without the folders of the layout."""
    return {
        bare_name(image): (
            image.sha256,
            image.part,
            image.site,
            image.sequence,
            None if image.annotations is None else tuple(one.label for one in image.annotations),
        )
        for image in dataset.images
    }


def boxes(dataset: Dataset) -> dict[str, list[tuple[float, ...]]]:
    return {
        bare_name(image): [
            (one.box.x, one.box.y, one.box.x + one.box.width, one.box.y + one.box.height)
            for one in image.annotations or ()
        ]
        for image in dataset.images
    }


def same(one: Dataset, two: Dataset) -> None:
    """Both say the same: photos, parts, classes in order, boxes to a millionth of the photo's side."""
    assert said(one) == said(two)
    assert one.classes == two.classes
    first, second = boxes(one), boxes(two)
    for name, found in first.items():
        for left, right in zip(found, second[name], strict=True):
            assert left == pytest.approx(right, abs=1e-9)


def photo(path: Path, size: tuple[int, int], orientation: int, tint: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", size, (tint * 40 % 256, tint % 256, 90)).save(path, exif=exif)


def coco_set(root: Path, photos: Sequence[Drawn]) -> Path:
    """A COCO set with parts, as others write it: names from the file's folder, sizes of the upright photo."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, one in enumerate(photos, start=1):
        photo(root / one.name, one.size, one.orientation, number)
        width, height = one.size if one.orientation in (1, 3) else one.size[::-1]
        row: dict[str, object] = {"id": number, "file_name": one.name, "width": width, "height": height}
        row |= {"split": one.part.value} if one.part else {}
        row |= {"unlabelled": True} if one.boxes is None else {}
        images.append(row)
        for label, box in one.boxes or ():
            where = [box.x * width, box.y * height, box.width * width, box.height * height]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": CLASSES.index(label) + 1,
                    "bbox": where,
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, start=1)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.coco.json").write_text(json.dumps(document))
    return root


@st.composite
def photos(draw: st.DrawFn) -> list[Drawn]:
    """Photos with boxes down to a single pixel, at the border, empty ones, and ones nobody looked at."""
    parts = draw(st.sampled_from([(None,), tuple(Part)]))
    found = []
    stems = draw(st.lists(st.sampled_from(("a", "b c", "ünï", "é")), min_size=1, max_size=4, unique=True))
    for stem in stems:
        size, turned = draw(st.sampled_from(_SIZES)), draw(st.sampled_from(sorted(_TURNED)))
        width, height = size if turned in (1, 3) else size[::-1]
        drawn = draw(st.none() | st.lists(box_in(width, height), max_size=3).map(tuple))
        folder = draw(st.sampled_from(("", "north/", "site é/")))
        found.append(Drawn(f"{folder}{stem}.jpg", size, turned, drawn, draw(st.sampled_from(parts))))
    whole = (CLASSES[0], Box(0, 0, 1, 1))
    found.append(Drawn("whole.jpg", (40, 30), 1, (whole,), draw(st.sampled_from(parts))))
    return found


@st.composite
def box_in(draw: st.DrawFn, width: int, height: int) -> tuple[str, Box]:
    label = draw(st.sampled_from(CLASSES[:3]))
    if draw(st.booleans()):  # whole pixels
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        w, h = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
        return label, Box(x / width, y / height, w / width, h / height)
    share = st.floats(0.001, 0.499)
    return label, Box(draw(share), draw(share), draw(share), draw(share))


@pytest.mark.parametrize(("first", "second"), PAIRS)
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=photos())
def test_there_and_back_says_the_same(
    first: str, second: str, drawn: list[Drawn], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("sets")
    home, source = root / "home", coco_set(root / "source", drawn)
    to(source, root / "one", first, home)
    to(root / "one", root / "two", second, home)
    to(root / "two", root / "three", first, home)
    original = load(source, home)
    for name in ("one", "two", "three"):
        same(original, load(root / name, home))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three photos: two boxes of two classes, nothing, not looked at."""
    fox, cup = (CLASSES[0], Box(0.1, 0.2, 0.3, 0.4)), (CLASSES[1], Box(0.5, 0.5, 0.5, 0.5))
    return coco_set(
        tmp_path / "source",
        [
            Drawn("north/1.jpg", (40, 30), 6, (fox, cup), None),
            Drawn("south/1.jpg", (40, 30), 1, (), None),
            Drawn("2.jpg", (40, 30), 1, None, None),
            Drawn("3.jpg", (40, 30), 1, (fox, fox), None),
        ],
    )


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("files", [SetFiles.COPY, SetFiles.LINK])
def test_originals_are_untouched(
    name: str, files: SetFiles, source: Path, tmp_path: Path, home: Path
) -> None:
    before = hashes(source)
    to(source, tmp_path / "out", name, home, files)
    assert hashes(source) == before
    photos = [path for path in (tmp_path / "out").rglob("*.jpg")]
    assert photos and all(path.is_symlink() is (files is SetFiles.LINK) for path in photos)


@pytest.mark.parametrize("name", ["coco", "megadetector", "csv"])
def test_one_file_names_photos_where_they_lie(name: str, source: Path, tmp_path: Path, home: Path) -> None:
    suffix = SETS[name].suffix
    out = tmp_path / f"alone{suffix}"
    to(source, out, name, home)
    assert not list(tmp_path.glob("**/alone*.jpg"))
    before, after = load(source, home), load(out, home)
    assert sorted(image.sha256 or "" for image in after.images) == sorted(
        image.sha256 or "" for image in before.images
    )
    assert sum(len(image.annotations or ()) for image in after.images) == 4


def test_photos_that_are_named_by_their_full_path_keep_the_end_of_it(
    source: Path, tmp_path: Path, home: Path
) -> None:
    to(source, tmp_path / "apart", "coco", home, SetFiles.NONE)
    to(tmp_path / "apart", tmp_path / "out", "voc", home)
    same(load(source, home), load(tmp_path / "out", home))


def test_class_folders_hold_photos_of_one_class_and_what_is_left_out_is_told(
    source: Path, tmp_path: Path, home: Path
) -> None:
    told = Told()
    recipe = ConvertRecipe(source, OutputRecipe(tmp_path / "out", "folder"))
    convert_set(recipe, home=home, progress=told)
    assert {path.parent.name for path in (tmp_path / "out").rglob("*.jpg")} == {"zorille", "blank"}
    text = " ".join(told.notes)
    for sentence in (
        "4 boxes are left out",
        "several classes",
        "nobody has said anything of",
        "no folder: caf",
    ):
        assert sentence in text


class Told:
    """Hears what a command has to say."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def track(self, items: Iterable[Thing], *, what: str, total: int | None = None) -> Iterator[Thing]:
        yield from items

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("name", BOXED)
def test_scores_that_no_set_holds_are_told(name: str, source: Path, tmp_path: Path, home: Path) -> None:
    photo(tmp_path / "card/1.jpg", (40, 30), 1, 1)
    detections = [
        {"category": "1", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]},
        {"category": "1", "conf": 0.3, "bbox": [0, 0, 0.5, 0.5]},
    ]
    document = {
        "images": [{"file": "1.jpg", "detections": detections}],
        "detection_categories": {"1": "animal"},
        "info": {"format_version": "1.5"},
    }
    (tmp_path / "md.json").write_text(json.dumps(document))
    told = Told()
    recipe = ConvertRecipe(
        tmp_path / "md.json",
        OutputRecipe(tmp_path / "out", name),
        photos=tmp_path / "card",
        threshold=0.5,
    )
    done = convert_set(recipe, home=home, progress=told)
    assert done.boxes == 1
    assert any("holds no scores" in note for note in told.notes)
    assert any("below 0.5 are left out: 1" in note for note in told.notes)


def test_photos_that_are_missing_are_named_and_the_rest_is_written(
    source: Path, tmp_path: Path, home: Path
) -> None:
    (source / "2.jpg").unlink()
    done = to(source, tmp_path / "out", "voc", home)
    assert [failure.name for failure in done.failures] == ["2.jpg"] and done.photos == 3


def test_photos_that_would_share_a_file_of_labels_get_names_of_their_own(tmp_path: Path, home: Path) -> None:
    fox = (CLASSES[0], Box(0, 0, 0.5, 0.5))
    cup = (CLASSES[1], Box(0, 0, 0.5, 0.5))
    drawn = [Drawn("1.jpg", (8, 8), 1, (fox,), None), Drawn("1.png", (8, 8), 1, (cup,), None)]
    source = coco_set(tmp_path / "source", drawn)
    to(source, tmp_path / "out", "voc", home)
    after = load(tmp_path / "out", home)
    assert {bare_name(image) for image in after.images} == {"1.jpg", "1-2.png"}
    assert sorted(one.label for image in after.images for one in image.annotations or ()) == [
        "café crème",
        "zorille",
    ]


def test_a_part_that_only_some_photos_have_is_kept(tmp_path: Path, home: Path) -> None:
    fox = (CLASSES[0], Box(0, 0, 0.5, 0.5))
    drawn = [Drawn("1.jpg", (8, 8), 1, (fox,), Part.TEST), Drawn("2.jpg", (8, 8), 1, (), None)]
    source = coco_set(tmp_path / "source", drawn)
    for name in BOXED:
        to(source, tmp_path / name, name, home)
        same(load(source, home), load(tmp_path / name, home))


def test_site_and_sequence_are_kept_beside_formats_without_a_place_for_them(
    source: Path, tmp_path: Path, home: Path
) -> None:
    document = json.loads((source / "annotations.coco.json").read_text())
    for row in document["images"]:
        row |= {"location": "étang", "seq_id": "s1"}
    (source / "annotations.coco.json").write_text(json.dumps(document))
    for name in BOXED:
        to(source, tmp_path / name, name, home)
        same(load(source, home), load(tmp_path / name, home))


def test_whole_photos_go_to_coco_a_table_and_folders(class_folders: Path, tmp_path: Path, home: Path) -> None:
    before = load(class_folders, home)
    for name in ("coco", "csv", "folder"):
        to(class_folders, tmp_path / name, name, home, SetFiles.LINK)
        after = load(tmp_path / name, home)
        assert {image.sha256: image.label for image in after.images} == {
            image.sha256: image.label for image in before.images
        }
    with pytest.raises(UsageError, match="no boxes"):
        to(class_folders, tmp_path / "yolo", "yolo", home)


def test_places_that_cannot_be_meant_are_refused(source: Path, tmp_path: Path, home: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/keep.txt").write_text("mine")
    for out, name, files, message in (
        (tmp_path / "full", "yolo", None, "not written over"),
        (source / "new", "yolo", None, "lie in one another"),
        (tmp_path / "new.zip", "yolo", None, "is a folder"),
        (tmp_path / "new.json", "coco", SetFiles.COPY, "one file"),
        (tmp_path / "new", "voc", SetFiles.NONE, "same folder"),
        (tmp_path / "new", "vocc", None, "no format"),
    ):
        with pytest.raises(UsageError, match=message):
            to(source, out, name, home, files)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["keep.txt"]
    assert not (tmp_path / "new").exists()


def test_a_set_that_cannot_be_finished_leaves_nothing(
    source: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads((source / "annotations.coco.json").read_text())
    document["categories"][0]["name"] = "a\x01b"
    (source / "annotations.coco.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="cannot hold"):
        to(source, tmp_path / "out", "voc", home)
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_pycocotools_reads_what_is_written(source: Path, tmp_path: Path, home: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    to(source, tmp_path / "yolo", "yolo", home)
    to(tmp_path / "yolo", tmp_path / "coco", "coco", home)
    judged = coco.COCO(str(tmp_path / "coco/annotations.coco.json"))
    assert len(judged.getImgIds()) == 4 and len(judged.getAnnIds()) == 4
    assert [one["name"] for one in judged.loadCats(judged.getCatIds())] == list(CLASSES)
    assert all(
        (tmp_path / "coco" / one["file_name"]).is_file() for one in judged.loadImgs(judged.getImgIds())
    )
    (one,) = [a for a in judged.loadAnns(judged.getAnnIds()) if a["category_id"] == 2]
    assert one["bbox"] == pytest.approx([15, 20, 15, 20])  # stored on its side: 30 wide, 40 high
