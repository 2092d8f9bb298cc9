from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taxolens.core.errors import OutputError, UsageError
from taxolens.inference import segments, shelf, store
from taxolens.inference.answered import Answered
from taxolens.inference.journal import Journal, new_journal, read_journal
from taxolens.inference.row import Boxes, Fault, Row, Stamp
from taxolens.inference.segments import segments_in
from taxolens.inference.store import Store, open_store


def journal(sha256: str = "a" * 64) -> Journal:
    return new_journal(model_sha256=sha256, model_name="m", labels=("fox",), photos=Path("/photos"))


def stamp(number: int, mtime_ns: int = 0) -> Stamp:
    return Stamp(f"{number:04d}.jpg", 10, mtime_ns)


def row(number: int, score: float = 0.5, mtime_ns: int = 0) -> Row:
    return Row(stamp(number, mtime_ns), scores=np.asarray([score], dtype=np.float32))


def never(row: Row) -> bool:
    del row
    return False


def loaded(one: Store, again: Callable[[Row], bool] = never) -> tuple[Answered, list[str]]:
    damaged: list[str] = []
    return one.load(again=again, damaged=damaged.append), damaged


def fill(out: Path, numbers: range, score: float = 0.5) -> None:
    with open_store(out, journal(), restart=False) as one:
        loaded(one)
        for number in numbers:
            one.append(row(number, score))
        one.flush()


def score_of(one: Store, answered: Answered, number: int, mtime_ns: int = 0) -> float | None:
    place = answered.find(stamp(number, mtime_ns).key())
    if place is None:
        return None
    scores = one.row(place).scores
    assert scores is not None
    return float(scores[0])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results" / "table.csv"


@pytest.fixture
def folder(out: Path) -> Path:
    return out.with_name("table.csv.taxolens")


def test_rows_outlive_the_process_that_wrote_them(out: Path, folder: Path) -> None:
    fill(out, range(2500))
    assert len(segments_in(folder)) >= 3
    with open_store(out, journal(), restart=False) as one:
        answered, damaged = loaded(one)
        assert len(answered) == 2500
        assert damaged == []
        assert score_of(one, answered, 2499) == 0.5
        assert score_of(one, answered, 2500) is None
        assert score_of(one, answered, 0, mtime_ns=1) is None


def test_a_place_is_good_before_and_after_its_segment_is_written(out: Path) -> None:
    fill(out, range(3))
    with open_store(out, journal(), restart=False) as one:
        loaded(one)
        places = [one.append(row(number, number / 4096)) for number in range(2300)]
        one.flush()
        for number, place in enumerate(places):
            assert one.row(place) is not None
            assert one.row(place).stamp == stamp(number)


def test_the_newest_row_of_a_file_wins(out: Path) -> None:
    fill(out, range(5), 0.25)
    fill(out, range(2, 3), 0.75)
    with open_store(out, journal(), restart=False) as one:
        answered, _ = loaded(one)
        assert [score_of(one, answered, number) for number in range(5)] == [0.25, 0.25, 0.75, 0.25, 0.25]


def test_rows_that_are_to_be_looked_at_again_are_not_answered(out: Path) -> None:
    with open_store(out, journal(), restart=False) as one:
        loaded(one)
        one.append(Row(stamp(0), fault=Fault("unreadable", "No right to read.")))
        one.append(row(1))
        one.flush()
        answered, _ = loaded(one, again=lambda found: found.fault is not None)
        assert answered.find(stamp(0).key()) is None
        assert answered.find(stamp(1).key()) is not None


def test_a_damaged_segment_is_set_aside_told_and_its_photos_done_again(out: Path, folder: Path) -> None:
    fill(out, range(10))
    fill(out, range(10, 20))
    first, second = segments_in(folder)
    first.write_bytes(first.read_bytes()[:-3])
    with open_store(out, journal(), restart=False) as one:
        answered, damaged = loaded(one)
        assert damaged == [first.name + ".damaged"]
        assert score_of(one, answered, 3) is None
        assert score_of(one, answered, 13) == 0.5
        one.append(row(3, 0.75))
        one.flush()
        assert segments_in(folder)[0] == second
    with open_store(out, journal(), restart=False) as one:
        answered, damaged = loaded(one)
        assert damaged == []
        assert score_of(one, answered, 3) == 0.75
    assert (folder / (first.name + ".damaged")).exists()


def test_the_number_of_a_damaged_segment_is_not_used_again(out: Path, folder: Path) -> None:
    fill(out, range(10))
    (path,) = segments_in(folder)
    path.write_bytes(b"")
    fill(out, range(5))
    assert segments.number_of(segments_in(folder)[0]) == 2


