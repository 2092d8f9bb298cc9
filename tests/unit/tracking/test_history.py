from __future__ import annotations

import csv
from pathlib import Path

from taxolens.tracking.history import FILE, History, write_epochs
from tests.unit.tracking.course import EPOCHS, no_photos, tracked


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def test_the_table_grows_by_a_row_whenever_an_epoch_is_over(tmp_path: Path) -> None:
    run = tracked(tmp_path)
    history = History(run)
    seen = []
    for done in range(len(EPOCHS) + 1):
        history.learnt(EPOCHS[:done], no_photos)
        seen.append(rows(Path(history.where)))
    assert [len(one) for one in seen] == [1, 2, 3, 4]
    assert seen[-1][:2] == seen[1]
    assert seen[-1][2] == ["network", "2", "0.001", "1", "", "0.8", "0.7", "3.5"]


def test_rows_that_were_written_are_not_written_again(tmp_path: Path) -> None:
    history = History(tracked(tmp_path))
    history.learnt(EPOCHS[:1], no_photos)
    file = Path(history.where)
    with file.open("r+", encoding="utf-8") as opened:
        opened.write("PHASE")
    history.learnt(EPOCHS, no_photos)
    assert file.read_text(encoding="utf-8").startswith("PHASE")


def test_a_torn_table_is_whole_again_after_a_stop(tmp_path: Path) -> None:
    run = tracked(tmp_path)
    History(run).learnt(EPOCHS[:2], no_photos)
    file = run.place / FILE
    file.write_bytes(file.read_bytes()[:-9])
    again = History(run)
    again.learnt(EPOCHS[:2], no_photos)
    again.learnt(EPOCHS, no_photos)
    write_epochs(EPOCHS, tmp_path / "whole.csv")
    assert file.read_bytes() == (tmp_path / "whole.csv").read_bytes()
