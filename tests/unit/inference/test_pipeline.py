from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taxolens.core.progress import Silent
from taxolens.core.records import Status
from taxolens.core.texts import plain
from taxolens.imaging.metadata import Metadata
from taxolens.inference import pipeline
from taxolens.inference.context import Context
from taxolens.inference.decision import DecisionRule
from taxolens.inference.journal import new_journal
from taxolens.inference.pipeline import Look, answer, find, look_at
from taxolens.inference.predictor import Predictor
from taxolens.inference.rendering import Rendering, results
from taxolens.inference.row import Stamp
from taxolens.inference.scan import Photo, scan
from taxolens.inference.store import open_store
from taxolens.recipes.source import SiteBy
from tests.unit.inference.colour_model import LABELS, write_photo

RULE = DecisionRule(LABELS, frozenset({"nothing"}), 0.6, 0.8, 2)


def look(root: Path, predictor: Predictor) -> Look:
    return Look(root, predictor, workers=2, max_megapixels=1.0)


def run(root: Path, predictor: Predictor, out: Path) -> list[Any]:
    journal = new_journal(model_sha256="a" * 64, model_name="m", labels=LABELS, photos=root)
    with open_store(out, journal, restart=False) as store:
        answered = store.load(again=lambda row: False, damaged=pytest.fail)
        places = answer(look(root, predictor), store, answered, total=0, progress=Silent(), say=plain)
        return list(results(places, store, Rendering(RULE, root, Context(SiteBy.FOLDER))))


def test_a_photo_becomes_a_row_with_the_answer_of_the_predictor(predictor: Predictor, tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", "green")
    (photo,) = scan(tmp_path)
    row = look_at(photo, look(tmp_path, predictor))
    assert row.fault is None
    assert row.scores is not None
    assert row.scores.tobytes() == predictor.probabilities(photo.path).tobytes()


def test_what_the_limit_forbids_is_a_fault_in_its_row(predictor: Predictor, tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", size=(1100, 1000))
    (photo,) = scan(tmp_path)
    row = look_at(photo, look(tmp_path, predictor))
    assert row.scores is None
    assert row.fault is not None
    assert row.fault.code == "too_large"


def test_results_come_in_the_order_of_the_scan_also_after_photos_were_added(
    predictor: Predictor, tmp_path: Path
) -> None:
    root, out = tmp_path / "card", tmp_path / "t.csv"
    for number in (1, 4, 7):
        write_photo(root / "b" / f"{number}.png", "red", seed=number)
    first = [result.prediction.name for result in run(root, predictor, out)]
    for number in (0, 5, 9):
        write_photo(root / "b" / f"{number}.png", "nothing", seed=number)
    write_photo(root / "z.png")
    second = run(root, predictor, out)
    assert first == ["b/1.png", "b/4.png", "b/7.png"]
    assert [result.prediction.name for result in second] == [photo.stamp.name for photo in scan(root)]
    assert [result.site for result in second] == [None, *["b"] * 6]
    blank = [result.prediction.name for result in second if result.prediction.status is Status.BLANK]
    assert blank == ["b/0.png", "b/5.png", "b/9.png"]


def test_photos_and_known_photos_are_counted(predictor: Predictor, tmp_path: Path) -> None:
    root, out = tmp_path / "card", tmp_path / "t.csv"
    for number in range(3):
        write_photo(root / f"{number}.png")
    run(root, predictor, out)
    write_photo(root / "new.png")
    journal = new_journal(model_sha256="a" * 64, model_name="m", labels=LABELS, photos=root)
    with open_store(out, journal, restart=False) as store:
        answered = store.load(again=lambda row: False, damaged=pytest.fail)
        found = find(root, answered)
        assert (found.photos, len(found.places)) == (4, 3)


def peak(number: int, predictor: Predictor, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Largest memory while as many photos go through the pipeline twice, without their files."""

    def many(root: Path, **_: Any) -> Iterator[Photo]:
        for index in range(number):
            name = f"site {index // 100}/IMG_{index:07d}.JPG"
            # One path for all: pathlib interns names, and now and then enlarges Python's table of them.
            yield Photo(root, Stamp(name, index, index))

    monkeypatch.setattr(pipeline, "scan", many)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(2):
            journal = new_journal(model_sha256="a" * 64, model_name="m", labels=LABELS, photos=Path("/p"))
            with open_store(out, journal, restart=False) as store:
                answered = store.load(again=lambda row: False, damaged=pytest.fail)
                looking = look(out.parent, predictor)
                places = answer(looking, store, answered, total=0, progress=Silent(), say=plain)
                found = results(places, store, Rendering(RULE, Path("/p")))
                assert sum(1 for _ in found) == number
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_photo_takes_32_bytes_of_memory_and_a_fixed_number_of_segments_is_held(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "scores", lambda *_, **__: np.full(3, 0.3, dtype=np.float32))
    monkeypatch.setattr(pipeline, "read_metadata", lambda path: Metadata(taken=datetime(2026, 1, 1)))
    monkeypatch.setattr("taxolens.inference.shelf._CACHE_BYTES", 100_000)
    monkeypatch.setattr("taxolens.inference.store.ROWS_AT_ONCE", 100)
    peak(300, predictor, tmp_path / "first use.csv", monkeypatch)
    few = peak(2_000, predictor, tmp_path / "few.csv", monkeypatch)
    more = peak(8_000, predictor, tmp_path / "more.csv", monkeypatch)
    # 32 bytes held, 16 more while keys are sorted, a path per segment of 100.
    assert (more - few) / 6_000 < 100
