"""Small archives in the layouts in which the authors of public sets publish them."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from numpy.typing import NDArray
from PIL import Image as Pillow

CIFAR_CLASSES = ("airplane", "automobile", "bird")
BREEDS = ("n02085620-Chihuahua", "n02108089-boxer", "n02109961-Eskimo_dog")
PLANTS = ("Apple___Black_rot", "Apple___healthy", "Grape___Esca_(Black_Measles)")


def jpeg(seed: int, size: tuple[int, int] = (60, 40), orientation: int = 1) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", exif=exif)
    return file.getvalue()


def tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def packed(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def pickle_of_python_2(values: Mapping[str, Any]) -> bytes:
    """A dictionary as Python 2 writes it with protocol 2: strings are bytes, arrays come from numpy."""
    written = [b"\x80\x02}q\x00("]
    for key, value in values.items():
        written += [_string(key.encode()), _value(value)]
    return b"".join([*written, b"u."])


def _string(text: bytes) -> bytes:
    if len(text) < 256:
        return b"U" + bytes([len(text)]) + text
    return b"T" + len(text).to_bytes(4, "little") + text


def _number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + value.to_bytes(2, "little")


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return _string(value.encode())
    if isinstance(value, np.ndarray):
        shape = b"".join(_number(side) for side in value.shape)
        return (
            b"cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87R"
            + b"(K\x01"
            + shape
            + b"\x86cnumpy\ndtype\nq\x03U\x02u1K\x00K\x01\x87R"
            + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
            + _string(value.tobytes())
            + b"tb"
        )
    inner = b"".join(_number(one) if isinstance(one, int) else _string(one.encode()) for one in value)
    return b"](" + inner + b"e"


def cifar_batches(pixels: NDArray[np.uint8], labels: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Two batches of the same images, uint8 [n, 32, 32, 3]."""
    rows = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    batches = {}
    for batch in ("data_batch_1", "test_batch"):
        names = [
            f"{batch[:4]}_{CIFAR_CLASSES[label]}_s_{number:06d}.png" for number, label in enumerate(labels)
        ]
        batches[batch] = {"batch_label": "x", "labels": list(labels), "data": rows, "filenames": names}
    return batches


def cifar_python(pixels: NDArray[np.uint8], labels: Sequence[int]) -> dict[str, bytes]:
    files = {
        f"cifar-10-batches-py/{name}": pickle_of_python_2(batch)
        for name, batch in cifar_batches(pixels, labels).items()
    }
    meta = {"num_cases_per_batch": [len(labels)], "label_names": list(CIFAR_CLASSES)}
    return {**files, "cifar-10-batches-py/batches.meta": pickle_of_python_2(meta)}


def cifar_binary(pixels: NDArray[np.uint8], labels: Sequence[int]) -> dict[str, bytes]:
    files = {}
    for name, batch in cifar_batches(pixels, labels).items():
        records = np.hstack([np.array(labels, np.uint8)[:, None], batch["data"]])
        files[f"cifar-10-batches-bin/{name}.bin"] = records.tobytes()
    return {**files, "cifar-10-batches-bin/batches.meta.txt": "\n".join(CIFAR_CLASSES).encode() + b"\n\n"}


def dogs(photos: int = 4) -> dict[str, dict[str, bytes]]:
    """The files of the three archives of Stanford Dogs; the first half of each breed is to train on."""
    images, boxes, lists = {}, {}, {"train": [], "test": []}
    for breed_number, breed in enumerate(BREEDS):
        for number in range(photos):
            stem = f"{breed.partition('-')[0]}_{number}"
            images[f"Images/{breed}/{stem}.jpg"] = jpeg(10 * breed_number + number)
            boxes[f"Annotation/{breed}/{stem}"] = _dog_xml(stem).encode()
            lists["train" if number < photos // 2 else "test"].append(f"{breed}/{stem}.jpg")
    return {
        "images.tar": images,
        "annotation.tar": boxes,
        "lists.tar": {f"{part}_list.mat": _matlab(files) for part, files in lists.items()},
    }


def _dog_xml(stem: str) -> str:
    box = "<bndbox><xmin>6</xmin><ymin>4</ymin><xmax>36</xmax><ymax>24</ymax></bndbox>"
    size = "<size><width>60</width><height>40</height><depth>3</depth></size>"
    return f"<annotation><filename>{stem}</filename>{size}<object><name>dog</name>{box}</object></annotation>"


def _matlab(files: Sequence[str]) -> bytes:
    cells = np.empty((len(files), 1), object)
    cells[:, 0] = files
    file = io.BytesIO()
    scipy.io.savemat(file, {"file_list": cells, "labels": np.ones((len(files), 1))}, do_compression=True)
    return file.getvalue()


def plantvillage(above: str = "raw/color/") -> dict[str, bytes]:
    files = {f"{above}{label}/{number}.JPG": jpeg(number) for label in PLANTS for number in range(2)}
    return {**files, f"{above}Background_without_leaves/1.jpg": jpeg(9)}


def camera_traps(photos: int = 4) -> dict[str, Any]:
    """Annotations: a fox each, on the last photo nothing; photo 2 is on its side and told upright."""
    images = [
        {
            "id": f"i{number}",
            "file_name": f"site {number % 2}/{number}.jpg",
            "width": 60 if number != 2 else 40,
            "height": 40 if number != 2 else 60,
            "location": number % 2,
            "seq_id": f"s{number // 2}",
            "datetime": f"2011-05-13 23:43:{number:02d}",
        }
        for number in range(photos)
    ]
    boxes = [
        {"id": f"a{n}", "image_id": f"i{n}", "category_id": 1 + n % 2, "bbox": [6, 4, 30, 20]}
        for n in range(photos - 1)
    ]
    nothing = {"id": "e", "image_id": f"i{photos - 1}", "category_id": 0}
    names = [{"id": 0, "name": "empty"}, {"id": 1, "name": "red fox"}, {"id": 2, "name": "hare"}]
    return {"info": {}, "images": images, "annotations": [*boxes, nothing], "categories": names}


def camera_trap_photos(document: Mapping[str, Any]) -> dict[str, bytes]:
    return {
        row["file_name"]: jpeg(number, orientation=6 if number == 2 else 1)
        for number, row in enumerate(document["images"])
    }


def as_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()
