"""Photos with a file of detections, and what lies in a folder of copies."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

TAXA = "label,en,fr,scientific,role\nred fox,red fox,renard roux,Vulpes vulpes,\nhare,hare,lièvre,Lepus,\n"
CLASSES = {"0": "red fox", "1": "hare"}
CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}


def photo(path: Path, *, taken: str = "2026:05:31 12:00:00", seed: int = 0) -> Path:
    """A photo with a time and a camera."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed + len(path.name)).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    told = Image.Exif()
    told[ExifTags.Base.Make], told[ExifTags.Base.Model] = "Acme", "One"
    told.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    options: dict[str, Any] = {"exif": told} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    Image.fromarray(noise).save(path, **options)
    return path


def seen(name: str, *found: tuple[str, float] | tuple[str, float, str], box: Any = None) -> dict[str, Any]:
    """An entry of MegaDetector: category, confidence and, where it is an animal, its class."""
    place = box or [0.25, 0.25, 0.5, 0.5]
    detections = []
    for category, conf, *named in found:
        one: dict[str, Any] = {"category": category, "conf": conf, "bbox": place}
        if named:
            one["classifications"] = [[named[0], conf]]
        detections.append(one)
    return {"file": name, "detections": detections}


def write_detections(file: Path, *images: dict[str, Any], categories: dict[str, str] = CATEGORIES) -> Path:
    """Writes a MegaDetector file."""
    document = {
        "info": {"format_version": "1.5"},
        "detection_categories": categories,
        "classification_categories": CLASSES,
        "images": list(images),
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def fox(name: str, conf: float = 0.9) -> dict[str, Any]:
    """A photo with a fox."""
    return seen(name, ("1", conf, "0"))


def tree(folder: Path) -> list[str]:
    """Files of a folder, without those that belong to the command."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(
        name for name in files if name != "organised.csv" and not name.startswith("organised.taxolens/")
    )


def digests(folder: Path) -> dict[str, tuple[str, int, int]]:
    """All files with hash, time of change and size."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
            path.stat().st_size,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }
