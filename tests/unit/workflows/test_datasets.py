"""From a public set to a folder that can be learnt from: fetched or given, checked, laid out, gone on with."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image as Pillow

from taxolens.core.errors import DataError, NetworkError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Part
from taxolens.data.public import layout as layout_module
from taxolens.data.public.catalogue import PublicDataset, Role, public_datasets
from taxolens.formats.labelled import read_labelled
from taxolens.recipes.datasets import Arrangement, GetRecipe
from taxolens.storage import download as download_module
from taxolens.workflows.datasets import ABOUT, GetSummary, get_dataset
from tests.unit.formats.public import archives

LABELS = [0, 1, 2, 1]
PIXELS = np.random.default_rng(1).integers(0, 256, (len(LABELS), 32, 32, 3), dtype=np.uint8)


class Server(BaseHTTPRequestHandler):
    """Serves files by name, by ranges; breaks its first answer."""

    files: dict[str, bytes]
    asked: list[str]
    breaks = 0

    def do_GET(self) -> None:
        kind = type(self)
        name = unquote(self.path.lstrip("/"))
        kind.asked.append(name)
        data = self.files.get(name)
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(404 if data is None else 206 if start else 200)
        data = data or b""
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("ETag", '"1"')
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        cut = kind.breaks > 0
        kind.breaks -= 1
        self.wfile.write(data[start : start + len(data) // 2] if cut else data[start:])

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    handler = type("One", (Server,), {"files": {}, "asked": []})
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: web.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{web.server_port}/"
    monkeypatch.setattr(download_module, "_pause", lambda failures: None)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield handler
    web.shutdown()
    web.server_close()
    thread.join()


def entry(
    family: str, files: dict[str, Path], url: str = "http://127.0.0.1:9/", **more: Any
) -> PublicDataset:
    """A set that publishes these files with their checksums; those of camera traps have none, as in life."""
    rows = []
    for name, path in files.items():
        data = path.read_bytes()
        known = (
            {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            if family != "camera-traps"
            else {}
        )
        role = {"annotation.tar": "boxes", "lists.tar": "split"}.get(name, "photos")
        rows.append({"name": name, "url": url + name, "role": role, **known})
    variant = {
        "name": "original",
        "file": rows,
        **{key: more.pop(key) for key in list(more) if key == "images_url"},
    }
    values = {
        "name": "some-set",
        "title": "Some Set",
        "family": family,
        "task": "detect" if family == "camera-traps" else "classify",
        "images": 12,
        "classes": 3,
        "licence": "CC0-1.0",
        "citation": "Somebody 2011",
        "url": url,
        **more,
    }
    return PublicDataset.model_validate({**values, "variant": [variant]})


def get(one: PublicDataset, tmp_path: Path, **recipe: Any) -> GetSummary:
    found = GetRecipe(one.name, recipe.pop("out", tmp_path / "out"), **recipe)
    return get_dataset(found, home=tmp_path / "home", entry=one)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def cifar(tmp_path: Path) -> dict[str, Path]:
    name = "cifar-10-python.tar.gz"
    return {name: archives.tar(tmp_path / name, archives.cifar_python(PIXELS, LABELS))}


@pytest.fixture
def dogs(tmp_path: Path) -> dict[str, Path]:
    return {name: archives.tar(tmp_path / name, files) for name, files in archives.dogs().items()}


@pytest.fixture
def traps(tmp_path: Path) -> dict[str, Path]:
    document = archives.camera_traps()
    return {
        "traps.json.zip": archives.packed(
            tmp_path / "traps.json.zip", {"traps.json": archives.as_json(document)}
        ),
        "images.zip": archives.packed(tmp_path / "images.zip", archives.camera_trap_photos(document)),
    }


def test_a_local_archive_becomes_class_folders_with_the_authors_split(
    cifar: dict[str, Path], tmp_path: Path
) -> None:
    one = entry("cifar", cifar)
    summary = get(one, tmp_path, sources=tuple(cifar.values()))
    found = read_labelled(tmp_path / "out", unpack_to=tmp_path)
    assert Counter((image.part, image.label) for image in found.images) == {
        (part, label): 1 + (label == "automobile")
        for part in (Part.TRAIN, Part.TEST)
        for label in archives.CIFAR_CLASSES
    }
    about = json.loads((tmp_path / "out" / ABOUT).read_text())
    assert (about["licence"], about["images"], about["files"][0]["checked"]) == ("CC0-1.0", 8, "published")
    assert summary.laid and summary.laid.images == 8 and summary.kept is None
    told = "\n".join(summary.lines(str))
    assert "8 images of 3 classes" in told and "Please cite: Somebody 2011" in told
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_what_is_there_already_is_said_and_not_done_again(cifar: dict[str, Path], tmp_path: Path) -> None:
    one = entry("cifar", cifar)
    get(one, tmp_path, sources=tuple(cifar.values()))
    before = files_below(tmp_path / "out")
    assert get(one, tmp_path).laid is None  # nothing was downloaded either: there is nobody to ask
    assert files_below(tmp_path / "out") == before
    with pytest.raises(UsageError, match="holds other things"):
        get(one, tmp_path, sources=tuple(cifar.values()), classes=("bird",))


def test_a_set_is_downloaded_over_a_breaking_connection_checked_and_kept(
    server: type[Server], cifar: dict[str, Path], tmp_path: Path
) -> None:
    ((name, path),) = cifar.items()
    server.files[name] = path.read_bytes()
    server.breaks = 1
    one = entry("cifar", cifar, server.url)  # type: ignore[attr-defined]
    summary = get(one, tmp_path, classes=("bird",))
    assert summary.laid and summary.laid.images == 2 and server.asked == [name, name]
    assert summary.kept and (summary.kept / name).read_bytes() == path.read_bytes()
    get(one, tmp_path, out=tmp_path / "all")
    assert server.asked == [name, name]


def test_another_file_than_the_published_one_is_refused_unopened(
    server: type[Server], cifar: dict[str, Path], tmp_path: Path
) -> None:
    ((name, path),) = cifar.items()
    one = entry("cifar", cifar, server.url)  # type: ignore[attr-defined]
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(DataError, match="is not the file"):
        get(one, tmp_path, sources=(path,))
    other = path.rename(tmp_path / "other.tar.gz")
    with pytest.raises(DataError, match=r"is not a file of Some Set.*cifar-10-python\.tar\.gz"):
        get(one, tmp_path, sources=(other,))
    server.files[name] = other.read_bytes()
    with pytest.raises(DataError, match="is not the file"):
        get(one, tmp_path)
    assert not (tmp_path / "out").exists()
    assert files_below(tmp_path / "home").keys() <= {"datasets/arrived.json"}


def test_without_network_the_message_says_how_to_do_without(cifar: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"datasets get some-set --from cifar-10-python\.tar\.gz"):
        get(entry("cifar", cifar), tmp_path)


def test_where_no_checksum_is_published_the_first_arrival_is_remembered(
    server: type[Server], traps: dict[str, Path], tmp_path: Path
) -> None:
    for name, path in traps.items():
        server.files[name] = path.read_bytes()
    one = entry("camera-traps", traps, server.url)  # type: ignore[attr-defined]
    get(one, tmp_path)
    about = json.loads((tmp_path / "out" / ABOUT).read_text())
    assert [file["checked"] for file in about["files"]] == ["first", "first"]
    get(one, tmp_path, out=tmp_path / "two")
    about = json.loads((tmp_path / "two" / ABOUT).read_text())
    assert [file["checked"] for file in about["files"]] == ["remembered", "remembered"]
    for kept in (tmp_path / "home/datasets/downloads/some-set").iterdir():
        kept.unlink()
    server.files["traps.json.zip"] += b"changed"
    with pytest.raises(DataError, match="is not the file"):
        get(one, tmp_path, out=tmp_path / "three")


@pytest.mark.parametrize("how", ["files", "folder"])
def test_camera_traps_are_laid_out_with_boxes_of_the_upright_photos(
    how: str, traps: dict[str, Path], tmp_path: Path
) -> None:
    sources = tuple(traps.values())
    if how == "folder":
        document = archives.camera_traps()
        files = {"t.json": archives.as_json(document), **archives.camera_trap_photos(document)}
        sources = (archives.unpacked(tmp_path / "set", files),)
    summary = get(entry("camera-traps", traps), tmp_path, sources=sources)
    assert summary.laid and (summary.laid.images, summary.laid.boxes) == (4, 3)
    found = read_labelled(tmp_path / "out", unpack_to=tmp_path)
    images = {image.path.name: image for image in found.images}
    assert found.boxed and found.classes == ("hare", "red fox") and not found.problems
    assert images["0.jpg"].annotations == (_near(Annotation("red fox", Box(0.1, 0.1, 0.5, 0.5))),)
    turned = images["2.jpg"].annotations  # 40 x 60 as it is seen, and the box told so
    assert turned and (turned[0].box.x, turned[0].box.width) == (pytest.approx(0.15), pytest.approx(0.75))
    assert (images["0.jpg"].site, images["0.jpg"].sequence, images["0.jpg"].label) == ("0", "s0", "red fox")
    assert (images["3.jpg"].annotations, images["3.jpg"].label) == ((), "empty")
    by_coco = read_labelled(tmp_path / "out/annotations.coco.json", unpack_to=tmp_path)
    assert {image.name: image.annotations for image in by_coco.images} == {
        image.name: tuple(_near(one) for one in image.annotations or ()) for image in found.images
    }


def _near(annotation: Any) -> Any:
    """Equal to an annotation that says the same within a millionth."""

    class Near:
        def __eq__(self, other: Any) -> bool:
            sides = ("x", "y", "width", "height")
            gaps = [abs(getattr(annotation.box, side) - getattr(other.box, side)) for side in sides]
            return annotation.label == other.label and max(gaps) < 1e-6

    return Near()


def test_single_photos_are_fetched_and_those_that_are_gone_are_told(
    server: type[Server], traps: dict[str, Path], tmp_path: Path
) -> None:
    document = archives.camera_traps()
    photos = {f"photos/{name}": data for name, data in archives.camera_trap_photos(document).items()}
    del photos["photos/site 1/1.jpg"]
    annotations = {"traps.json.zip": traps["traps.json.zip"]}
    server.files.update({**photos, "traps.json.zip": annotations["traps.json.zip"].read_bytes()})
    url = server.url  # type: ignore[attr-defined]
    one = entry("camera-traps", annotations, url, images_url=url + "photos/", choose=True)
    with pytest.raises(UsageError, match="too large to be had whole"):
        get(one, tmp_path)
    summary = get(one, tmp_path, classes=("red fox", "hare"))
    assert summary.laid and summary.laid.images == 2
    assert [name for name, _ in summary.laid.failed] == ["site 1/1.jpg"]
    assert "404" in "\n".join(summary.lines(str))
    assert sorted(
        image.path.name for image in read_labelled(tmp_path / "out", unpack_to=tmp_path).images
    ) == [
        "0.jpg",
        "2.jpg",
    ]


@pytest.mark.parametrize("classes", [(), ("boxer", "chihuahua")])
def test_dogs_become_class_folders_boxes_or_crops(
    classes: tuple[str, ...], dogs: dict[str, Path], tmp_path: Path
) -> None:
    one = entry("dogs", dogs)
    breeds = {"boxer", "Chihuahua"} | (set() if classes else {"Eskimo_dog"})
    for arrangement in Arrangement:
        out = tmp_path / arrangement.value
        get(one, tmp_path, sources=tuple(dogs.values()), classes=classes, arrangement=arrangement, out=out)
        found = read_labelled(out, unpack_to=tmp_path)
        assert Counter(image.part for image in found.images) == {
            Part.TRAIN: 2 * len(breeds),
            Part.TEST: 2 * len(breeds),
        }
        assert {image.label for image in found.images} == breeds
        with Pillow.open(found.images[0].path) as picture:
            assert picture.size == ((30, 20) if arrangement is Arrangement.CROPS else (60, 40))
        if arrangement is Arrangement.BOXES:
            assert set(found.classes) == breeds
            assert all(len(image.annotations or ()) == 1 for image in found.images)


def test_what_an_arrangement_needs_is_asked_for_and_what_is_only_useful_is_noted(
    dogs: dict[str, Path], tmp_path: Path
) -> None:
    one = entry("dogs", dogs)
    with pytest.raises(DataError, match=r"also needs annotation\.tar"):
        get(one, tmp_path, sources=(dogs["images.tar"],), arrangement=Arrangement.BOXES)
    with pytest.raises(DataError, match=r"also needs images\.tar"):
        get(one, tmp_path, sources=(dogs["lists.tar"],))
    get(one, tmp_path, sources=(dogs["images.tar"],))
    assert {image.part for image in read_labelled(tmp_path / "out", unpack_to=tmp_path).images} == {None}
    with pytest.raises(DataError, match="Nothing in this set can be laid out as boxes"):
        folder = archives.unpacked(tmp_path / "folder", archives.dogs()["images.tar"])
        get(one, tmp_path, sources=(folder,), arrangement=Arrangement.BOXES, out=tmp_path / "boxes")
    assert not (tmp_path / "boxes").exists() and not list(tmp_path.glob(".boxes*"))


def test_the_version_is_the_one_that_the_given_file_is_of(cifar: dict[str, Path], tmp_path: Path) -> None:
    binary = archives.tar(tmp_path / "cifar-10-binary.tar.gz", archives.cifar_binary(PIXELS, LABELS))
    one = entry("cifar", cifar)
    other = entry("cifar", {binary.name: binary}).variants[0].model_copy(update={"name": "binary"})
    one = one.model_copy(update={"variants": (*one.variants, other)})
    get(one, tmp_path, sources=(binary,))
    assert json.loads((tmp_path / "out" / ABOUT).read_text())["variant"] == "binary"
    renamed = binary.rename(tmp_path / "renamed.tar.gz")
    with pytest.raises(DataError, match="Add --variant binary"):
        get(one, tmp_path, sources=(renamed,), out=tmp_path / "two")
    get(one, tmp_path, sources=(renamed,), out=tmp_path / "two", variant="binary")


def test_another_archive_of_the_same_photos_may_be_given_in_place(tmp_path: Path) -> None:
    path = archives.packed(
        tmp_path / "PlantVillage-Dataset-master.zip", archives.plantvillage("x/raw/color/")
    )
    known = public_datasets()["plantvillage"]
    get(known, tmp_path, sources=(path,), classes=("apple",))
    about = json.loads((tmp_path / "out" / ABOUT).read_text())
    assert (about["variant"], about["images"], about["files"][0]["checked"]) == ("color", 4, "first")


def test_plants_are_groups_of_their_classes(tmp_path: Path) -> None:
    path = archives.packed(tmp_path / "plants.zip", archives.plantvillage())
    get(entry("plantvillage", {"plants.zip": path}), tmp_path, sources=(path,), classes=("apple",))
    found = read_labelled(tmp_path / "out", unpack_to=tmp_path).images
    assert {image.groups for image in found} == {("Apple",)} and len(found) == 4


@pytest.mark.parametrize("arrangement", list(Arrangement))
def test_a_stopped_command_goes_on_and_ends_as_if_it_never_stopped(
    arrangement: Arrangement, dogs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, sources = entry("dogs", dogs), tuple(dogs.values())
    get(one, tmp_path, sources=sources, arrangement=arrangement, out=tmp_path / "whole")
    written: list[Path] = []
    put = layout_module._put

    def counting(task: Any) -> Any:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(task.path)
        return put(task)

    monkeypatch.setattr(layout_module, "_put", counting)
    with pytest.raises(KeyboardInterrupt):
        get(one, tmp_path, sources=sources, arrangement=arrangement)
    assert not (tmp_path / "out").exists()
    stamps = {path: path.stat().st_mtime_ns for path in written}
    (written[-1].parent / f".{written[-1].name}.part").write_bytes(b"half")

    def checking(task: Any) -> Any:
        if task.path in stamps:
            before = task.path.stat().st_mtime_ns
            result = put(task)
            assert task.path.stat().st_mtime_ns == before == stamps[task.path]
            return result
        return put(task)

    monkeypatch.setattr(layout_module, "_put", checking)
    get(one, tmp_path, sources=sources, arrangement=arrangement)
    ours, whole = files_below(tmp_path / "out"), files_below(tmp_path / "whole")
    ours.pop(ABOUT), whole.pop(ABOUT)
    assert ours == whole


def test_places_that_must_not_be_written_are_refused_before_the_work(
    cifar: dict[str, Path], tmp_path: Path
) -> None:
    one, sources = entry("cifar", cifar), tuple(cifar.values())
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("x")
    folder = archives.unpacked(tmp_path / "set", archives.cifar_python(PIXELS, LABELS))
    for out, source, words in [
        (tmp_path / "file", sources, "is a file"),
        (tmp_path / "full", sources, "holds other things"),
        (folder, (folder,), "holds other things"),
        (tmp_path / "out", (tmp_path / "gone",), "not there"),
    ]:
        with pytest.raises(UsageError, match=words):
            get(one, tmp_path, sources=source, out=out)
    (tmp_path / ".mine.unfinished").mkdir()
    (tmp_path / ".mine.unfinished/notes.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other things"):
        get(one, tmp_path, sources=sources, out=tmp_path / "mine")
    assert (tmp_path / ".mine.unfinished/notes.txt").is_file()
    with pytest.raises(DataError, match="no class called plane"):
        get(one, tmp_path, sources=sources, classes=("plane",))
    with pytest.raises(UsageError, match=r"no version segmented\. Choose python, binary"):
        get_dataset(
            GetRecipe("cifar10", tmp_path / "out", sources, variant="segmented"), home=tmp_path / "home"
        )
    with pytest.raises(UsageError, match="no dataset called cifar"):
        get_dataset(GetRecipe("cifar", tmp_path / "out"), home=tmp_path)
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_the_catalogue_names_every_family_and_pins_what_is_published() -> None:
    entries = [public_datasets()[name] for name in public_datasets()]
    assert {"cifar10", "stanford-dogs", "plantvillage"} <= {one.name for one in entries}
    assert sum(one.family == "camera-traps" for one in entries) >= 3
    for one in entries:
        assert one.licence and one.citation and one.url.startswith("http") and one.images and one.classes
        for variant in one.variants:
            assert all(file.url.startswith("http") for file in variant.files)
            if one.family != "camera-traps" and variant is one.variants[0]:
                ours = [file for file in variant.files if file.role is not Role.INSTEAD]
                assert ours and all(file.sha256 and file.bytes for file in ours)


@pytest.mark.shared_data
def test_real_photos_go_through_the_layouts_of_their_authors(shared_data: Path, tmp_path: Path) -> None:
    """The photos of three breeds in the authors' layout: all arrive, byte by byte, under their breed."""
    from taxolens.formats.members import members

    files: dict[str, bytes] = {}
    for member in members(shared_data / "dogs3/dogs3_train.zip"):
        breed, _, name = member.place.as_posix().rpartition("/")
        files[f"Images/{breed}/{name}"] = member.read()
    path = archives.tar(tmp_path / "images.tar", files)
    summary = get(
        entry("dogs", {"images.tar": path}), tmp_path, sources=(path,), classes=("boxer", "eskimo dog")
    )
    assert summary.laid and summary.laid.classes == {"boxer": 121, "Eskimo_dog": 120}
    ours = {name.rpartition("/")[2]: data for name, data in files_below(tmp_path / "out").items()}
    assert all(
        ours[name.rpartition("/")[2]] == data for name, data in files.items() if "Chihuahua" not in name
    )


