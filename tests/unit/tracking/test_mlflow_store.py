"""Runs of MLflow in a real SQLite file, read back with its own client and with SQL."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("mlflow")

from mlflow.tracking import MlflowClient

from taxolens.core.tracking import Ending, TrackedRun
from taxolens.tracking.mlflow_store import FOLDER, STORE, URI, MlflowRun
from tests.unit.tracking.course import (
    EPOCHS,
    FIGURES,
    below,
    no_photos,
    tracked,
    written_run,
)

# The library uses ways of SQLAlchemy that will go one day, which is for its own tests to tell.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URI, raising=False)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without runs; its tables take the library some seconds to make."""
    folder = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(URI, raising=False)
        MlflowRun(replace(tracked(folder, "nobody"), group="nothing")).close(Ending.DONE)
    return folder / "home" / FOLDER / STORE


@pytest.fixture
def run(tmp_path: Path, empty_store: Path) -> TrackedRun:
    """A run whose store is there already."""
    made = tracked(tmp_path)
    (made.home / FOLDER).mkdir(parents=True)
    shutil.copy(empty_store, made.home / FOLDER / STORE)
    return made


def client(run: TrackedRun) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{run.home / FOLDER / STORE}")


def only_run(run: TrackedRun, **wanted: Any) -> Any:
    (found,) = runs(run, **wanted)
    return found


def runs(run: TrackedRun, **wanted: Any) -> list[Any]:
    reader = client(run)
    experiment = reader.get_experiment_by_name("prélèvements")
    assert experiment is not None
    return list(reader.search_runs([experiment.experiment_id], **wanted))


def test_a_training_becomes_a_run_with_settings_curves_figures_and_report(
    run: TrackedRun, tmp_path: Path
) -> None:
    opened = MlflowRun(run)
    opened.learnt(EPOCHS[:2], no_photos)
    opened.learnt(EPOCHS, no_photos)
    opened.judged(FIGURES, written_run(tmp_path / "run"))
    opened.close(Ending.DONE)
    found, reader = only_run(run), client(run)
    assert found.info.run_name == "feuilles d'été" and found.info.status == "FINISHED"
    assert found.data.params == {"network.rate": "0.001", "source.data": "forêt/été | 2024"}
    history = reader.get_metric_history(found.info.run_id, "val_loss")
    assert [(one.step, one.value) for one in history] == [(1, 1.2), (2, 0.8), (3, 0.25)]
    assert [one.step for one in reader.get_metric_history(found.info.run_id, "train_accuracy")] == [1]
    assert found.data.metrics["test_accuracy"] == 0.875 and found.data.metrics["test_n"] == 40
    assert found.data.tags["taxolens.model"] == str(tmp_path / "run" / "model.onnx")
    kept = {one.path for one in reader.list_artifacts(found.info.run_id)}
    assert kept == {"report.html", "metrics.json", "history.csv", "recipe.json"}
    copy = Path(reader.download_artifacts(found.info.run_id, "report.html", str(tmp_path)))
    assert copy.read_text(encoding="utf-8") == "Précision : report.html"


def test_nothing_is_written_beside_the_users_folder(
    run: TrackedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    opened = MlflowRun(run)
    opened.judged(FIGURES, written_run(tmp_path / "run"))
    assert not list(here.iterdir())
    assert (run.home / FOLDER / "artifacts" / opened.id).is_dir()


def test_a_stopped_training_goes_on_in_the_same_run_without_doubles(run: TrackedRun) -> None:
    before = MlflowRun(run)
    before.learnt(EPOCHS[:2], no_photos)
    before.close(Ending.STOPPED)
    assert only_run(run).info.status == "KILLED"
    again = MlflowRun(run)
    assert only_run(run).info.status == "RUNNING"
    again.learnt(EPOCHS[:2], no_photos)
    again.learnt(EPOCHS, no_photos)
    again.close(Ending.DONE)
    history = client(run).get_metric_history(again.id, "train_loss")
    assert again.id == before.id
    assert [(one.step, one.value) for one in history] == [(1, 1.5), (2, 1.0), (3, 0.5)]


def test_an_epoch_that_a_kill_kept_out_of_the_store_is_told_afterwards(run: TrackedRun) -> None:
    MlflowRun(run).learnt(EPOCHS[:1], no_photos)
    again = MlflowRun(run)
    again.learnt(EPOCHS[:2], no_photos)
    assert [one.step for one in client(run).get_metric_history(again.id, "val_loss")] == [1, 2]


def test_a_run_that_was_deleted_meanwhile_is_begun_anew(run: TrackedRun) -> None:
    before = MlflowRun(run)
    client(run).delete_run(before.id)
    assert MlflowRun(run).id != before.id


def test_parts_of_a_run_are_nested_in_it(run: TrackedRun) -> None:
    whole = MlflowRun(run)
    part = MlflowRun(below(run, 4))
    found = only_run(run, filter_string=f"tags.mlflow.parentRunId = '{whole.id}'")
    assert found.info.run_id == part.id and found.info.run_name == "feuilles d'été 4"


def test_the_variable_of_mlflow_names_another_store(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty_store, tmp_path / "other.db")
    monkeypatch.setenv(URI, f"sqlite:///{tmp_path / 'other.db'}")
    monkeypatch.chdir(tmp_path)
    opened = MlflowRun(tracked(tmp_path))
    with closing(sqlite3.connect(tmp_path / "other.db")) as store:
        assert store.execute("select run_uuid, name from runs where name like 'feuilles%'").fetchall() == [
            (opened.id, "feuilles d'été")
        ]
    assert not (tmp_path / "home" / FOLDER / STORE).exists()


def test_the_password_of_a_server_is_not_told(run: TrackedRun) -> None:
    opened = MlflowRun(run)
    opened._uri = "https://anna:secret@mlflow.example/lab"
    assert opened.where == "https://mlflow.example/lab"


def test_a_locked_store_and_a_damaged_one_fail_at_once(run: TrackedRun) -> None:
    store = run.home / FOLDER / STORE
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            MlflowRun(run)
    store.write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        MlflowRun(run)
    assert time.monotonic() - began < 30


def test_a_server_out_of_reach_fails_within_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URI, "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        MlflowRun(tracked(tmp_path))
    assert time.monotonic() - began < 60
