"""An identification is stopped in every way there is; the same command ends with what an undisturbed one writes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kills import Course, Found, Kind, part_of, run_course, table, wait_for, write_torn
from benchmarks.million import million_links
from taxolens.inference.segments import segments_in
from tests.acceptance.conftest import Outcome
from tests.unit.inference.colour_model import COLOURS, write_colour_model, write_photo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/stat").is_file(), reason="looks at processes as Linux tells them"
    ),
]
PHOTOS = 1500
SIZE = (240, 180)
"""Large enough that looking at all takes longer than the half second after which rows are kept."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to a few drawn photos, and three torn files."""
    place = tmp_path_factory.mktemp("card")
    drawn = [
        write_photo(place / "drawn" / f"{number}.png", colour, seed=number, size=SIZE)
        for number, colour in enumerate(sorted(COLOURS) * 3)
    ]
    folder = million_links(drawn, PHOTOS, place / "photos")
    write_torn(folder / "torn")
    return folder


@pytest.fixture(scope="module")
def course(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A run that nothing disturbed, to compare others with."""
    place = tmp_path_factory.mktemp("course")
    model = write_colour_model(place / "smallest.onnx").path
    course = Course(photos, model, place / "results", place / "home", seed=1)
    course.undisturbed()
    return course


def stopped(
    course: Course, out: Path, reached: Callable[[], bool], stop: Callable[[subprocess.Popen[str]], None]
) -> Outcome:
    """Begins the command, stops it once something is so, and gives what it said."""
    process = course.begin(out, heard=True)
    wait_for(process, reached)
    assert process.poll() is None, "it was too quick to be stopped"
    stop(process)
    said, told = process.communicate(timeout=300)
    return Outcome(process.returncode, said, told)


def rows_are_kept(out: Path) -> Callable[[], bool]:
    return lambda: bool(segments_in(out.with_name(out.name + ".taxolens")))


def test_ten_kills_at_any_moment_change_nothing(course: Course) -> None:
    run_course(course, kills=10, soft=2, seed=1, tell=lambda line: None)
    account = course.account
    assert account.of(Kind.ANY, Kind.SOON, Kind.WRITING) >= 10 and account.ends >= 1
    assert account.of(Kind.TERM, Kind.INT) >= 4
    assert all(account.found(where) for where in (Found.STARTING, Found.LOOKING)), table(account)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_soft_stop_keeps_everything_that_was_answered_and_says_so(
    course: Course, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "stopped" / "table.csv"
    outcome = stopped(course, out, rows_are_kept(out), lambda process: process.send_signal(number))
    assert outcome.code == 130, outcome.err
    assert "photos are answered and kept; the same command goes on" in outcome.err
    assert "Traceback" not in outcome.err and not out.exists()
    course.ends_right(out)


def test_a_stop_while_the_table_is_written_says_that_only_this_is_left(
    course: Course, tmp_path: Path
) -> None:
    out = tmp_path / "stopped" / "table.csv"
    outcome = stopped(course, out, part_of(out).exists, lambda process: process.send_signal(signal.SIGINT))
    assert outcome.code == 130, outcome.err
    assert "All photos are answered; the same command writes the results." in outcome.err
    assert not out.exists() and not part_of(out).exists()
    course.ends_right(out)


def test_workers_are_threads_so_none_is_killed_alone(course: Course, tmp_path: Path) -> None:
    """A signal that kills one of them ends the whole command, which goes on like after any other kill."""
    out = tmp_path / "stopped" / "table.csv"

    def kill_a_worker(process: subprocess.Popen[str]) -> None:
        tasks = Path(f"/proc/{process.pid}/task")
        assert not (tasks / str(process.pid) / "children").read_text().split()
        worker = max(int(task.name) for task in tasks.iterdir())
        assert worker != process.pid
        os.kill(worker, signal.SIGKILL)

    assert stopped(course, out, rows_are_kept(out), kill_a_worker).code == -signal.SIGKILL
    course.ends_right(out)


def test_a_run_that_reached_its_end_is_recognised_and_left_alone(course: Course, tmp_path: Path) -> None:
    out = tmp_path / "whole" / "table.csv"
    first = course.begin(out)
    assert first.wait(300) == 3
    kept = [out, *segments_in(out.with_name(out.name + ".taxolens"))]
    before = {path: path.stat().st_mtime_ns for path in kept}
    began = time.monotonic()
    assert course.begin(out).wait(300) == 3
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert time.monotonic() - began < 60