def test_crops_of_photos_whose_names_join_to_the_same_are_all_kept(tmp_path: Path) -> None:
    document: Any = archives.camera_traps()
    for row, name in zip(document["images"], ("a_b.jpg", "a/b.jpg", "a/B.png", "c.jpg"), strict=True):
        row["file_name"] = name
    traps = {"t.json": archives.as_json(document), **archives.camera_trap_photos(document)}
    folder = archives.unpacked(tmp_path / "from", traps)
    summary = get(_traps_entry(folder), tmp_path, sources=(folder,), arrangement=Arrangement.CROPS)
    crops = [path for path in (tmp_path / "out").rglob("*.jpg")]
    assert summary.laid and summary.laid.images == len(crops) == 3
    assert len({path.read_bytes() for path in crops}) == 3


def test_boxes_that_cannot_be_meant_and_photos_without_boxes_are_counted(
    dogs: dict[str, Path], tmp_path: Path
) -> None:
    document: Any = archives.camera_traps()
    document["annotations"][0]["bbox"] = [1000, 1000, 5, 5]
    document["annotations"][1]["bbox"] = [5, 5, 0, 5]
    traps = {"t.json": archives.as_json(document), **archives.camera_trap_photos(document)}
    folder = archives.unpacked(tmp_path / "from", traps)
    summary = get(_traps_entry(folder), tmp_path, sources=(folder,))
    assert summary.laid and (summary.laid.boxes, summary.laid.boxes_left_out) == (1, 2)
    assert "2 boxes are left out: they have no area, or lie outside their photo." in summary.lines(str)
    assert json.loads((tmp_path / "out" / ABOUT).read_text())["boxes_left_out"] == 2


