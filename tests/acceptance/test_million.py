"""Many photos cost what few do, each; `benchmarks/million.py` shows it for a million."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.million import check_whole, identified, million_links
from tests.unit.inference.colour_model import COLOURS, write_colour_model, write_photo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="looks at memory as Linux tells it"),
]
FEW, MANY = 500, 10_000


def test_memory_stays_flat_time_grows_in_step_and_what_is_done_is_recognised(tmp_path: Path) -> None:
    drawn = [write_photo(tmp_path / f"{colour}.png", colour) for colour in COLOURS]
    model = write_colour_model(tmp_path / "smallest.onnx").path
    runs = {}
    for count in (1, FEW, MANY):
        photos, out = million_links(drawn, count, tmp_path / str(count)), tmp_path / "out" / f"{count}.csv"
        runs[count] = identified(photos, model, out)
        check_whole(out, count)
    start = runs[1].cpu
    few, many = ((runs[count].cpu - start) / count for count in (FEW, MANY))
    # The remembered segments may take 32 MB; each photo takes 32 bytes.
    assert runs[MANY].megabytes - runs[FEW].megabytes < 60
    # A cost that grew with the number of photos would be twenty times as much here; a busy machine doubles it.
    assert many < 4 * max(few, 0.001)
    done = identified(tmp_path / str(MANY), model, tmp_path / "out" / f"{MANY}.csv")
    assert done.cpu - start < (runs[MANY].cpu - start) / 2
