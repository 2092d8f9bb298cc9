"""Public sets in their original layouts, as archives and unpacked."""

from __future__ import annotations

import io
import itertools
import pickle
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import DataError, NetworkError
from taxolens.core.records import Part
from taxolens.formats.members import members
from taxolens.formats.public.camera_traps import CameraTraps
from taxolens.formats.public.cifar import read_cifar
from taxolens.formats.public.dogs import read_dogs
from taxolens.formats.public.item import Content, Family, PixelBox, Wanted
from taxolens.formats.public.plantvillage import read_plantvillage
from tests.unit.formats.public import archives

LABELS = [0, 1, 2, 1]
BOX = (
    b"<annotation><object><bndbox><xmin>%s</xmin><ymin>%s</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
    b"</annotation>"
)


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (len(LABELS), 32, 32, 3), dtype=np.uint8)


def read(
    family: Family, *sources: Path, classes: tuple[str, ...] = (), variant: str = ""
) -> dict[str, Content]:
    """All images; their bytes are read while the source is open."""
    found = {}
    for content in family([partial(members, one) for one in sources], Wanted(classes, variant)):
        data = content.read()
        found[content.item.name.as_posix()] = Content(content.item, lambda data=data: data)  # type: ignore[misc]
    return found


def decoded(content: Content) -> NDArray[np.uint8]:
    with Pillow.open(io.BytesIO(content.read())) as image:
        return np.array(image)


