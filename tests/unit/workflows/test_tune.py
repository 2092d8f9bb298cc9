"""Searches of settings: what they leave, what they never see, how they go on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("optuna")

from taxolens.compose.trainers import load_backbone_maker, load_searcher, load_trainer  # noqa: E402
from taxolens.core.errors import TrainingFailed, UsageError  # noqa: E402
from taxolens.core.search import Study, Trial, TrialState  # noqa: E402
from taxolens.core.trainer import Epoch, Pixels, TrainingRequest  # noqa: E402
from taxolens.recipes.network import NetworkRecipe, Precision  # noqa: E402
from taxolens.recipes.parse import parse_recipe  # noqa: E402
from taxolens.recipes.source import SourceRecipe  # noqa: E402
from taxolens.recipes.split import SplitRecipe  # noqa: E402
from taxolens.recipes.train import TrainRecipe  # noqa: E402
from taxolens.recipes.tune import TuneRecipe  # noqa: E402
from taxolens.training.trainer import NetworkTrainer  # noqa: E402
from taxolens.workflows.train import train  # noqa: E402
from taxolens.workflows.tune import TuneSummary, tune  # noqa: E402

SMALL = NetworkRecipe(
    "small_cnn",
    size=16,
    epochs=3,
    batch=16,
    augment="none",
    precision=Precision.FP32,
    arguments=MappingProxyType({"filters": "8,8", "dense": "16"}),
)
LEFT = {"model.onnx", "report.html", "tuning.html", "trials.csv", "best.toml", "study.db"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Noted:
    """Pixels that note which rows are asked for."""

    def __init__(self, pixels: Pixels, rows: set[int]) -> None:
        self._pixels, self._rows = pixels, rows

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        self._rows.add(int(row))
        return self._pixels[row]


class Watched(NetworkTrainer):
    """A trainer that notes what it is shown."""

    def __init__(self) -> None:
        super().__init__(pretrained=False)
        self.rows: set[int] = set()
        self.learnt: list[int] = []
        self.halt_after = 10**9

    def rehearse(
        self, request: TrainingRequest[NetworkRecipe], *, progress: Any, say: Any
    ) -> tuple[Epoch, ...]:
        told = request.on_epoch

        def on_epoch(number: int, epoch: Epoch) -> bool:
            self.learnt.append(number)
            if len(self.learnt) == self.halt_after:
                raise KeyboardInterrupt
            return told(number, epoch)

        asked = replace(request, on_epoch=on_epoch, pixels=Noted(request.pixels, self.rows))
        return super().rehearse(asked, progress=progress, say=say)


def asked(data: Path, out: Path, network: NetworkRecipe = SMALL, **fields: Any) -> TuneRecipe:
    train_fields = {name: fields.pop(name) for name in ("overwrite", "restart", "split") if name in fields}
    recipe = TrainRecipe(
        SourceRecipe(data), out, method="scratch", network=network, saliency=False, **train_fields
    )
    return TuneRecipe(recipe, **fields)


def searched(recipe: TuneRecipe, home: Path, teacher: NetworkTrainer | None = None) -> TuneSummary:
    return tune(
        recipe, home=home, trainer=(lambda name: teacher) if teacher else load_trainer, searcher=load_searcher
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def found(class_folders: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> TuneSummary:
    """A search of four trials; not to be changed."""
    folder = tmp_path_factory.mktemp("search")
    return searched(asked(class_folders, folder / "run", trials=4, json=folder / "figures.json"), home)


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_search_leaves_a_run_with_its_page_its_table_and_the_best_recipe(found: TuneSummary) -> None:
    assert found.run is not None
    assert {path.name for path in found.run.iterdir()} >= LEFT
    rows = rows_of(found.run)
    assert [row["trial"] for row in rows] == ["0", "1", "2", "3"]
    complete = [float(row["val_accuracy"]) for row in rows if row["state"] == "complete"]
    assert rows[0]["state"] == "complete", "the default is never stopped early"
    best = found.found.best
    assert best is not None and best.outcome.figure == pytest.approx(max(complete), abs=1e-5)
    assert not list(found.run.parent.glob(".run*")), "nothing is left beside the run"
    figures = json.loads((found.run.parent / "figures.json").read_text(encoding="utf-8"))
    assert figures["best"] == best.number and len(figures["trials"]) == 4 and figures["test"]["n"] > 0


def test_trial_0_is_what_would_be_trained_without_a_search(found: TuneSummary) -> None:
    values = rows_of(found.run or Path())[0]
    assert (values["batch"], values["augment"], values["filters_1"], values["dense"]) == (
        "16",
        "none",
        "8",
        "16",
    )
    assert float(values["rate"]) == 2e-3


def test_the_run_is_the_network_of_the_best_trial(
    found: TuneSummary, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    """And the recipe that is left trains the very same one."""
    run, best = found.run or Path(), found.found.best
    assert best is not None
    with (run / "history.csv").open(encoding="utf-8", newline="") as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert min(losses) == pytest.approx(best.outcome.loss, rel=1e-4)
    given = {"source.data": class_folders, "out": tmp_path / "again", "saliency": False}
    again = parse_recipe(TrainRecipe, given, run / "best.toml")
    train(again, home=home, maker=load_backbone_maker, trainer=load_trainer)
    predictions = [(one / "test_predictions.csv").read_text() for one in (run, tmp_path / "again")]
    assert predictions[0] == predictions[1]


def test_the_page_shows_every_trial_and_says_that_choosing_flatters(found: TuneSummary) -> None:
    page = ((found.run or Path()) / "tuning.html").read_text(encoding="utf-8")
    assert "too good" in page and "filters_1" in page and "best.toml" in page
    assert page.count("Trial 3") >= 2
    assert "took no part in the search" in ((found.run or Path()) / "report.html").read_text(encoding="utf-8")


def test_a_search_never_looks_at_photos_that_are_held_back(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    teacher = Watched()
    searched(asked(class_folders, tmp_path / "run", trials=2), home, teacher)
    with (tmp_path / "run" / "split.csv").open(encoding="utf-8", newline="") as file:
        parts = [row["split"] if "split" in row else row["part"] for row in csv.DictReader(file)]
    assert {parts[row] for row in teacher.rows} == {"train", "val"}


def test_an_interrupted_search_goes_on_and_learns_no_epoch_twice(
    class_folders: Path, home: Path, tmp_path: Path, found: TuneSummary
) -> None:
    teacher = Watched()
    teacher.halt_after = 5
    with pytest.raises(KeyboardInterrupt):
        searched(asked(class_folders, tmp_path / "run", trials=4), home, teacher)
    assert not (tmp_path / "run").exists()
    teacher.halt_after = 10**9
    gone_on = searched(asked(class_folders, tmp_path / "run", trials=4), home, teacher)
    values = [one.values for one in gone_on.found.trials]
    assert values == [one.values for one in found.found.trials]
    assert len(teacher.learnt) == sum(one.outcome.epochs for one in gone_on.found.trials)


def test_a_trial_that_another_process_begins_at_any_moment_keeps_its_checkpoint(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    """The other process begins trial 7 just after the trials have been read."""
    begun = tmp_path / ".run.taxolens-tuning" / "trials" / "7"

    class Beside:
        def __init__(self, study: Study) -> None:
            self._study, self._tried = study, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._study, name)

        def attempt(self, most: int, work: Any) -> bool:
            made = self._study.attempt(most, work)
            self._tried = True
            return made

        def trials(self) -> tuple[Trial, ...]:
            known = self._study.trials()
            if self._tried:
                begun.mkdir(parents=True, exist_ok=True)
            return known

        def running(self) -> int:
            assert begun.is_dir(), "its checkpoint is gone"
            return self._study.running()

    search = load_searcher()
    recipe = asked(class_folders, tmp_path / "run", trials=1)
    tune(recipe, home=home, trainer=load_trainer, searcher=lambda: lambda *plan: Beside(search(*plan)))


def test_a_time_budget_ends_a_trial_after_its_epoch(class_folders: Path, home: Path, tmp_path: Path) -> None:
    teacher = Watched()
    short = searched(asked(class_folders, tmp_path / "run", trials=9, minutes=1e-6), home, teacher)
    assert teacher.learnt == [1]
    assert [one.outcome.state for one in short.found.trials] == [TrialState.UNFINISHED]
    assert short.run is not None and short.result is not None, "the default is trained all the same"
    more = searched(asked(class_folders, tmp_path / "run", trials=2, overwrite=True), home, teacher)
    assert [one.outcome.state for one in more.found.trials][:1] == [TrialState.COMPLETE]
    assert len(more.found.trials) == 2


def test_more_trials_go_on_from_the_search_in_the_run(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    teacher = Watched()
    first = searched(asked(class_folders, tmp_path / "run", trials=2), home, teacher)
    with pytest.raises(UsageError, match="--overwrite"):
        searched(asked(class_folders, tmp_path / "run", trials=3), home, teacher)
    before = len(teacher.learnt)
    more = searched(asked(class_folders, tmp_path / "run", trials=3, overwrite=True), home, teacher)
    assert more.found.trials[:2] == first.found.trials
    assert len(teacher.learnt) - before == more.found.trials[2].outcome.epochs
    with pytest.raises(UsageError, match="other settings"):
        other = replace(SMALL, epochs=4)
        searched(asked(class_folders, tmp_path / "run", other, trials=3, overwrite=True), home, teacher)
    anew = searched(
        asked(class_folders, tmp_path / "run", trials=1, overwrite=True, restart=True), home, teacher
    )
    assert len(anew.found.trials) == 1


def test_a_search_of_other_photos_or_ranges_in_the_same_place_is_refused(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    teacher = Watched()
    teacher.halt_after = 1
    with pytest.raises(KeyboardInterrupt):
        searched(asked(class_folders, tmp_path / "run", trials=2), home, teacher)
    space = tmp_path / "space.toml"
    space.write_text("dense = [16, 24]\n", encoding="utf-8")
    with pytest.raises(UsageError, match="other ranges"):
        searched(asked(class_folders, tmp_path / "run", trials=2, space=space), home)
    with pytest.raises(UsageError, match="another split"):
        searched(asked(class_folders, tmp_path / "run", trials=2, split=SplitRecipe(seed=5)), home)


class Failing(NetworkTrainer):
    """A trainer to which some batches are too large."""

    def __init__(self, most: int) -> None:
        super().__init__(pretrained=False)
        self._most = most

    def rehearse(
        self, request: TrainingRequest[NetworkRecipe], *, progress: Any, say: Any
    ) -> tuple[Epoch, ...]:
        if request.settings.batch > self._most:
            raise TrainingFailed("There is not enough memory for {batch}.", batch=request.settings.batch)
        return super().rehearse(request, progress=progress, say=say)


def test_a_trial_that_fails_is_told_and_the_search_goes_on(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    space = tmp_path / "space.toml"
    space.write_text("only = true\nbatch = [16, 32]\n", encoding="utf-8")
    recipe = asked(class_folders, tmp_path / "run", trials=6, space=space, prune=False)
    outcome = searched(recipe, home, Failing(16))
    states = {one.values["batch"]: one.outcome.state for one in outcome.found.trials}
    assert states == {16: TrialState.COMPLETE, 32: TrialState.FAILED}
    assert "There is not enough memory for 32." in {row["why"] for row in rows_of(tmp_path / "run")}
    assert outcome.found.best is not None and outcome.found.best.values["batch"] == 16


def test_where_nothing_comes_to_an_end_the_reason_is_told(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingFailed, match="not enough memory for"):
        searched(asked(class_folders, tmp_path / "run", trials=2), home, Failing(0))
    assert not (tmp_path / "run").exists()


def test_the_same_values_are_learnt_once(class_folders: Path, home: Path, tmp_path: Path) -> None:
    space = tmp_path / "space.toml"
    space.write_text("only = true\ndense = [16, 24]\n", encoding="utf-8")
    teacher = Watched()
    outcome = searched(
        asked(class_folders, tmp_path / "run", trials=5, space=space, prune=False), home, teacher
    )
    assert len(outcome.found.trials) == 5
    assert len(teacher.learnt) == SMALL.epochs * len({one.values["dense"] for one in outcome.found.trials})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("augment = ['none', 'lihgt']", "lihgt"),
        ("dense = [16, 9999]", "from 1 to 4096"),
        ("dens = 4", "dense"),
    ],
)
def test_ranges_that_no_network_can_have_are_refused_before_a_photo_is_read(
    home: Path, tmp_path: Path, text: str, told: str
) -> None:
    space = tmp_path / "space.toml"
    space.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        searched(asked(tmp_path / "no photos", tmp_path / "run", space=space), home)


def test_without_validation_photos_there_is_nothing_to_choose_by(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    split = SplitRecipe(train=80, val=0, test=20)
    with pytest.raises(UsageError, match="no validation photos"):
        searched(asked(class_folders, tmp_path / "run", split=split), home)
