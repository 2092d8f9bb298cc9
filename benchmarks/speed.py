"""How long whole commands take and how much memory they need, on real photos, each in a process of its own.

    python -m benchmarks.speed [--place DIR] [--runs 3]

Peak memory is the largest resident set of the command's process. Embeddings are forgotten before each
first training, so that it counts everything.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sets import MOBILENET, unpacked

TAXOLENS = Path(sys.executable).with_name("taxolens")


@dataclass(frozen=True)
class Run:
    """One finished command."""

    seconds: float
    megabytes: float
    code: int


def timed(home: Path, *arguments: object) -> Run:
    """Runs a command and waits for the system's own account of it."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(TAXOLENS), *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TAXOLENS_HOME": str(home)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - began, usage.ru_maxrss / 1024, process.returncode)


def row(what: str, runs: list[Run], promise: str) -> None:
    """Prints the median and the range."""
    seconds = [run.seconds for run in runs]
    codes = {run.code for run in runs}
    print(
        f"| {what} | {statistics.median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f}) "
        f"| {max(run.megabytes for run in runs):.0f} | {promise} | {'/'.join(map(str, sorted(codes)))} |",
        flush=True,
    )


def some(photos: Path, count: int, out: Path) -> Path:
    """A stratified sample as class folders of links."""
    if out.is_dir():
        return out
    for folder in sorted(path for path in photos.iterdir() if path.is_dir()):
        (out / folder.name).mkdir(parents=True)
        files = sorted(folder.iterdir())
        for file in random.Random(0).sample(files, count // 10):
            os.link(file, out / folder.name / file.name)
    return out


def trainings(place: Path, home: Path, runs: int) -> None:
    """First and second trainings on dogs3 and on 5,000 photos of cifar10."""
    dogs = unpacked("dogs3", place)
    cifar = some(unpacked("cifar10", place), 5000, place / "cifar10-5000")
    run = place / "runs" / "speed"

    def train(photos: Path, seed: int) -> Run:
        return timed(home, "train", photos, "--out", run, "--overwrite", "--seed", seed, *MOBILENET)

    train(dogs, 0)
    for name, photos, promise in (
        ("dogs3, 363 photos", dogs, "20 s"),
        ("cifar10, 5,000 photos", cifar, "180 s"),
    ):
        row(
            f"train, {name}",
            repeated(runs, lambda p=photos: train(p, 0), forget=home / "embeddings"),
            promise,
        )
        row(f"second head, {name}", repeated(runs, lambda p=photos: train(p, 1)), "3 s")


def starts(place: Path, home: Path, runs: int) -> None:
    """How long a user waits for the first word."""
    model = place / "runs" / "speed" / "model.onnx"
    photo = next(unpacked("dogs3", place).rglob("*.jpg"))
    out = place / "one.csv"
    row("taxolens --help", repeated(runs, lambda: timed(home, "--help")), "0.5 s")
    row(
        "identify one photo",
        repeated(runs, lambda: timed(home, "identify", photo, "--model", model, "--out", out, "--restart")),
        "0.7 s",
    )


def odd(place: Path, home: Path) -> None:
    """All odd files beside a hundred good photos."""
    card = place / "odd-card"
    if not card.is_dir():
        shutil.copytree(unpacked("odd_images", place), card)
        for photo in sorted(unpacked("dogs3", place).rglob("*.jpg"))[:100]:
            shutil.copy(photo, card)
    model, out = place / "runs" / "speed" / "model.onnx", place / "odd.csv"
    run = timed(home, "identify", card, "--model", model, "--out", out, "--restart", "--workers", 2)
    row("identify, 100 good photos and 30 odd files", [run], "1 GB, exit code 3")


def repeated(runs: int, work: Callable[[], Run], forget: Path | None = None) -> list[Run]:
    """Does some work several times, forgetting what was cached first where asked."""
    done = []
    for _ in range(runs):
        if forget:
            shutil.rmtree(forget, ignore_errors=True)
        done.append(work())
    return done


def main() -> None:
    """Prints the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    home = options.place / "home"
    print("| command | seconds, median (range) | peak MB | promised | exit code |\n|---|---|---|---|---|")
    trainings(options.place, home, options.runs)
    starts(options.place, home, options.runs)
    odd(options.place, home)


if __name__ == "__main__":
    main()
