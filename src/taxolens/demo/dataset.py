"""Folders full of drawn photos: sorted by taxon, as from a memory card, or with boxes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from taxolens.core.errors import OutputError, UsageError
from taxolens.core.geometry import Box
from taxolens.core.progress import Progress, Silent
from taxolens.demo.photo import DrawnPhoto, draw_photo, encode_photo
from taxolens.demo.site import SITES, SiteLook
from taxolens.demo.taxa import BLANK, TAXA, find_taxon

MARK = ".taxolens-drawn"
"""Name of the file that marks a folder as drawn, so that it may be drawn again."""

_SILENT = Silent()

_FEW = 24
"""Up to so many photos, starting other processes costs more than it saves."""


@dataclass(frozen=True, slots=True)
class DrawnRecord:
    """One photo that was written.

    Attributes:
        path: where it lies.
        taxon_id: what it shows, "blank" for nothing; with several animals, the first.
        site: where it was taken.
        sequence: the burst it belongs to; photos of one share the animals.
        taken: local time.
        boxes: the animals.
        labels: taxon ids, one for each box.
    """

    path: Path
    taxon_id: str
    site: str
    sequence: str
    taken: datetime
    boxes: tuple[Box, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnSet:
    """What was written, in a stable order."""

    folder: Path
    records: tuple[DrawnRecord, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    """All that a process needs to draw one photo."""

    path: Path
    labels: Path | None
    classes: tuple[str, ...]
    taxon_ids: tuple[str, ...]
    count: int
    seed: int
    frame: int
    site: SiteLook
    size: tuple[int, int]
    sequence: str


def write_class_folders(
    folder: Path,
    *,
    per_class: int,
    seed: int,
    size: tuple[int, int] = (320, 320),
    taxa: Sequence[str] | None = None,
    blank: bool = True,
    sites: int = 4,
    closeness: float = 1.0,
    workers: int | None = None,
    progress: Progress = _SILENT,
    what: str = "Drawing photos",
) -> DrawnSet:
    """Writes `folder/<site>/<taxon id>/<name>.jpg`, one animal in each photo.

    Args:
        folder: new, empty, or written by this function before.
        per_class: photos of each class, over all sites.
        seed: the same seed gives the same photos, whatever the number of workers.
        size: width and height in pixels.
        taxa: ids; all when not given.
        blank: also photos without an animal.
        sites: how many sites share the photos, 1..6.
        closeness: how much larger than usual the animals are in the photo.
        workers: processes; None for one per processor core, 1 for none besides this. A script of your
            own that asks for more needs the usual `if __name__ == "__main__":`.
        progress: told after each photo.
        what: how the work is called there, in the user's language.

    Raises:
        UsageError: an unknown taxon or a folder that holds other files.
        OutputError: the folder cannot be written.
    """
    names = _class_names(taxa, blank)
    places = _places(sites, closeness)
    rng = np.random.default_rng([seed, 10])
    orders = []
    for number, name in enumerate(names):
        for burst, frame in _bursts(per_class, rng):
            # Bursts go round the sites, so that each site has its share of each class.
            site = places[(burst + number) % len(places)]
            sequence = f"{site.name}-{name}-{burst:04d}"
            path = folder / site.name / name / f"{site.name}_{number:02d}{burst:04d}_{frame + 1}.jpg"
            own = _seed(seed, number, burst)
            orders.append(_Order(path, None, (), (name,), 1, own, frame, site, size, sequence))
    return _write(folder, orders, workers, progress, what)


def write_unsorted(
    folder: Path,
    *,
    count: int,
    seed: int,
    size: tuple[int, int] = (320, 320),
    taxa: Sequence[str] | None = None,
    blank: bool = True,
    sites: int = 4,
    closeness: float = 1.0,
    workers: int | None = None,
    progress: Progress = _SILENT,
    what: str = "Drawing photos",
) -> DrawnSet:
    """Writes `folder/<site>/IMG_0001.JPG` and so on, as from memory cards; names tell nothing.

    Arguments and errors as in `write_class_folders`; `count` is the number of photos.
    The photos differ from those of `write_class_folders` with the same seed.
    """
    names = _class_names(taxa, blank)
    places = _places(sites, closeness)
    rng = np.random.default_rng([seed, 11])
    taken = dict.fromkeys((site.name for site in places), 0)
    orders = []
    burst_site, burst_name = places[0], names[0]
    for burst, frame in _bursts(count, rng):
        if frame == 0:
            burst_site = places[int(rng.integers(len(places)))]
            burst_name = names[int(rng.integers(len(names)))]
        taken[burst_site.name] += 1
        path = folder / burst_site.name / f"IMG_{taken[burst_site.name]:04d}.JPG"
        sequence = f"{burst_site.name}-{burst:04d}"
        seeded = _seed(seed, 1000, burst)
        orders.append(_Order(path, None, (), (burst_name,), 1, seeded, frame, burst_site, size, sequence))
    return _write(folder, orders, workers, progress, what)


def write_detection(
    folder: Path,
    *,
    count: int,
    seed: int,
    size: tuple[int, int] = (416, 320),
    taxa: Sequence[str] | None = None,
    most: int = 5,
    sites: int = 4,
    workers: int | None = None,
    progress: Progress = _SILENT,
    what: str = "Drawing photos",
) -> DrawnSet:
    """Writes `images/*.jpg`, YOLO `labels/*.txt` and `classes.txt`; 0 to `most` animals in a photo.

    Other arguments and errors as in `write_class_folders`; `count` is the number of photos.
    A YOLO line is `class x_centre y_centre width height`, all but the class 0..1 of the photo.
    """
    names = _class_names(taxa, blank=False)
    places = _places(sites)
    rng = np.random.default_rng([seed, 12])
    orders = []
    animals, site = 1, places[0]
    for number, (burst, frame) in enumerate(_bursts(count, rng)):
        if frame == 0:
            animals, site = int(rng.integers(0, most + 1)), places[int(rng.integers(len(places)))]
        stem = f"{site.name}_{number + 1:04d}"
        orders.append(
            _Order(
                path=folder / "images" / f"{stem}.jpg",
                labels=folder / "labels" / f"{stem}.txt",
                classes=tuple(names),
                taxon_ids=tuple(names),
                count=animals,
                seed=_seed(seed, 2000, burst),
                frame=frame,
                site=site,
                size=size,
                sequence=f"{site.name}-{burst:04d}",
            )
        )
    drawn = _write(folder, orders, workers, progress, what)
    _put(folder / "classes.txt", "".join(f"{name}\n" for name in names).encode())
    return drawn


def _class_names(taxa: Sequence[str] | None, blank: bool) -> list[str]:
    names = [taxon.id for taxon in TAXA] if taxa is None else [find_taxon(name).id for name in taxa]
    if blank and BLANK.id not in names:
        names.append(BLANK.id)
    if not names:
        raise UsageError("Nothing to draw: name at least one taxon.")
    return names


def _places(sites: int, closeness: float = 1.0) -> tuple[SiteLook, ...]:
    if not 1 <= sites <= len(SITES):
        raise UsageError("{sites} sites cannot be drawn; choose 1 to {most}.", sites=sites, most=len(SITES))
    return tuple(replace(site, zoom=site.zoom * closeness) for site in SITES[:sites])


def _bursts(count: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Numbers of burst and frame for `count` photos in bursts of 1 to 3."""
    burst = 0
    while count > 0:
        frames = min(count, int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])))
        yield from ((burst, frame) for frame in range(frames))
        count -= frames
        burst += 1


