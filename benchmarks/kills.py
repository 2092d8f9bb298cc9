"""Whether an identification that is stopped again and again ends with what an undisturbed one writes.

    python -m benchmarks.kills [--place DIR] [--kills 200] [--seed 0]

2,000 photos: hard links to those of cifar10, and three torn files. The command is begun anew after every stop until
it reaches its end; then its table is compared, byte by byte, with that of a run that nothing disturbed, and so are the
rows that it keeps. Moments are drawn in processor time, so that a busy machine is stopped in the same places. Where a
stop found the command is read from what it left on the disk. Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchmarks.million import million_links
from benchmarks.sets import unpacked
from taxolens.inference.segments import read_rows, segments_in
from taxolens.inference.stored import open_stored
from tests.unit.inference.colour_model import write_colour_model

TAXOLENS = Path(sys.executable).with_name("taxolens")
PHOTOS = 2000
TORN = 3
SOME_FAILED = 3
OUTS = ("table.csv", "table.json")
KEPT = re.compile(r"journal\.json|lock|roll\.gz|finished\.json|segment-[0-9a-z]+-\d+-[0-9a-f]{16}\.jsonl\.gz")
MOMENT = re.compile(rb'"classification_completion_time": "[^"]*"')
"""The one thing in MegaDetector's JSON that tells when the work began."""
SOON = 0.3
POLL = 0.002
PATIENCE = 600.0


class Kind(StrEnum):
    """When a stop comes, and how."""

    ANY = "kill -9 at any moment"
    SOON = "kill -9 soon after the one before"
    WRITING = "kill -9 while the table is written"
    TERM = "SIGTERM"
    INT = "Ctrl-C"


class Found(StrEnum):
    """What the command was doing."""

    STARTING = "before new rows were kept"
    LOOKING = "while rows were kept"
    WRITING = "while the table was written"
    ENDING = "after it"


@dataclass
class Account:
    """What was counted.

    Attributes:
        stops: how often each kind found the command at what.
        ends: how often the command reached its end, each time with the right table.
    """

    stops: Counter[tuple[Kind, Found]] = field(default_factory=Counter)
    ends: int = 0

    def of(self, *kinds: Kind) -> int:
        """How many stops there were of these kinds."""
        return sum(count for (kind, _), count in self.stops.items() if kind in kinds)

    def found(self, where: Found) -> int:
        """How many stops found the command there."""
        return sum(count for (_, found), count in self.stops.items() if found is where)


class Course:
    """One identification, to be stopped.

    Args:
        photos: folder of photos.
        model: model file.
        place: folder for results.
        home: what Taxolens takes for its own folder.
        seed: of the moments.
    """

    def __init__(self, photos: Path, model: Path, place: Path, home: Path, seed: int) -> None:
        self._photos, self._model, self._place = photos, model, place
        self._environment = {**os.environ, "TAXOLENS_HOME": str(home), "TAXOLENS_LANG": "en"}
        self._moments = random.Random(seed)
        self._tables: dict[str, bytes] = {}
        self._rows: list[str] = []
        self._whole = 0.0
        self.account = Account()

    def undisturbed(self) -> None:
        """Learns what is right, and how long it takes."""
        for name in OUTS:
            out = self._place / "undisturbed" / name
            process = self.begin(out)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == SOME_FAILED, process.returncode
            self._whole = usage.ru_utime + usage.ru_stime
            self._tables[name] = timeless(out.read_bytes())
            self._rows = rows_in(out)

    def stopped_until_done(self, kinds: Iterator[Kind], name: str) -> None:
        """Begins with nothing and stops the command until it is done; then judges what it left."""
        out = self._place / f"stopped-{self.account.ends}" / name
        while not self._stopped(out, next(kinds)):
            pass
        self._judge(out)
        self.account.ends += 1
        shutil.rmtree(out.parent)

    def ends_right(self, out: Path) -> None:
        """Runs the command to its end and judges what it left."""
        code = self.begin(out).wait(PATIENCE)
        assert code == SOME_FAILED, code
        self._judge(out)

    def begin(self, out: Path, *, heard: bool = False) -> subprocess.Popen[str]:
        """Starts the command.

        Args:
            heard: what it says can be read from the process.
        """
        listener = subprocess.PIPE if heard else subprocess.DEVNULL
        return subprocess.Popen(
            [TAXOLENS, "identify", self._photos, "--model", self._model, "--out", out],
            env=self._environment,
            stdout=listener,
            stderr=listener,
            text=True,
            # a shell that runs this in its background makes its children deaf to interrupts
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def _stopped(self, out: Path, kind: Kind) -> bool:
        """One stop; whether the command had reached its end before it."""
        segments = len(segments_in(folder_of(out)))
        process = self.begin(out)
        if kind is Kind.WRITING:
            wait_for(process, lambda: part_of(out).exists() or out.exists())
            moment = processor_seconds(process.pid) + self._moments.uniform(0, 0.06 * self._whole)
        else:
            moment = self._moments.uniform(0, SOON if kind is Kind.SOON else self._whole)
        wait_for(process, lambda: processor_seconds(process.pid) >= moment)
        process.send_signal({Kind.TERM: signal.SIGTERM, Kind.INT: signal.SIGINT}.get(kind, signal.SIGKILL))
        code = process.wait(PATIENCE)
        if code == SOME_FAILED:
            return True
        assert code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130), code
        self.account.stops[kind, found_at(out, segments)] += 1
        return False

    def _judge(self, out: Path) -> None:
        """Compares what is there with what is right."""
        assert timeless(out.read_bytes()) == self._tables[out.name], f"{out} differs"
        assert rows_in(out) == self._rows, f"the rows of {out} differ"
        beside = {path.name for path in out.parent.iterdir()}
        assert beside == {out.name, folder_of(out).name}, beside
        strange = [path.name for path in folder_of(out).iterdir() if not KEPT.fullmatch(path.name)]
        assert not strange, strange
        states = [row.stamp for segment in segments_in(folder_of(out)) for row in read_rows(segment)[1]]
        assert len(states) == len(set(states)) == len(self._rows), "a photo was stored twice"


