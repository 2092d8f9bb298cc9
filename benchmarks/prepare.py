"""How long a table of 1.5 million photos takes to be divided and balanced, and how much memory.

python -m benchmarks.prepare [--rows 1500000] [--place DIR]

The table is made on the spot: 200 classes as unequal as those of camera traps, 3,000 sites, sequences of one to
ten photos; no photo exists.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TAXOLENS = Path(sys.executable).with_name("taxolens")
WAYS = {
    "by site": ("--by", "site"),
    "by sequence": ("--by", "sequence"),
    "single photos": ("--by", "none"),
}


def write_table(table: Path, rows: int, seed: int = 0) -> None:
    """A table of photos that are not there."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, 201) ** 1.1
    label = rng.choice(200, rows, p=share / share.sum())
    sequence = np.cumsum(rng.random(rows) < 0.3)
    site = sequence % 3000
    with table.open("w", encoding="utf-8") as file:
        file.write("file,label,site,sequence,datetime\n")
        for number in range(rows):
            file.write(
                f"season{site[number] % 7}/site_{site[number]:04d}/IMG_{number:07d}.JPG,species_{label[number]:03d},"
                f"site_{site[number]:04d},{sequence[number]},2024-{1 + number % 12:02d}-{1 + number % 28:02d} 12:00:00\n"
            )


def measure(table: Path, out: Path, options: tuple[str, ...]) -> tuple[float, float, float]:
    """Seconds, seconds of one processor, and the largest resident memory of the command in MB."""
    command = [TAXOLENS, "prepare", table, "--out", out, "--files", "none", "--balance", "median", *options]
    began = time.monotonic()
    process = subprocess.Popen([*map(str, command), "--allow-missing", "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed")
    largest = usage.ru_maxrss / 1e6 if sys.platform == "darwin" else usage.ru_maxrss / 1e3
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, largest


def main() -> None:
    """Prints a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_500_000)
    options.add_argument("--place", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.place) as folder:
        table = Path(folder) / "photos.csv"
        write_table(table, given.rows)
        print("| photos | divided | seconds | of a processor | memory, MB |\n|---|---|---|---|---|")
        for name, way in WAYS.items():
            seconds, processor, memory = measure(table, Path(folder) / name.replace(" ", "-"), way)
            print(f"| {given.rows:,} | {name} | {seconds:.0f} | {processor:.0f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