@pytest.mark.parametrize("batches", [archives.cifar_python, archives.cifar_binary])
def test_cifar_batches_hold_the_exact_pixels_classes_and_split(
    batches: Callable[..., dict[str, bytes]], pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    files = batches(pixels, LABELS)
    sources = (
        archives.tar(tmp_path / "cifar.tar.gz", files),
        archives.unpacked(tmp_path / "folder", files),
        tmp_path / "folder" / next(iter(files)).split("/")[0],
    )
    for source in sources:
        found = list(read(read_cifar, source).values())
        assert Counter(one.item.part for one in found) == {Part.TRAIN: 4, Part.TEST: 4}
        for one, (label, picture) in zip(
            found, itertools.cycle(zip(LABELS, pixels, strict=True)), strict=False
        ):
            assert one.item.label == archives.CIFAR_CLASSES[label]
            assert (decoded(one) == picture).all()
    if batches is archives.cifar_python:
        assert "test_bird_s_000002.png" in {one.item.name.name for one in found}
    chosen = read(read_cifar, sources[0], classes=("Bird",))
    assert {one.item.label for one in chosen.values()} == {"bird"} and len(chosen) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"cifar-10-batches-py/batches.meta": None},
        {"cifar-10-batches-py/test_batch": b"no pickle"},
        {"cifar-10-batches-py/test_batch": archives.pickle_of_python_2({"labels": [1]})},
        {"cifar-10-batches-py/test_batch": b"cos\nsystem\n(S'true'\ntR."},
    ],
)
def test_what_is_no_cifar_is_told(
    change: Mapping[str, bytes | None], pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    files = {**archives.cifar_python(pixels, LABELS), **change}
    source = archives.unpacked(
        tmp_path / "set", {name: data for name, data in files.items() if data is not None}
    )
    with pytest.raises(DataError, match=r"not CIFAR-10|no batch|no pickle|more than hold data"):
        read(read_cifar, source)


@pytest.mark.shared_data
def test_real_cifar_photos_come_back_pixel_by_pixel(shared_data: Path, tmp_path: Path) -> None:
    some = list(itertools.islice(members(shared_data / "cifar10/cifar10_train24k.zip"), 0, 24_000, 3_000))
    names = [one.place for one in some if one.place.suffix == ".webp"][:6]
    source = members(shared_data / "cifar10/cifar10_train24k.zip")
    pictures = [_pixels(one.read()) for one in source if one.place in names]
    real = np.stack(pictures)
    for batches in (archives.cifar_python, archives.cifar_binary):
        packed = archives.tar(tmp_path / "c.tar.gz", batches(real, [0] * len(real)))
        found = [decoded(one) for one in read(read_cifar, packed).values()]
        assert (np.stack(found[: len(real)]) == real).all()


def _pixels(data: bytes) -> NDArray[np.uint8]:
    with Pillow.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


@pytest.fixture
def dog_files(tmp_path: Path) -> list[Path]:
    return [archives.tar(tmp_path / name, files) for name, files in archives.dogs().items()]


def test_dogs_have_breed_box_and_the_authors_split(dog_files: list[Path]) -> None:
    found = read(read_dogs, *dog_files)
    assert Counter(one.item.label for one in found.values()) == {"Chihuahua": 4, "boxer": 4, "Eskimo_dog": 4}
    assert Counter(one.item.part for one in found.values()) == {Part.TRAIN: 6, Part.TEST: 6}
    one = found["n02108089_0.jpg"]
    assert one.item.boxes == (PixelBox("boxer", 6, 4, 30, 20),)
    assert one.read() == archives.dogs()["images.tar"]["Images/n02108089-boxer/n02108089_0.jpg"]


@pytest.mark.parametrize("asked", ["eskimo dog", "Eskimo_Dog", "n02109961", "n02109961-Eskimo_dog"])
def test_a_breed_is_asked_for_as_people_write_it(asked: str, dog_files: list[Path]) -> None:
    found = read(read_dogs, *dog_files, classes=(asked, "boxer"))
    assert {one.item.label for one in found.values()} == {"Eskimo_dog", "boxer"}


def test_an_unknown_breed_names_the_nearest(dog_files: list[Path]) -> None:
    with pytest.raises(DataError, match=r"no class called Boxxer\. Choose boxer"):
        read(read_dogs, *dog_files, classes=("Boxxer",))


def test_dogs_without_lists_and_boxes_have_neither(dog_files: list[Path]) -> None:
    found = read(read_dogs, dog_files[0])
    assert {(one.item.part, one.item.boxes) for one in found.values()} == {(None, None)}
    with pytest.raises(DataError, match="not Stanford Dogs"):
        read(read_dogs, dog_files[1])


@pytest.mark.parametrize(
    "xml",
    [
        b"<annotation><object><bndbox><xmin>a</xmin></bndbox></object></annotation>",
        b"<annotation>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>',
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="zlib"?><annotation/>',
        BOX % (b"nan", b"4"),
        BOX % (b"6", b"1e999"),
    ],
)
def test_a_damaged_or_hostile_annotation_is_told(xml: bytes, dog_files: list[Path], tmp_path: Path) -> None:
    broken = archives.tar(tmp_path / "b.tar", {"Annotation/n02108089-boxer/n02108089_0": xml})
    with pytest.raises(DataError, match="n02108089_0 is no annotation"):
        read(read_dogs, dog_files[0], broken)


@pytest.mark.parametrize("above", ["", "PlantVillage-Dataset-master/raw/color/", "Plant_leave_diseases/"])
def test_plantvillage_has_a_group_for_each_plant(above: str, tmp_path: Path) -> None:
    source = archives.packed(tmp_path / "plants.zip", archives.plantvillage(above))
    found = [one.item for one in _contents(read_plantvillage, source)]
    assert Counter((item.group, item.label) for item in found) == {
        ("Apple", "Apple___Black_rot"): 2,
        ("Apple", "Apple___healthy"): 2,
        ("Grape", "Grape___Esca_(Black_Measles)"): 2,
    }
    for asked, count in {"apple": 4, "Apple___healthy": 2, "grape esca black measles": 2}.items():
        assert len(_contents(read_plantvillage, source, classes=(asked,))) == count


def _contents(
    family: Family, *sources: Path, classes: tuple[str, ...] = (), variant: str = ""
) -> list[Content]:
    return list(family([partial(members, one) for one in sources], Wanted(classes, variant)))


def test_a_version_of_plantvillage_is_read_alone(tmp_path: Path) -> None:
    files = {
        **archives.plantvillage("raw/color/"),
        **{name: b"grey" for name in archives.plantvillage("raw/grayscale/")},
    }
    source = archives.unpacked(tmp_path / "set", files)
    found = read(read_plantvillage, source, variant="grayscale")
    assert {one.read() for one in found.values()} == {b"grey"}
    assert len(_contents(read_plantvillage, source)) == 6
    with pytest.raises(DataError, match="segmented/Apple"):
        read(read_plantvillage, source, variant="segmented")


@pytest.fixture
def trap_files(tmp_path: Path) -> list[Path]:
    document = archives.camera_traps()
    photos = {f"images/{name}": data for name, data in archives.camera_trap_photos(document).items()}
    return [
        archives.packed(tmp_path / "traps.json.zip", {"traps.json": archives.as_json(document)}),
        archives.packed(tmp_path / "images.zip", photos),
    ]


def test_camera_traps_have_boxes_site_event_and_time(trap_files: list[Path]) -> None:
    found = read(CameraTraps(), *trap_files)
    first = found["site 0/0.jpg"].item
    assert (first.site, first.sequence, first.label) == ("0", "s0", "red fox")
    assert first.taken and first.taken.second == 0 and first.size == (60, 40)
    assert first.boxes == (PixelBox("red fox", 6, 4, 30, 20),)
    assert (found["site 1/3.jpg"].item.label, found["site 1/3.jpg"].item.boxes) == ("empty", ())
    chosen = read(CameraTraps(), *trap_files, classes=("Red-Fox",))
    assert {one.item.label for one in chosen.values()} == {"red fox"} and len(chosen) == 2


def test_photos_without_a_box_around_each_animal_or_with_people_are_left_out(tmp_path: Path) -> None:
    document = archives.camera_traps()
    del document["annotations"][0]["bbox"]
    document["categories"].append({"id": 3, "name": "Human"})
    document["annotations"][1]["category_id"] = 3
    document["annotations"].append({**document["annotations"][2], "id": "x", "image_id": "i4", "n_boxes": 2})
    document["images"].append({"id": "i4", "file_name": "4.jpg", "width": 60, "height": 40})
    files = archives.unpacked(
        tmp_path, {"t.json": archives.as_json(document), **archives.camera_trap_photos(document)}
    )
    assert set(read(CameraTraps(), files)) == {"site 0/2.jpg", "site 1/3.jpg"}


def test_relative_boxes_and_the_parts_of_cct20_are_read(tmp_path: Path) -> None:
    for part in ("train", "cis_val", "trans_test"):
        document = archives.camera_traps()
        for row in document["images"]:
            row["file_name"] = f"{part}_{row['file_name'].replace('/', '_')}"
        document["annotations"][0] |= {"bbox": None, "bbox_relative": [0.1, 0.1, 0.5, 0.5]}
        files = {f"eccv/{part}_annotations.json": archives.as_json(document)}
        archives.unpacked(tmp_path, {**files, **archives.camera_trap_photos(document)})
    found = read(CameraTraps(), tmp_path)
    assert Counter(one.item.part for one in found.values()) == {Part.TRAIN: 4, Part.VAL: 4, Part.TEST: 4}
    assert found["train_site 0_0.jpg"].item.boxes == (PixelBox("red fox", 6, 4, 30, 20),)


def test_single_photos_are_fetched_by_name_and_only_the_wanted(trap_files: list[Path]) -> None:
    asked: list[str] = []

    def fetch(name: str) -> bytes:
        asked.append(name)
        if name.startswith("site 1"):
            raise NetworkError("{url}", url=name)
        return name.encode()

    contents = list(CameraTraps(fetch)([partial(members, trap_files[0])], Wanted(("red fox",))))
    assert [one.read() for one in contents] == [b"site 0/0.jpg", b"site 0/2.jpg"]
    assert asked == ["site 0/0.jpg", "site 0/2.jpg"]
    everything = CameraTraps(fetch)([partial(members, trap_files[0])], Wanted())
    assert [one.item.name.name for one in everything] == ["0.jpg", "1.jpg", "2.jpg"]  # nothing is on photo 3
    nothing = CameraTraps(fetch)([partial(members, trap_files[0])], Wanted(("empty",)))
    assert [one.item.name.name for one in nothing] == ["3.jpg"]


@pytest.mark.parametrize("name", ["../x.jpg", "/x.jpg", "a/../../x.jpg"])
def test_annotations_that_lead_outside_are_refused(name: str, tmp_path: Path) -> None:
    document: Any = archives.camera_traps()
    document["images"][0]["file_name"] = name
    (tmp_path / "t.json").write_bytes(archives.as_json(document))
    with pytest.raises(DataError, match="not safe"):
        read(CameraTraps(), tmp_path)


def test_annotations_without_photos_and_photos_without_annotations_are_told(trap_files: list[Path]) -> None:
    with pytest.raises(DataError, match="None of the photos"):
        read(CameraTraps(), trap_files[0])
    with pytest.raises(DataError, match="no annotations of camera traps"):
        read(CameraTraps(), trap_files[1])


def test_wanted_takes_all_until_something_is_asked_for() -> None:
    wanted = Wanted()
    assert wanted.takes("a")
    wanted.choose(["a", "b"])
    assert wanted.takes("a") and wanted.takes("b")
    wanted = Wanted(("B",))
    wanted.choose(["a", "b"])
    assert wanted.takes("b") and not wanted.takes("a")


def _batch(**more: Any) -> dict[str, Any]:
    return {"data": np.zeros((1, 3072), np.uint8), "labels": [1], "filenames": [b"a.png"], **more}


NESTED: list[Any] = [0]
for _ in range(60):  # a few hundred bytes that name 2 to the power of 60 numbers
    NESTED = [NESTED, NESTED]


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (_batch(labels=[-1]), "damaged"),
        (_batch(labels=[1 << 80]), "damaged"),
        (_batch(labels=NESTED[:1]), "damaged"),
        (_batch(filenames=NESTED[:1]), "damaged"),
        (_batch(filenames=[b"..\\..\\a.png"]), "not safe"),
        (_batch(filenames=[b"../a.png"]), "not safe"),
        (_batch(filenames=[b"a\0.png"]), "control character"),
    ],
    ids=["negative", "huge", "nested", "nested name", "backslash", "above", "nul"],
)
def test_hostile_batches_of_cifar_are_told(batch: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a", "b"]}, protocol=2))
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(DataError, match=said):
        read(read_cifar, tmp_path)


def test_the_name_of_a_cifar_image_is_its_last_part(tmp_path: Path) -> None:
    (tmp_path / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a", "b"]}, protocol=2))
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(_batch(filenames=[b"x/a.png"]), protocol=2))
    assert {name: one.item.label for name, one in read(read_cifar, tmp_path).items()} == {"a.png": "b"}


def test_annotations_that_name_no_file_are_passed_over(tmp_path: Path) -> None:
    document: Any = archives.camera_traps()
    photos = archives.camera_trap_photos(document)
    document["images"][0]["file_name"] = "./"
    archives.unpacked(tmp_path, {"t.json": archives.as_json(document), **photos})
    assert "site 0/0.jpg" not in (found := read(CameraTraps(), tmp_path)) and len(found) == 3
