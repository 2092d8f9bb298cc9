"""What trackers are told of an epoch, of networks and of detectors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taxolens.core.tracking import EVENTS
from taxolens.tracking.history import History, write_epochs
from taxolens.tracking.points import points, row
from tests.unit.tracking.course import DETECTOR_EPOCHS, EPOCHS, no_photos, photos, tracked, written_run


def test_an_epoch_of_a_detector_tells_its_losses_by_the_librarys_names_and_what_was_found() -> None:
    told = points(DETECTOR_EPOCHS[1])
    assert told == {
        "rate": 0.005,
        "loss": 6.5,
        "iou": 2.5,
        "obj": 3.0,
        "cls": 1.0,
        "map50": 0.25,
        "map50_95": 0.125,
        "seconds": 5.0,
    }
    assert points(DETECTOR_EPOCHS[0])["map50"] is None


def test_an_epoch_of_a_network_tells_what_it_always_told() -> None:
    told = row(EPOCHS[0])
    assert (told["phase"], told["number"], told["val_accuracy"]) == ("head", 1, 0.5)


def test_the_table_of_a_detector_grows_row_by_row_and_is_the_one_of_its_run(tmp_path: Path) -> None:
    run = tracked(tmp_path)
    history = History(run)
    history.learnt((), no_photos)
    for count in (1, 2, 3):
        history.learnt(DETECTOR_EPOCHS[:count], no_photos)
    grown = Path(history.where).read_text()
    write_epochs(DETECTOR_EPOCHS, tmp_path / "whole.csv")
    assert grown == (tmp_path / "whole.csv").read_text()
    with Path(history.where).open() as file:
        rows = list(csv.DictReader(file))
    assert [one["number"] for one in rows] == ["1", "2", "3"]
    assert (rows[0]["map50"], rows[2]["map50"], rows[2]["obj"]) == ("", "0.5", "2.5")


def test_a_detectors_curves_stand_in_the_event_files(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from taxolens.tracking.event_files import EventFiles

    tracker = EventFiles(tracked(tmp_path))
    tracker.learnt(DETECTOR_EPOCHS[:1], photos)
    tracker.learnt(DETECTOR_EPOCHS, no_photos)
    folder = written_run(tmp_path / "run")
    tracker.judged({"map50": 0.4}, folder)
    events = reader.EventAccumulator(str(folder / EVENTS))
    events.Reload()
    assert {
        "loss/train",
        "loss/iou",
        "mAP50/validation",
        "mAP50-95/validation",
        "learning_rate",
        "test/map50",
    } <= set(events.Tags()["scalars"])
    found = [(one.step, one.value) for one in events.Scalars("mAP50/validation")]
    assert found == [(2, 0.25), (3, 0.5)]
    assert len(events.Scalars("loss/train")) == 3


def test_a_detectors_curves_stand_in_the_store_of_mlflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    from taxolens.tracking.mlflow_store import MlflowRun

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = tracked(tmp_path)
    tracker = MlflowRun(run)
    tracker.learnt(DETECTOR_EPOCHS, no_photos)
    client = MlflowClient(tracking_uri=f"sqlite:///{(run.home / 'mlflow' / 'mlflow.db').as_posix()}")
    found = client.get_metric_history(tracker.id, "map50")
    assert [(one.step, one.value) for one in found] == [(2, 0.25), (3, 0.5)]