def wait_for(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Waits until something is so, or the command has ended.

    Raises:
        TimeoutError: neither came.
    """
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and not reached():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(POLL)


def folder_of(out: Path) -> Path:
    """The folder of results beside a table."""
    return out.with_name(out.name + ".taxolens")


def part_of(out: Path) -> Path:
    """What a table is called until it is whole."""
    return out.with_name(f".{out.name}.part")


def timeless(table: bytes) -> bytes:
    """A table without the moment at which its work began."""
    return MOMENT.sub(b"", table)


def rows_in(out: Path) -> list[str]:
    """What is kept of each photo, in the order of the table."""
    stored = open_stored(out)
    rows = [stored.row(place) for place in stored.places]
    return [f"{row.stamp} {row.taken} {row.fault} {row.scores}" for row in rows]


def found_at(out: Path, segments: int) -> Found:
    """What a command that has just been stopped was doing."""
    if part_of(out).exists():
        return Found.WRITING
    if out.exists():
        return Found.ENDING
    return Found.LOOKING if len(segments_in(folder_of(out))) > segments else Found.STARTING


def processor_seconds(pid: int) -> float:
    """Processor time of all threads of a process so far; endless for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("inf")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drawn(seed: int, kinds: tuple[Kind, ...], weights: tuple[int, ...]) -> Iterator[Kind]:
    """Kinds of stops, without end."""
    draw = random.Random(seed)
    while True:
        yield draw.choices(kinds, weights)[0]


def run_course(course: Course, kills: int, soft: int, seed: int, tell: Callable[[str], None] = print) -> None:
    """Stops commands until there were as many kills, then as many SIGTERMs and interrupts."""
    hard = (Kind.ANY, Kind.SOON, Kind.WRITING)
    account, started = course.account, 0
    for kinds, weights, wanted in ((hard, (6, 2, 2), kills), ((Kind.TERM, Kind.INT), (1, 1), 2 * soft)):
        of_kind = drawn(seed, kinds, weights)
        while account.of(*kinds) < wanted:
            course.stopped_until_done(of_kind, OUTS[started % 3 == 2])
            started += 1
            tell(f"{account.of(*Kind)} stops, {account.ends} ends, all right")


def table(account: Account) -> str:
    """The stops, by kind and by what they found."""
    lines = [f"| stop | {' | '.join(Found)} | all |", "|---" * (len(Found) + 2) + "|"]
    for kind in Kind:
        cells = [account.stops[kind, found] for found in Found]
        lines.append(f"| {kind} | {' | '.join(map(str, cells))} | {sum(cells)} |")
    return "\n".join(lines)


def write_torn(folder: Path) -> None:
    """Files that begin like photos and end early."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(TORN):
        (folder / f"torn{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    originals = sorted(unpacked("cifar10", options.place).rglob("*.webp"))
    with tempfile.TemporaryDirectory(dir=options.place) as made:
        place = Path(made)
        photos = million_links(originals, PHOTOS - TORN, place / "photos")
        write_torn(photos / "torn")
        model = write_colour_model(place / "smallest.onnx").path
        course = Course(photos, model, place / "results", place / "home", options.seed)
        course.undisturbed()
        run_course(course, options.kills, options.kills // 10, options.seed)
    print(f"\n{table(course.account)}\n\n{course.account.ends} ends, each as undisturbed.")


if __name__ == "__main__":
    main()