def test_left_out_photos_are_told_with_the_reason_of_their_arrangement(
    dogs: dict[str, Path], tmp_path: Path
) -> None:
    one = entry("dogs", dogs)
    files = archives.dogs()["annotation.tar"]
    files.pop(next(iter(files)))
    folder = archives.unpacked(tmp_path / "from", {**archives.dogs()["images.tar"], **files})
    summary = get(one, tmp_path, sources=(folder,), arrangement=Arrangement.BOXES)
    assert summary.laid and summary.laid.left_out == 1
    assert "1 photo is left out: nobody drew boxes in it." in summary.lines(str)


def test_a_device_in_place_of_a_file_is_refused_and_not_read_for_ever(
    cifar: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="neither a file nor a folder"):
        get(entry("cifar", cifar), tmp_path, sources=(Path("/dev/zero"),))
    assert not (tmp_path / "out").exists()


def test_a_class_with_a_control_character_is_a_folder_that_can_be_written(tmp_path: Path) -> None:
    files = archives.cifar_python(PIXELS, LABELS)
    meta = {"label_names": ["air\0plane", "..", "bird"]}
    files["cifar-10-batches-py/batches.meta"] = archives.pickle_of_python_2(meta)
    folder = archives.unpacked(tmp_path / "from", files)
    known = {"cifar.tar.gz": archives.tar(tmp_path / "cifar.tar.gz", files)}
    get(entry("cifar", known), tmp_path, sources=(folder,))
    assert sorted(path.name for path in (tmp_path / "out/train").iterdir()) == ["_", "air_plane", "bird"]


def _traps_entry(folder: Path) -> PublicDataset:
    return entry("camera-traps", {"t.json": folder / "t.json"})
