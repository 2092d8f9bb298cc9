"""What a preparation tells the terminal."""

from __future__ import annotations

from pathlib import Path

from taxolens.core.texts import plain
from taxolens.report.wording import Wording
from taxolens.workflows.prepare_summary import summary_of


def test_a_class_with_a_very_long_name_does_not_push_the_figures_off_the_screen() -> None:
    counts = {"x" * 200: {"train": 3, "val": 1}, "fox": {"train": 2}}
    summary = summary_of(Path("out"), {"photos": 6, "counts": counts}, 1.0)
    table = [
        line for line in summary.lines(Wording(plain, "en")) if line.split()[-2:-1] in (["3"], ["2"], ["5"])
    ]
    assert len(table) == 3 and max(map(len, table)) < 80
    assert "all classes" in table[-1] and table[-1].split()[-2:] == ["5", "1"]
