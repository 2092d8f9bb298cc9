"""Real trainings and searches beside real stores of MLflow and TensorBoard."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mlflow")
pytest.importorskip("tensorboardX")
reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

from mlflow.tracking import MlflowClient  # noqa: E402

from taxolens.compose.trackers import load_tracker  # noqa: E402
from taxolens.compose.trainers import load_backbone_maker, load_searcher, load_trainer  # noqa: E402
from taxolens.core.tracking import EVENTS  # noqa: E402
from taxolens.recipes.network import NetworkRecipe, Precision  # noqa: E402
from taxolens.recipes.source import SourceRecipe  # noqa: E402
from taxolens.recipes.train import TrainRecipe  # noqa: E402
from taxolens.recipes.tune import TuneRecipe  # noqa: E402
from taxolens.training import trainer as room  # noqa: E402
from taxolens.workflows.train import train  # noqa: E402
from taxolens.workflows.tune import tune  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:::mlflow.*"),
]
SMALL = NetworkRecipe("small_cnn", size=24, epochs=3, batch=16, augment="none", precision=Precision.FP32)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, with a store that all tests share, as a user's runs do."""
    return tmp_path_factory.mktemp("home")


def asked(data: Path, out: Path, *track: str) -> TrainRecipe:
    return TrainRecipe(
        SourceRecipe(data),
        out,
        method="scratch",
        network=SMALL,
        saliency=False,
        track=track,
        name=out.parent.name,
    )


def trained(recipe: TrainRecipe, home: Path) -> Any:
    return train(recipe, home=home, maker=load_backbone_maker, trainer=load_trainer, tracker=load_tracker)


def runs(home: Path, group: str) -> list[Any]:
    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(group)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def steps(home: Path, run: Any, name: str = "val_loss") -> list[int]:
    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow' / 'mlflow.db'}")
    return [one.step for one in client.get_metric_history(run.info.run_id, name)]


def curve(folder: Path, name: str) -> list[int]:
    found = reader.EventAccumulator(str(folder))
    found.Reload()
    return [one.step for one in found.Scalars(name)]


def numbers(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row["number"] for row in csv.DictReader(file)]


def test_a_training_is_watched_while_it_goes_on_and_after_a_stop_in_the_same_run(
    class_folders: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, place = tmp_path / "run", tmp_path / ".run.taxolens-training"
    recipe = asked(class_folders, out, "mlflow", "tensorboard", "csv")
    real, seen = room.save_checkpoint, []

    def save(tree: Any, path: Path) -> None:
        if len(seen) == 3:  # one before the first epoch, then one after each
            raise KeyboardInterrupt
        real(tree, path)
        seen.append(numbers(place / "history.csv") if (place / "history.csv").exists() else None)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(room, "save_checkpoint", save)
        trained(recipe, home)
    assert seen == [None, [], ["1"]], "a row for every epoch, as soon as it is kept"
    (stopped,) = runs(home, tmp_path.name)
    assert stopped.info.status == "KILLED" and steps(home, stopped) == [1, 2]
    assert curve(place / EVENTS, "loss/validation") == [1, 2]
    summary = trained(recipe, home)
    (run,) = runs(home, tmp_path.name)
    assert run.info.run_id == stopped.info.run_id and run.info.status == "FINISHED"
    assert steps(home, run) == [1, 2, 3]
    assert run.data.metrics["test_accuracy"] == pytest.approx(summary.result.accuracy.value)
    assert run.data.params["network.batch"] == "16"
    assert curve(out / EVENTS, "learning_rate") == [1, 2, 3]
    assert numbers(out / "history.csv") == ["1", "2", "3"]
    assert not place.exists()


def test_a_store_that_others_hold_does_not_end_a_training(class_folders: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = home / "mlflow" / "mlflow.db"
    store.parent.mkdir(parents=True)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("create table if not exists held (number)")
        other.execute("BEGIN EXCLUSIVE")
        summary = trained(asked(class_folders, tmp_path / "run", "mlflow"), home)
    assert summary.model.is_file()
    assert "mlflow" not in " ".join(summary.notes), "a report is no place for it"


def test_a_head_is_tracked_too(class_folders: Path, home: Path, tmp_path: Path) -> None:
    recipe = replace(asked(class_folders, tmp_path / "run", "mlflow", "tensorboard"), method="head")
    summary = trained(recipe, home)
    (run,) = runs(home, tmp_path.name)
    assert run.data.metrics["test_macro_f1"] == pytest.approx(summary.result.macro_f1.value)
    assert run.data.params["class_weight"] == "none" and "network.batch" not in run.data.params
    assert (tmp_path / "run" / EVENTS).is_dir()


def test_trials_of_a_search_are_nested_in_it(class_folders: Path, home: Path, tmp_path: Path) -> None:
    recipe = TuneRecipe(asked(class_folders, tmp_path / "run", "mlflow", "tensorboard"), trials=2)
    tune(recipe, home=home, trainer=load_trainer, searcher=load_searcher, tracker=load_tracker)
    found = {run.info.run_name: run for run in runs(home, tmp_path.name)}
    assert set(found) == {"run", "run 0", "run 1"}
    parent = found["run"].info.run_id
    assert {found[name].data.tags.get("mlflow.parentRunId") for name in ("run 0", "run 1")} == {parent}
    assert "test_accuracy" in found["run"].data.metrics and steps(home, found["run 0"]) == [1, 2, 3]
    assert curve(tmp_path / "run" / EVENTS / "0", "loss/train") == [1, 2, 3]
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
