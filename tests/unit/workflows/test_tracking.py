"""What trackers are told of a training, and that none of them can end it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.texts import plain
from taxolens.core.tracking import Ending, TrackedRun, Tracker, TrackerOpener
from taxolens.core.trainer import Epoch, Examples
from taxolens.languages.translate import translator
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.tracking import Trackers, run_of
from tests.unit.tracking.course import EPOCHS, FIGURES, no_photos, tracked


class Told:
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def track(self, items: object, *, what: str, total: int | None = None) -> object:
        raise AssertionError("nothing is counted here")

    def note(self, text: str) -> None:
        self.notes.append(text)


class Memory:
    """A tracker that remembers; it fails in the method of a name."""

    where = "in mind"

    def __init__(self, run: TrackedRun, fails: str = "") -> None:
        self.run, self.fails = run, fails
        self.calls: list[str] = []
        self.epochs: Sequence[Epoch] = ()
        self._do("open")

    def _do(self, what: str) -> None:
        self.calls.append(what)
        if what == self.fails:
            raise OSError(f"no {what} today\nand much more that nobody reads")

    def learnt(self, epochs: Sequence[Epoch], examples: Examples) -> None:
        self.epochs = epochs
        self._do("learnt")

    def judged(self, figures: Mapping[str, float], folder: Path) -> None:
        self._do("judged")

    def close(self, ending: Ending) -> None:
        self._do(ending.value)


class Shelf:
    """Gives trackers and keeps them."""

    def __init__(self, fails: Mapping[str, str] | None = None) -> None:
        self._fails, self.made = fails or {}, dict[str, Memory]()

    def __call__(self, name: str) -> TrackerOpener:
        def opened(run: TrackedRun) -> Tracker:
            made = Memory(run, self._fails.get(name, ""))
            self.made[name] = made
            return made

        return opened


def test_a_tracker_hears_everything_in_order_and_the_table_is_kept_beside_it(tmp_path: Path) -> None:
    shelf, progress, run = Shelf(), Told(), tracked(tmp_path)
    with Trackers(("memory",), shelf).track(run, progress, plain) as tracking:
        tracking.learnt(EPOCHS[:1], no_photos)
        tracking.learnt(EPOCHS, no_photos)
        tracking.judged(FIGURES, tmp_path)
    assert shelf.made["memory"].calls == ["open", "learnt", "learnt", "judged", "done"]
    with (run.place / "history.csv").open(encoding="utf-8", newline="") as file:
        assert [row["number"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert progress.notes == ["Tracked with memory: in mind"]


@pytest.mark.parametrize("where", ["open", "learnt", "judged", "done"])
def test_a_tracker_that_fails_is_told_once_and_the_others_go_on(where: str, tmp_path: Path) -> None:
    shelf, progress = Shelf({"weak": where}), Told()
    with Trackers(("weak", "strong"), shelf).track(tracked(tmp_path), progress, plain) as tracking:
        for _ in range(2):
            tracking.learnt(EPOCHS, no_photos)
        tracking.judged(FIGURES, tmp_path)
    assert shelf.made["strong"].calls == ["open", "learnt", "learnt", "judged", "done"]
    said = f"weak cannot be written: no {where} today. The training goes on without it."
    assert progress.notes.count(said) == 1
    assert not any("much more" in note for note in progress.notes)


def test_a_failing_tracker_is_told_in_french(tmp_path: Path) -> None:
    progress = Told()
    trackers = Trackers(("weak",), Shelf({"weak": "learnt"}))
    with trackers.track(tracked(tmp_path), progress, translator("fr")) as tracking:
        tracking.learnt(EPOCHS, no_photos)
    assert progress.notes[0] == "Suivi avec weak\u00a0: in mind"
    assert progress.notes[1].endswith("L’apprentissage continue sans lui.")


@pytest.mark.parametrize(("error", "ending"), [(KeyboardInterrupt, "stopped"), (ValueError, "failed")])
def test_how_a_training_ended_is_told(error: type[BaseException], ending: str, tmp_path: Path) -> None:
    shelf = Shelf()
    with pytest.raises(error), Trackers(("memory",), shelf).track(tracked(tmp_path), Told(), plain) as one:
        one.learnt(EPOCHS, no_photos)
        raise error
    assert shelf.made["memory"].calls[-1] == ending


def test_a_training_that_is_refused_leaves_no_trace(tmp_path: Path) -> None:
    shelf, run = Shelf(), tracked(tmp_path)
    with pytest.raises(UsageError), Trackers(("memory",), shelf).track(run, Told(), plain):
        raise UsageError("There are no photos.")
    assert not shelf.made and not list(run.place.iterdir())


def test_a_tracker_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no tracker wandb"):
        Trackers(("wandb",), None)


def test_settings_are_told_flat_and_without_those_of_other_methods(tmp_path: Path) -> None:
    recipe = TrainRecipe(SourceRecipe(tmp_path / "forêt"), tmp_path / "run", method="scratch")
    recipe = replace(recipe, network=NetworkRecipe("small_cnn", rate=0.5))
    run = run_of(recipe, tmp_path, tmp_path)
    assert (run.name, run.group) == ("run", "forêt")
    assert run.settings["network.rate"] == "0.5" and run.settings["split.by"] == "auto"
    assert not any(name.startswith("backbone") for name in run.settings)


def test_trials_of_a_search_are_nested_and_share_what_failed(tmp_path: Path) -> None:
    shelf, progress, run = Shelf({"weak": "learnt"}), Told(), tracked(tmp_path)
    with Trackers(("weak", "strong"), shelf).track(run, progress, plain) as search:
        for number in (0, 1):
            with search.part(number, {"rate": 0.01}) as trial:
                trial.learnt(EPOCHS, no_photos)
                trial.ending = Ending.STOPPED
    last = shelf.made["strong"]
    assert (last.run.parent, last.run.place) == (run.place, run.place / "1")
    assert last.run.settings == {"rate": "0.01"} and last.calls == ["open", "learnt", "stopped"]
    assert sum("weak cannot be written" in note for note in progress.notes) == 1
    assert not (run.place / "1" / "history.csv").exists()