def test_a_first_segment_comes_soon_and_later_ones_less_often(
    out: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(store.time, "monotonic", lambda: now[0])
    written = []
    with open_store(out, journal(), restart=False) as one:
        for number in range(400):
            one.append(row(number))
            written.append(len(segments_in(folder)))
            now[0] += 0.25
    assert written[2] == 1
    assert 10 < written[-1] < 40


def test_restart_forgets_everything(out: Path, folder: Path) -> None:
    fill(out, range(10))
    with open_store(out, journal("b" * 64), restart=True) as one:
        answered, _ = loaded(one)
        assert len(answered) == 0
    assert segments_in(folder) == []
    kept = read_journal(folder)
    assert kept is not None
    assert kept.model_sha256 == "b" * 64


def test_a_restart_that_was_killed_half_way_leaves_nothing_old_in_the_new(
    out: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(out, range(10))

    def killed(path: Path) -> None:
        del path
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "_remove", killed)
        with pytest.raises(KeyboardInterrupt), open_store(out, journal(), restart=True):
            pass
    assert len(segments_in(folder)) == 1
    with open_store(out, journal(), restart=False) as one:
        answered, damaged = loaded(one)
        assert len(answered) == 0
        assert damaged == []
    assert segments_in(folder) == []


def test_results_of_another_model_are_refused_and_stay(out: Path, folder: Path) -> None:
    fill(out, range(10))
    before = sorted(path.name for path in folder.iterdir())
    with (
        pytest.raises(UsageError, match="another model.*--restart"),
        open_store(out, journal("b" * 64), restart=False),
    ):
        pass
    assert sorted(path.name for path in folder.iterdir()) == before


def test_segments_without_their_journal_are_refused_and_stay(out: Path, folder: Path) -> None:
    fill(out, range(10))
    (folder / "journal.json").unlink()
    with pytest.raises(UsageError, match="is missing"), open_store(out, journal(), restart=False):
        pass
    assert len(segments_in(folder)) == 1


def test_photos_that_moved_are_written_into_the_journal(out: Path, folder: Path, tmp_path: Path) -> None:
    fill(out, range(10))
    moved = new_journal(model_sha256="a" * 64, model_name="m", labels=("fox",), photos=tmp_path)
    with open_store(out, moved, restart=False) as one:
        assert len(loaded(one)[0]) == 10
    kept = read_journal(folder)
    assert kept is not None
    assert kept.photos == str(tmp_path)


def test_what_a_killed_writer_left_half_written_is_cleared_away(out: Path, folder: Path) -> None:
    fill(out, range(1))
    (folder / ".segment-aa-000002-0123456789abcdef.jsonl.gz.part").write_bytes(b"half")
    fill(out, range(1, 2))
    assert not list(folder.glob(".*"))


LOCKER = """
import sys, time
from pathlib import Path
from taxolens.inference.journal import new_journal
from taxolens.inference.store import open_store
journal = new_journal(model_sha256="a" * 64, model_name="m", labels=("fox",), photos=Path("/photos"))
with open_store(Path(sys.argv[1]), journal, restart=False):
    print("open", flush=True)
    time.sleep(60)
"""


def test_two_processes_never_share_an_output_and_a_killed_one_lets_go(out: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", LOCKER, str(out)], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with (
            pytest.raises(UsageError, match="Another run is writing"),
            open_store(out, journal(), restart=False),
        ):
            pass
    finally:
        other.kill()
        other.communicate()
    fill(out, range(1))


def test_a_full_disk_is_told_and_the_rows_wait(
    out: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(out, journal(), restart=False) as one:
        one.append(row(0))

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("taxolens.storage.atomic.os.fsync", full)
            with pytest.raises(OutputError, match="is full. Free some space"):
                one.flush()
        assert segments_in(folder) == []
        assert not list(folder.glob(".*"))
        one.flush()
        assert len(segments_in(folder)) == 1


def test_a_place_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="cannot be written"),
        open_store(tmp_path / "file" / "t.csv", journal(), restart=False),
    ):
        pass


def test_segments_read_back_are_kept_up_to_a_bound(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for start in range(0, 50, 10):
        fill(out, range(start, start + 10))
    monkeypatch.setattr(shelf, "_CACHE_BYTES", 4000)
    with open_store(out, journal(), restart=False) as one:
        answered, _ = loaded(one)
        for number in [*range(50), *range(49, -1, -1)]:
            assert score_of(one, answered, number) == 0.5
            held = one._shelf
            assert held._cached_bytes == sum(shelf._size(lines) for lines in held._cache.values())
            assert held._cached_bytes <= 4000


def test_a_segment_that_goes_while_it_is_read_is_told(out: Path, folder: Path) -> None:
    fill(out, range(3))
    with open_store(out, journal(), restart=False) as one:
        answered, _ = loaded(one)
        segments_in(folder)[0].unlink()
        with pytest.raises(OutputError, match="cannot be read.*Run the same command again"):
            score_of(one, answered, 1)


def test_the_journal_says_which_model_and_which_photos(out: Path, folder: Path) -> None:
    fill(out, range(1))
    document = json.loads((folder / "journal.json").read_text())
    assert document["model_sha256"] == "a" * 64
    assert document["labels"] == ["fox"]
    assert document["photos"] == "/photos"
    assert document["version"] == 1


def test_long_rows_are_written_before_they_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BYTES_AT_ONCE", 2000)
    boxes = Boxes(np.zeros((20, 4), np.float32), np.zeros((20, 9), np.float32))
    with open_store(tmp_path / "results.csv", journal(), restart=False) as one:
        for number in range(6):
            one.append(Row(stamp(number), boxes=boxes))
        one.flush()
        assert len(one.segments) >= 3