def _seed(seed: int, series: int, burst: int) -> int:
    """A seed of its own for each burst; 32 bits collide too rarely to matter."""
    return int(np.random.SeedSequence([seed, series, burst]).generate_state(1)[0])


def _write(
    folder: Path, orders: Sequence[_Order], workers: int | None, progress: Progress, what: str
) -> DrawnSet:
    if not orders:
        raise UsageError("Nothing to draw: ask for at least one photo.")
    try:
        _claim(folder, orders)
        records = tuple(progress.track(_drawn(orders, workers), what=what, total=len(orders)))
    except OSError as error:
        raise OutputError(
            "{folder} cannot be written: {reason}. Free some space or choose another folder.",
            folder=folder,
            reason=error.strerror or error,
        ) from error
    return DrawnSet(folder, records)


def _claim(folder: Path, orders: Sequence[_Order]) -> None:
    """Makes the folders, unless somebody else's files lie there."""
    if folder.is_file():
        raise UsageError("{folder} is a file. Name a folder for the drawn photos.", folder=folder)
    mark = folder / MARK
    if folder.is_dir() and not mark.exists() and any(folder.iterdir()):
        raise UsageError("{folder} holds files already. Name a new or an empty folder.", folder=folder)
    wanted = {path for order in orders for path in (order.path, order.labels) if path}
    _remove_drawn(folder, mark)
    for path in wanted:
        if path.exists():
            raise UsageError("{file} was not drawn here. Move it away or name a new folder.", file=path)
    for parent in {path.parent for path in wanted}:
        parent.mkdir(parents=True, exist_ok=True)
    listed = sorted(path.relative_to(folder).as_posix() for path in wanted)
    _put(mark, ("\n".join(listed) + "\n").encode())


def _remove_drawn(folder: Path, mark: Path) -> None:
    """Takes away the photos of an earlier drawing, and nothing else."""
    lines = mark.read_text(encoding="utf-8").splitlines() if mark.exists() else []
    for line in lines:
        path = folder / line
        if ".." not in path.parts and path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)


def _drawn(orders: Sequence[_Order], workers: int | None) -> Iterator[DrawnRecord]:
    """Records in the order of the orders."""
    count = min(workers or os.cpu_count() or 1, len(orders))
    if count <= 1 or len(orders) <= _FEW:
        yield from map(_fulfil, orders)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_fulfil, orders, chunksize=8)


def _fulfil(order: _Order) -> DrawnRecord:
    photo = draw_photo(
        order.seed,
        taxon_ids=order.taxon_ids,
        count=order.count,
        size=order.size,
        site=order.site,
        frame=order.frame,
    )
    _put(order.path, encode_photo(photo, order.site))
    if order.labels:
        _put(order.labels, _yolo(photo, order.classes).encode())
    labels = tuple(animal.taxon_id for animal in photo.animals)
    return DrawnRecord(
        path=order.path,
        taxon_id=labels[0] if labels else BLANK.id,
        site=photo.site,
        sequence=order.sequence,
        taken=photo.taken,
        boxes=tuple(animal.box for animal in photo.animals),
        labels=labels,
    )


def _yolo(photo: DrawnPhoto, classes: Sequence[str]) -> str:
    lines = []
    for animal in photo.animals:
        box = animal.box
        x, y = box.x + box.width / 2, box.y + box.height / 2
        lines.append(f"{classes.index(animal.taxon_id)} {x:.6f} {y:.6f} {box.width:.6f} {box.height:.6f}\n")
    return "".join(lines)


def _put(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
