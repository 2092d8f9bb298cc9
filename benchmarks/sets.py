"""The real photo sets of the benchmarks, unpacked once for a run."""

from __future__ import annotations

import zipfile
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
ARCHIVES = {
    "dogs3": "dogs3/dogs3_train.zip",
    "leaves8": "leaves8/leaves8_train.zip",
    "cameratrap": "cameratrap/cameratrap_train.zip",
    "cifar10": "cifar10/cifar10_train24k.zip",
    "animals7": "animals7/animals7_train.zip",
    "collembola": "collembola/collembola_train.zip",
    "stickytraps": "stickytraps/stickytraps_train.zip",
    "odd_images": "odd_images/odd_images.zip",
    "cameratrap_fullres": "cameratrap_fullres/cameratrap_fullres.zip",
}
WEIGHTS = SHARED / "weights" / "mobilenetv2_100_same_in1k.safetensors"
MOBILENET = (
    *("--backbone", "timm:mobilenetv2_100", "--weights", str(WEIGHTS), "--backbone-arg", "pad_type=same"),
    *("--mean", "0.5,0.5,0.5", "--std", "0.5,0.5,0.5"),
)


def unpacked(name: str, place: Path) -> Path:
    """The folder of a set below `place`."""
    folder = place / name
    if not folder.is_dir():
        with zipfile.ZipFile(SHARED / "data" / ARCHIVES[name]) as archive:
            archive.extractall(folder)
    return folder
