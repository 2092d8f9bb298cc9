"""Tables of options: what is typed and what a recipe gets."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import typer

from taxolens.cli.main import COMMANDS
from taxolens.cli.network_options import NETWORK, check_no_network, check_teacher, for_network
from taxolens.cli.option_table import Option, under, with_options
from taxolens.cli.source_options import DATA, SOURCE
from taxolens.cli.split_options import SPLIT
from taxolens.core.errors import UsageError
from taxolens.recipes.parse import parse_recipe


def given_by(options: tuple[Option, ...], *typed: str) -> dict[str, Any]:
    """What a command with these options gets."""
    got: list[dict[str, Any]] = []

    @with_options(*options)
    def command(given: dict[str, Any], loud: bool = False) -> None:
        got.append({**given, "loud": loud})

    app = typer.Typer()
    app.command()(command)
    typer.main.get_command(app).main(list(typed), standalone_mode=False)
    return got[0]


def test_only_what_was_typed_is_given() -> None:
    options = (DATA, *under("source", SOURCE), *under("split", SPLIT))
    assert given_by(options, "photos") == {"source.data": Path("photos"), "loud": False}


def test_one_option_may_fill_several_fields() -> None:
    given = given_by((DATA, *under("split", SPLIT)), "photos", "--split", "80/20", "--seed", "3", "--loud")
    assert given.pop("loud") is True
    assert given == {
        "source.data": Path("photos"),
        "split.train": 80,
        "split.val": 0,
        "split.test": 20,
        "split.seed": 3,
    }


@pytest.mark.parametrize(
    ("typed", "gap"),
    [((), None), (("exif",), None), (("filename",), 1.0), (("filename", "--gap", "0"), 0.0)],
)
def test_numbers_in_file_names_are_counted_in_steps(typed: tuple[str, ...], gap: float | None) -> None:
    given = given_by(SOURCE, *(("--sequence-by", *typed) if typed else ()))
    assert given.get("gap") == gap


def test_a_flag_gives_what_its_table_says() -> None:
    options = (Option("--no-map", "map", "", bool, gives=False), Option("--cut -c", "cut", "", bool))
    assert given_by(options, "-c") == {"cut": True, "loud": False}
    assert given_by(options, "--no-map") == {"map": False, "loud": False}


def test_lists_are_given_in_their_order_and_empty_ones_not_at_all() -> None:
    steps = (Option("--step", "steps", "", list[str]),)
    assert given_by(steps, "--step", "b", "--step", "a")["steps"] == ["b", "a"]
    assert "steps" not in given_by(steps)


def test_networks_take_what_is_said_of_the_backbone() -> None:
    given = {"backbone.name": "a", "backbone.embedding": "t", "fit": "crop"}
    assert for_network(given) == {"network.name": "a", "backbone.embedding": "t", "fit": "crop"}


RECIPES = {
    "train": ("train", "TrainRecipe"),
    "tune": ("train", "TrainRecipe"),
    "evaluate": ("evaluate", "EvaluateRecipe"),
    "compare": ("compare", "CompareRecipe"),
    "identify": ("identify", "IdentifyRecipe"),
    "inspect": ("inspect", "InspectRecipe"),
    "prepare": ("prepare", "PrepareRecipe"),
    "convert": ("convert", "ConvertRecipe"),
}


WORK = {
    "prepare": "_run",
    "compare": "compare_any",
    "convert": "converts_set",
    "evaluate": "evaluate_any",
    "train": "train_any",
}
"""What a command calls, where it is not called as the command is."""


@pytest.mark.parametrize("name", RECIPES)
def test_every_option_fills_a_field_that_its_recipe_has(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = importlib.import_module(COMMANDS[name].module)
    asked: list[dict[str, Any]] = []

    def seen(kind: type[Any], options: dict[str, Any], file: Path | None = None) -> Any:
        asked.append(dict(options))
        return parse_recipe(kind, options, file)

    class Enough(Exception):
        pass

    def stop(*args: Any, **kwargs: Any) -> None:
        raise Enough

    monkeypatch.setattr(module, "parse_recipe", seen)
    monkeypatch.setattr(module, WORK.get(name, name), stop)
    command: Any = typer.main.get_command(module.app)
    typed = [str(tmp_path / "data")] * (3 if name == "compare" else 2 if name == "evaluate" else 1)
    left_out = (*NO_FIELDS, *APART.get(name, ()))
    options = [one for one in command.params if one.param_type_name == "option" and one.name not in left_out]
    for option in options:
        typed += [
            option.opts[0],
            *(
                []
                if option.is_flag
                else [VALUES.get(option.name) or BY_METAVAR.get(option.metavar, option.name)]
            ),
        ]
    with pytest.raises(Enough):
        command.main(typed, standalone_mode=False)
    given = set().union(*(fields.keys() for fields in asked))
    assert len(given) >= len(options)


NO_FIELDS = ("help", "list_steps", "recipe", "quiet", "sheet", "measures", "mosaic", "frozen")
"""The last two are refused where no detector is trained; see `test_detector_options`."""
APART = {"prepare": ("tile", "tile_overlap", "tile_visible")}
"""What does not go together with other options of the same command."""
VALUES = {
    "out": "out.csv",
    "to": "csv",
    "split": "60/20/20",
    "by": "site",
    "site_by": "folder",
    "unlabelled": "empty",
    "sequence_by": "exif",
    "method": "finetune",
    "backbone": "small_cnn",
    "backbone_arg": "a=b",
    "mean": "0.5,0.5,0.5",
    "std": "0.5,0.5,0.5",
    "fit": "crop",
    "views": "flip",
    "class_weight": "balanced",
    "optimizer": "sgd",
    "schedule": "linear",
    "loss": "focal",
    "norms": "keep",
    "sampling": "balanced",
    "augment": "light",
    "numbers": "fp32",
    "device": "cpu",
    "unfreeze": "2",
    "map": "tsne",
    "list": "a.csv",
    "report": "a.html",
    "files": "copy",
    "balance": "max",
    "step": "clahe",
    "shard": "1/2",
    "folds": "3",
    "json": "a.json",
    "quality": "90",
    "size": "64",
    "sample": "64",
    "every": "2",
    "engine": "openvino",
    "tile": "256",
    "tile_overlap": "0.3",
    "tile_visible": "0.3",
}
BY_METAVAR = {
    **dict.fromkeys(("N", "K", "PIXELS", "MINUTES", "POINTS"), "2"),
    **dict.fromkeys(("0..1", "A", "R", "S", "T", "W"), "0.5"),
}


def test_what_only_a_network_heeds_is_refused_for_a_head() -> None:
    check_no_network(given_by((DATA, *NETWORK, *under("split", SPLIT)), "photos", "--seed", "1"))
    with pytest.raises(UsageError, match="--epochs is for networks"):
        check_no_network(given_by((DATA, *NETWORK), "photos", "--epochs", "3"))


def test_who_says_how_a_teacher_teaches_has_to_name_one() -> None:
    with pytest.raises(UsageError, match=r"--distill-photos says how.*--distill-from MODEL"):
        check_teacher({"network.distill.photos": Path("card"), "network.epochs": 3})
    check_teacher({"network.distill.photos": Path("card"), "network.distill.teacher": Path("run")})
    check_teacher({"network.epochs": 3})
