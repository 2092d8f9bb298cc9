from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.search import Choice, Real, Whole
from taxolens.recipes.network import NetworkRecipe, Optimizer
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.space import applied, extremes_of, ranges_of
from taxolens.recipes.train import TrainRecipe
from taxolens.recipes.tune import TuneRecipe

SMALL = NetworkRecipe(
    "small_cnn",
    rate=2e-3,
    weight_decay=0.02,
    dropout=0.5,
    arguments=MappingProxyType({"filters": "32,64", "dense": "128"}),
)
TIMM = NetworkRecipe("timm:resnet18", rate=5e-4, weight_decay=0.02)


def space_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "space.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("network", "method"), [(SMALL, "scratch"), (TIMM, "finetune")])
def test_trial_0_is_what_would_be_trained_without_a_search(network: NetworkRecipe, method: str) -> None:
    ranges = ranges_of(network, method)
    assert applied(ranges.base, ranges.first) == network
    assert ranges.first.keys() == ranges.space.keys()


def test_every_way_has_its_own_ranges() -> None:
    scratch, finetune = ranges_of(SMALL, "scratch").space, ranges_of(TIMM, "finetune").space
    assert {"filters_1", "filters_2", "dense", "dropout", "optimizer", "augment"} <= scratch.keys()
    assert {"head_rate", "unfreeze", "layer_decay", "mixup"} <= finetune.keys()
    assert not {"filters_1", "dropout"} & finetune.keys()
    assert scratch["filters_2"] == Whole(32, 128, 32)


def test_usual_ranges_reach_to_what_the_user_gave() -> None:
    given = applied(SMALL, {"rate": 0.5, "batch": 24})
    ranges = ranges_of(given, "scratch")
    assert ranges.space["rate"] == Real(2e-4, 0.5, log=True)
    assert ranges.space["batch"] == Choice((16, 32, 64, 128, 24))
    assert applied(ranges.base, ranges.first) == given


def test_a_file_narrows_fixes_and_adds(tmp_path: Path) -> None:
    file = space_file(
        tmp_path,
        'rate = { low = 1e-4, high = 1e-3, log = true }\noptimizer = "sgd"\n'
        "momentum = { low = 0.5, high = 0.99 }\nfilters_1 = [8, 16]\n",
    )
    ranges = ranges_of(SMALL, "scratch", file)
    assert ranges.space["rate"] == Real(1e-4, 1e-3, log=True)
    assert ranges.first["rate"] == 1e-3, "trial 0 comes as near as the file lets it"
    assert "optimizer" not in ranges.space and ranges.base.optimizer is Optimizer.SGD
    assert ranges.space["momentum"] == Real(0.5, 0.99)
    assert ranges.first["filters_1"] == 8
    assert "dense" in ranges.space


def test_only_leaves_out_what_the_file_does_not_name(tmp_path: Path) -> None:
    ranges = ranges_of(SMALL, "scratch", space_file(tmp_path, "only = true\ndense = [64, 128]\n"))
    assert set(ranges.space) == {"dense"}
    assert [one.arguments["dense"] for one in extremes_of(ranges)] == ["64", "128"]


def test_weights_that_have_learnt_something_keep_their_widths(tmp_path: Path) -> None:
    assert not {"filters_1", "dense"} & ranges_of(SMALL, "finetune").space.keys()
    with pytest.raises(UsageError, match="nothing to search called dense"):
        ranges_of(SMALL, "finetune", space_file(tmp_path, "dense = [16, 32]\n"))


def test_widths_go_into_the_arguments_of_the_network() -> None:
    found = applied(SMALL, {"filters_2": 96, "dense": 256})
    assert dict(found.arguments) == {"filters": "32,96", "dense": "256"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rat = [1, 2]", "Choose rate"),
        ("filters_3 = [1, 2]", "Choose filters_"),
        ("epochs = [1, 2]", "same in all trials"),
        ('optimizer = ["sdg", "adam"]', "optimizer"),
        ("rate = { low = 2, high = 1 }", "range of rate"),
        ("rate = { low = 0, high = 1, log = true }", "above 0"),
        ("batch = { low = 1.5, high = 3 }", "range of batch"),
        ("rate = { lo = 1, high = 2 }", "range of rate"),
        ("dropout = { low = 0.1, high = 2.0 }", "dropout lies from"),
        ("rate = []", "a list of values"),
        ("only = true", "nothing to search"),
        ("rate = ", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        ranges_of(SMALL, "scratch", space_file(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        ranges_of(SMALL, "scratch", tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("method", "trials", "minutes", "told"),
    [
        ("head", 5, None, "A head finds"),
        ("scratch", 0, None, "one trial at least"),
        ("scratch", 5, 0.0, "above 0"),
        ("scratch", 5, float("nan"), "above 0"),
    ],
)
def test_a_search_that_cannot_be_meant_is_refused(
    method: str, trials: int, minutes: float | None, told: str
) -> None:
    train = TrainRecipe(SourceRecipe(Path("photos")), Path("run"), method=method)
    with pytest.raises(UsageError, match=told):
        TuneRecipe(train, trials=trials, minutes=minutes)
