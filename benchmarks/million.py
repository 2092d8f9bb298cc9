"""Whether a million photos cost what a thousand do, each a thousand times: memory, time, and knowing what is done.

    python -m benchmarks.million [--place DIR] [--counts 1000,100000,1000000] [--keep]

The photos are hard links to the 24,000 of cifar10, 500 to a folder; the model is the smallest there can be, so
that what the pipeline itself takes shows. Peak memory is that of the command and all its children together;
processor time is the system's own account. A photo's time is that of the run less that of a run of one photo.
Linux only. It needs 1 GB of disk and 1.1 million inodes' worth of links, which are taken away in the end.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sets import unpacked
from tests.unit.inference.colour_model import write_colour_model

TAXOLENS = Path(sys.executable).with_name("taxolens")
PER_FOLDER = 500
PER_SITE = 5000
SMALL = 1000
REPEATED = 3
LOOK_EVERY = 0.25


@dataclass(frozen=True)
class Run:
    """What a finished command took."""

    wall: float
    cpu: float
    megabytes: float


def million_links(originals: list[Path], count: int, folder: Path) -> Path:
    """A folder of `count` hard links; no original gets more than its file system allows (ext4: 65,000)."""
    if folder.is_dir():
        return folder
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for number in range(count):
        photo = originals[number % len(originals)]
        inside = part / f"site{number // PER_SITE:03d}" / f"{number // PER_FOLDER % 10:02d}"
        if number % PER_FOLDER == 0:
            inside.mkdir(parents=True)
        os.link(photo, inside / f"IMG_{number:07d}{photo.suffix}")
    return part.rename(folder)


def identified(photos: Path, model: Path, out: Path, *, restart: bool = False) -> Run:
    """Runs `taxolens identify` and watches it.

    Raises:
        RuntimeError: it did not end well.
    """
    command = [TAXOLENS, "identify", photos, "--model", model, "--out", out, "--quiet"]
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([*map(str, command), *(["--restart"] if restart else [])])
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG)
        if found:
            break
        peak = max(peak, tree_megabytes(process.pid))
        time.sleep(LOOK_EVERY)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}")
    wall, cpu = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
    return Run(wall, cpu, max(peak, usage.ru_maxrss / 1024))


def tree_megabytes(pid: int) -> float:
    """Resident memory of a process and all below it; nothing for one that has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(tree_megabytes(int(child)) for child in children)


def check_whole(table: Path, count: int) -> None:
    """Every photo has one row, and only one.

    Raises:
        RuntimeError: rows are missing, or there are too many.
    """
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        numbers = [int(Path(row["file"]).stem.removeprefix("IMG_")) for row in rows]
    if numbers != list(range(count)):
        raise RuntimeError(f"{table} does not hold each of {count} photos once")


def measured(photos: Path, count: int, model: Path, out: Path, start: float) -> tuple[float, float]:
    """Prints a row; milliseconds of processor time per photo, and the peak in MB."""
    times = REPEATED if count <= SMALL else 1
    first = [identified(photos, model, out, restart=True) for _ in range(times)]
    check_whole(out, count)
    done = identified(photos, model, out)
    cpu, peak = statistics.median(run.cpu for run in first), max(run.megabytes for run in first)
    each = (cpu - start) / count * 1000
    print(
        f"| {count:,} | {statistics.median(run.wall for run in first):.0f} | {cpu:.1f} | {each:.3f} | {peak:.0f} "
        f"| {done.wall:.1f} | {done.cpu:.1f} | {done.megabytes:.0f} |",
        flush=True,
    )
    return each, max(peak, done.megabytes)


def main() -> None:
    """Prints the table, row by row, then what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    parser.add_argument("--counts", default="1000,100000,1000000")
    parser.add_argument("--keep", action="store_true", help="leave the links and results for another time")
    options = parser.parse_args()
    originals = sorted(path for path in unpacked("cifar10", options.place).rglob("*.webp"))
    place = options.place / "million"
    place.mkdir(parents=True, exist_ok=True)
    model = write_colour_model(place / "smallest.onnx").path
    one = million_links(originals, 1, place / "photos-1")
    starts = [identified(one, model, place / "1.csv", restart=True).cpu for _ in range(REPEATED)]
    start = statistics.median(starts)
    print(f"A run of one photo: {start:.2f} s of processor time.\n")
    print(
        "| photos | s | processor s | ms per photo | peak MB | done: s | done: processor s | done: peak MB |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    found = []
    for count in map(int, options.counts.split(",")):
        photos = million_links(originals, count, place / f"photos-{count}")
        found.append(measured(photos, count, model, place / f"{count}.csv", start))
        if not options.keep:
            shutil.rmtree(photos)
    (first, least), (last, most) = found[0], found[-1]
    print(f"\nFrom first to last: {most - least:+.0f} MB, {100 * (last / first - 1):+.1f} % time per photo.")
    if not options.keep:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
