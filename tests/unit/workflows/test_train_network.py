"""Networks trained from labelled photos: what a run leaves, what is refused, how a training goes on."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from taxolens.compose.trainers import TRAINERS, load_backbone_maker, load_trainer  # noqa: E402
from taxolens.core.errors import DataError, ModelError, UsageError  # noqa: E402
from taxolens.core.progress import Silent  # noqa: E402
from taxolens.core.texts import plain  # noqa: E402
from taxolens.core.trainer import AnyTrainer  # noqa: E402
from taxolens.formats.weights import read_weights_card  # noqa: E402
from taxolens.recipes.evaluate import EvaluateRecipe  # noqa: E402
from taxolens.recipes.network import DistillRecipe, NetworkRecipe, Precision  # noqa: E402
from taxolens.recipes.parse import parse_recipe  # noqa: E402
from taxolens.recipes.source import SourceRecipe  # noqa: E402
from taxolens.recipes.split import SplitRecipe  # noqa: E402
from taxolens.recipes.train import BackboneRecipe, TrainRecipe  # noqa: E402
from taxolens.training import trainer as room  # noqa: E402
from taxolens.workflows.backbones import add_backbone, remove_backbone  # noqa: E402
from taxolens.workflows.evaluate import evaluate  # noqa: E402
from taxolens.workflows.networks import resolve_network  # noqa: E402
from taxolens.workflows.run_record import learnt_from, read_run  # noqa: E402
from taxolens.workflows.train import train  # noqa: E402
from taxolens.workflows.trained import TrainSummary  # noqa: E402
from tests.conftest import write_class_folders  # noqa: E402

LEFT = {
    "model.onnx",
    "weights.safetensors",
    "report.html",
    "metrics.json",
    "history.csv",
    "split.csv",
    "test_predictions.csv",
    "recipe.json",
}
SMALL = NetworkRecipe(
    "small_cnn", size=24, epochs=3, batch=16, augment="light", precision=Precision.FP32, head_epochs=2
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def asked(data: Path, out: Path, network: NetworkRecipe = SMALL, **fields: Any) -> TrainRecipe:
    return TrainRecipe(SourceRecipe(data), out, method="scratch", network=network, **fields)


def trained(recipe: TrainRecipe, home: Path) -> TrainSummary:
    return train(recipe, home=home, maker=load_backbone_maker, trainer=load_trainer)


@pytest.fixture(scope="module")
def run(class_folders: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a network from scratch; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "scratch"
    trained(asked(class_folders, out), home)
    return out


@pytest.fixture(scope="module")
def further(run: Path, class_folders: Path, home: Path) -> Path:
    """A run that went on from `run`."""
    out = run.with_name("finetune")
    recipe = asked(class_folders, out, NetworkRecipe(weights=run / "weights.safetensors", epochs=2))
    trained(replace(recipe, method="finetune"), home)
    return out


def epochs_of(run: Path) -> list[list[str]]:
    """The history without the seconds."""
    return [line.split(",")[:-1] for line in (run / "history.csv").read_text().splitlines()]


@pytest.mark.parametrize("which", ["run", "further"])
def test_both_methods_leave_a_whole_run(which: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(which)
    assert {path.name for path in folder.iterdir()} == LEFT
    assert not list(folder.parent.glob(".*"))
    record = read_run(folder)
    assert record.method == ("scratch" if which == "run" else "finetune")
    assert record.card.labels == ("across", "down", "slanted")
    head, *rows = epochs_of(folder)
    assert head[:3] == ["phase", "number", "rate"]
    assert [row[1] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]


def test_an_evaluation_of_the_model_gives_the_figures_of_the_run(
    run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    rows = [line.split(",") for line in (run / "split.csv").read_text().splitlines()]
    name, part = rows[0].index("file"), rows[0].index("split")
    held = [row[name] for row in rows[1:] if row[part] == "test"]
    for file in held:
        target = tmp_path / "held" / Path(file).parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(class_folders / file, target)
    recipe = EvaluateRecipe(model=run / "model.onnx", source=SourceRecipe(tmp_path / "held"))
    found = evaluate(recipe, home=home).result
    figures = json.loads((run / "metrics.json").read_text())
    assert found.n == figures["n"] == len(held)
    assert found.accuracy.value == pytest.approx(figures["accuracy"])
    assert found.macro_f1.value == pytest.approx(figures["macro_f1"])
    assert found.loss == pytest.approx(figures["loss"], rel=1e-3)


def test_the_report_shows_curves_examples_and_what_answers_hang_on(further: Path) -> None:
    page = (further / "report.html").read_text()
    for words in (
        "How it learnt",
        "Learning rate, in thousandths",
        "Training photos as the network saw them",
        "What its answers hang on",
        "Multiplications for a photo",
    ):
        assert words in page
    assert page.count("<svg") >= 4


def test_what_answers_hang_on_can_be_left_out(run: Path, class_folders: Path, home: Path) -> None:
    out = run.with_name("plain")
    trained(asked(class_folders, out, replace(SMALL, epochs=1), saliency=False), home)
    assert "What its answers hang on" not in (out / "report.html").read_text()


def test_a_broken_photo_is_told_and_the_others_are_learnt(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(class_folders, tmp_path / "photos")
    (data / "down" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    summary = trained(asked(data, tmp_path / "run", replace(SMALL, epochs=1)), home)
    assert [failure.name for failure in summary.failures] == ["down/broken.jpg"]
    assert "down/broken.jpg" in (tmp_path / "run" / "report.html").read_text()


def test_the_recipe_of_a_run_trains_the_same_network_again(run: Path, home: Path, tmp_path: Path) -> None:
    again = parse_recipe(TrainRecipe, {"out": tmp_path / "again"}, run / "recipe.json")
    trained(again, home)
    assert epochs_of(tmp_path / "again") == epochs_of(run)


def test_a_model_file_teaches_a_network(run: Path, class_folders: Path, home: Path, tmp_path: Path) -> None:
    network = replace(SMALL, distill=DistillRecipe(run / "model.onnx"), epochs=1)
    trained(asked(class_folders, tmp_path / "pupil", network), home)
    assert epochs_of(tmp_path / "pupil")[1] != epochs_of(run)[1]


@pytest.fixture(scope="module")
def archive(class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos without names: ten new ones, one of them twice, one that is a named one, one that is none."""
    folder = tmp_path_factory.mktemp("archive")
    others = write_class_folders(folder / "others", per_class=4, seed=7)
    new = sorted(others.rglob("*.jpg"))[:10]
    for number, photo in enumerate([*new, new[0], class_folders / "down" / "down_003.jpg"]):
        shutil.copy(photo, folder / f"IMG {number:02d}.jpg")
    shutil.rmtree(others)
    (folder / "IMG 99.jpg").write_bytes(b"\xff\xd8\xff nothing")
    return folder


def with_archive(run: Path, photos: Path, **fields: Any) -> NetworkRecipe:
    return replace(SMALL, epochs=2, distill=DistillRecipe(run / "model.onnx", photos=photos, **fields))


def test_photos_that_nobody_named_are_learnt_from_by_what_the_teacher_says(
    run: Path, class_folders: Path, archive: Path, home: Path, tmp_path: Path
) -> None:
    recipe = asked(class_folders, tmp_path / "pupil", with_archive(run, archive), saliency=False)
    summary = trained(recipe, home)
    told = " ".join(summary.notes)
    assert "2 of the further photos are among the named" in told and "IMG 99.jpg" in told
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    document = json.loads((tmp_path / "pupil" / "metrics.json").read_text())
    assert document["split"]["train"] + document["split"]["val"] + document["split"]["test"] == 72
    assert (
        f"From {document['further_photos']} further photos" in told and 5 <= document["further_photos"] <= 10
    )
    card = (tmp_path / "pupil" / "model.onnx").read_bytes()
    assert archive.name.encode() in card and str(archive).encode() not in card
    without = replace(recipe, out=tmp_path / "without", network=replace(recipe.network, distill=None))
    trained(without, home)
    assert epochs_of(tmp_path / "pupil") != epochs_of(tmp_path / "without")


def test_further_photos_that_show_what_is_held_back_are_left_out(
    run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    anew = tmp_path / "anew"
    for photo in class_folders.rglob("*.jpg"):
        (anew / photo.parent.name).mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as image:
            image.save((anew / photo.parent.name / photo.name).with_suffix(".png"))
    recipe = asked(class_folders, tmp_path / "pupil", with_archive(run, anew), saliency=False)
    told = " ".join(trained(recipe, home).notes)
    learnt = {Path(row["file"]).stem for row in rows_of(tmp_path / "pupil" / "further.csv")}
    held = {
        Path(row["file"]).stem for row in rows_of(tmp_path / "pupil" / "split.csv") if row["split"] != "train"
    }
    assert learnt and held and not learnt & held and "look nearly like one that is held back" in told


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text().splitlines()))


def test_further_photos_are_all_that_lie_there_whatever_says_something_of_some(
    run: Path, class_folders: Path, archive: Path, home: Path, tmp_path: Path
) -> None:
    photos = shutil.copytree(archive, tmp_path / "archive")
    (photos / "100MEDIA").mkdir()
    (photos / "IMG 04.jpg").rename(photos / "100MEDIA" / "IMG 04.jpg")
    (photos / "labels.csv").write_text("file,label\nIMG 01.jpg,down\n")
    trained(asked(class_folders, tmp_path / "pupil", with_archive(run, photos), saliency=False), home)
    assert json.loads((tmp_path / "pupil" / "metrics.json").read_text())["further_photos"] >= 8


def test_a_run_knows_later_that_it_learnt_from_further_photos(
    run: Path, class_folders: Path, archive: Path, home: Path, tmp_path: Path
) -> None:
    trained(asked(class_folders, tmp_path / "pupil", with_archive(run, archive), saliency=False), home)
    hashes = {row["sha256"] for row in rows_of(tmp_path / "pupil" / "further.csv")}
    assert hashes and hashes <= learnt_from(tmp_path / "pupil")


def test_a_stopped_training_with_further_photos_goes_on_but_not_with_others(
    run: Path, class_folders: Path, archive: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = shutil.copytree(archive, tmp_path / "archive")
    recipe = asked(class_folders, tmp_path / "run", with_archive(run, photos), saliency=False)
    unplugged(recipe, home, monkeypatch)
    (photos / "IMG 00.jpg").unlink()
    (photos / "IMG 10.jpg").unlink()
    with pytest.raises(UsageError, match="another training"):
        trained(recipe, home)
    shutil.copy(archive / "IMG 00.jpg", photos)
    trained(recipe, home)
    whole = replace(recipe, out=tmp_path / "whole")
    trained(whole, home)
    assert epochs_of(tmp_path / "run") == epochs_of(tmp_path / "whole")


def test_further_photos_that_teach_nothing_are_refused(
    run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no photo in .* not among the named ones"):
        trained(asked(class_folders, tmp_path / "run", with_archive(run, class_folders)), home)
    with pytest.raises(DataError, match="nowhere"):
        trained(asked(class_folders, tmp_path / "run", with_archive(run, tmp_path / "nowhere")), home)
    with pytest.raises(UsageError, match="--distill-weight 0"):
        with_archive(run, class_folders, weight=0.0)


# --- going on -------------------------------------------------------------------------------------------


class Unplugged(Exception):
    """Somebody pulls the plug."""


def unplugged(recipe: TrainRecipe, home: Path, monkeypatch: pytest.MonkeyPatch, saves: int = 2) -> Path:
    """Stops a training after some checkpoints; gives the folder of what is left."""
    real, seen = room.save_checkpoint, []

    def save(tree: Any, path: Path) -> None:
        real(tree, path)
        seen.append(path)
        if len(seen) == saves:
            raise Unplugged

    with monkeypatch.context() as patched, pytest.raises(Unplugged):
        patched.setattr(room, "save_checkpoint", save)
        trained(recipe, home)
    return seen[0].parent


def test_a_stopped_training_goes_on_with_the_same_history(
    run: Path, class_folders: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = asked(class_folders, tmp_path / "run")
    left = unplugged(recipe, home, monkeypatch)
    assert {path.name for path in left.iterdir()} <= {"lock", "checkpoint.safetensors", "history.csv"}
    trained(recipe, home)
    assert epochs_of(tmp_path / "run") == epochs_of(run)
    assert (tmp_path / "run" / "test_predictions.csv").read_text() == (
        run / "test_predictions.csv"
    ).read_text()
    assert not left.exists()


def test_another_recipe_or_other_classes_are_not_gone_on_with(
    class_folders: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = asked(class_folders, tmp_path / "run")
    unplugged(recipe, home, monkeypatch)
    with pytest.raises(UsageError, match="another training.*--restart"):
        trained(replace(recipe, network=replace(SMALL, batch=8)), home)
    fewer = shutil.copytree(class_folders, tmp_path / "fewer")
    shutil.rmtree(fewer / "down")
    with pytest.raises(UsageError, match="another training.*--restart"):
        trained(replace(recipe, source=SourceRecipe(fewer)), home)
    trained(replace(recipe, network=replace(SMALL, epochs=1), restart=True), home)
    assert len(epochs_of(tmp_path / "run")) == 2


def test_a_run_is_only_replaced_when_that_is_asked_for(
    run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    recipe = asked(class_folders, copy, replace(SMALL, epochs=1))
    with pytest.raises(UsageError, match="--overwrite"):
        trained(recipe, home)
    trained(replace(recipe, overwrite=True), home)
    assert len(epochs_of(copy)) == 2
    assert {path.name for path in copy.iterdir()} == LEFT


# --- what is refused, before a photo is read ------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "network", "words"),
    [
        ("finetune", {"name": "timm:resnet5"}, "timm has no network called resnet5. Choose resnet50"),
        ("finetune", {"name": "timm:mobilenetv2_10", "arguments": {}}, "mobilenetv2_100"),
        ("scratch", {"name": "smal_cnn"}, "There is no network called smal_cnn. Choose small_cnn"),
        ("scratch", {"name": "resnet18"}, "timm:resnet18"),
        ("scratch", {"name": "timm:resnet18", "arguments": {"colour": "red"}}, "arguments colour=red"),
        ("scratch", {"name": "small_cnn", "arguments": {"a": "b"}}, "--backbone-arg"),
        ("finetune", {}, "--backbone timm:NAME --weights"),
        ("finetune", {"name": "small_cnn"}, "has learnt nothing yet"),
        ("finetune", {"name": "net.onnx"}, "learns nothing further"),
        ("scratch", {"name": "small_cnn", "unfreeze": 2}, "--unfreeze"),
        ("scratch", {"name": "small_cnn", "augment": "wild"}, "wild"),
    ],
)
def test_networks_that_cannot_be_meant_are_refused_at_once(
    method: str, network: dict[str, Any], words: str, class_folders: Path, tmp_path: Path
) -> None:
    recipe = asked(class_folders, tmp_path / "run", replace(NetworkRecipe(), **network))
    with pytest.raises(UsageError) as caught:
        trained(replace(recipe, method=method), tmp_path / "home")
    assert words in str(caught.value)
    assert not list(tmp_path.glob(".run*"))


def test_weights_of_another_network_are_told_with_keys_that_do_not_fit(
    run: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    network = NetworkRecipe("timm:resnet18", weights=run / "weights.safetensors", size=32)
    with pytest.raises(ModelError, match=r"not those of this network: \d+ missing.*conv1.weight"):
        trained(replace(asked(class_folders, tmp_path / "run", network), method="finetune"), home)


def test_weights_of_a_deeper_network_are_not_taken_for_those_of_a_shallower_one(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    from taxolens.models.network import build_network

    deep = build_network(NetworkRecipe("timm:resnet34"), ("a", "b"), pretrained=False)
    save_file(deep.module.state_dict(), tmp_path / "deep.safetensors")
    network = NetworkRecipe("timm:resnet18", weights=tmp_path / "deep.safetensors", size=32)
    with pytest.raises(ModelError, match="0 missing, [1-9]"):
        trained(replace(asked(class_folders, tmp_path / "run", network), method="finetune"), home)


def test_without_the_learning_library_the_command_that_installs_it_is_told(
    class_folders: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(self: object) -> Any:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    # Other libraries of the process may have put an entry point of their own kind in the place of Python's.
    kind = type(next(iter(entry_points(group=TRAINERS))))
    monkeypatch.setattr(kind, "load", absent)
    with pytest.raises(UsageError, match=r"torch is missing.*pip install 'taxolens\[train\]'"):
        trained(asked(class_folders, tmp_path / "run"), home)


# --- which network --------------------------------------------------------------------------------------


def test_weights_of_a_run_say_which_network_they_belong_to(run: Path, tmp_path: Path) -> None:
    card = read_weights_card(run / "weights.safetensors")
    assert card is not None and card.classes == ("across", "down", "slanted")
    found = resolve_network(NetworkRecipe(weights=run / "weights.safetensors"), "finetune", tmp_path)
    assert (found.name, found.size) == ("small_cnn", 24)


def test_a_head_that_knows_all_classes_is_gone_on_with(further: Path) -> None:
    rows = epochs_of(further)[1:]
    assert {row[0] for row in rows} == {"network"}
    figures = json.loads((further / "metrics.json").read_text())
    assert figures["accuracy"] > 0.9


def test_held_back_photos_that_the_weights_or_the_teacher_know_are_told(
    run: Path, further: Path, class_folders: Path, home: Path, tmp_path: Path
) -> None:
    assert "learnt from" not in (further / "report.html").read_text(), "the same division as that of its run"
    teacher = DistillRecipe(run)
    network = NetworkRecipe(weights=run / "weights.safetensors", epochs=0, head_epochs=0, distill=teacher)
    recipe = asked(class_folders, tmp_path / "other", network, split=SplitRecipe(seed=1), saliency=False)
    told = [note for note in trained(replace(recipe, method="finetune"), home).notes if "learnt from" in note]
    assert [file in note for note, file in zip(told, ("weights.safetensors", "model.onnx"), strict=True)] == [
        True,
        True,
    ]
    assert (
        "figures are too good" in told[0]
        and "figures are too good" in (tmp_path / "other/report.html").read_text()
    )


def test_rows_of_the_head_follow_the_names_of_the_classes(run: Path, tmp_path: Path) -> None:
    from taxolens.models.network import build_network

    recipe = replace(SMALL, weights=run / "weights.safetensors")
    before = build_network(recipe, ("across", "down", "slanted"), pretrained=True)
    after = build_network(recipe, ("slanted", "new", "across"), pretrained=True)
    assert (before.known, after.known) == (3, 2)
    old, new = (one.module.state_dict()["head.weight"] for one in (before, after))
    assert torch.equal(new[0], old[2]) and torch.equal(new[2], old[0])
    assert not torch.equal(new[1], old[1])


class Remembering:
    """A trainer that only remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[NetworkRecipe] = []

    def input_of(self, settings: NetworkRecipe, labels: object) -> None:
        self.asked.append(settings)
        raise Unplugged

    def train(self, request: object, *, progress: object, say: object) -> None:
        raise AssertionError("it should not come to this")


def test_a_remembered_network_is_fine_tuned_with_its_weights(
    class_folders: Path, home: Path, tmp_path: Path
) -> None:
    from taxolens.models.network import build_network

    made = build_network(NetworkRecipe("timm:tinynet_e"), ("a", "b"), pretrained=False)
    file = tmp_path / "tiny.safetensors"
    save_file(made.module.state_dict(), file)
    recipe = BackboneRecipe("timm:tinynet_e", weights=file, mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    mine = tmp_path / "home"
    add_backbone("tiny", recipe, home=mine, maker=load_backbone_maker, progress=Silent(), say=plain)
    kept = file.read_bytes()
    file.unlink()
    for name in ("tiny", "auto"):
        spy: Any = Remembering()
        with pytest.raises(Unplugged):
            train(
                replace(asked(class_folders, tmp_path / "run", NetworkRecipe(name)), method="finetune"),
                home=mine,
                maker=load_backbone_maker,
                trainer={"finetune": spy}.__getitem__,
            )
        (found,) = spy.asked
        assert found.name == "timm:tinynet_e" and found.weights.read_bytes() == kept
        assert (found.mean, found.std) == (recipe.mean, recipe.std)
    teacher: AnyTrainer = load_trainer("finetune")
    assert teacher.input_of(found, ()).width == 106
    assert len(remove_backbone("tiny", mine)) == 3
    with pytest.raises(UsageError, match="begins with weights"):
        resolve_network(NetworkRecipe(), "finetune", mine)


def test_of_several_remembered_networks_one_must_be_named(tmp_path: Path) -> None:
    from taxolens.modelfile.remembered import RememberedNetwork, remember_network, remembered_path

    for name in ("one", "two"):
        network = RememberedNetwork("timm:tinynet_e", {}, None, None)
        remember_network(name, tmp_path, network, None)
        remembered_path(name, tmp_path).write_bytes(b"onnx")
    with pytest.raises(UsageError, match="--backbone one | two"):
        resolve_network(NetworkRecipe(), "finetune", tmp_path)
    assert resolve_network(NetworkRecipe("two"), "finetune", tmp_path).weights is None


def test_figures_do_not_depend_on_how_many_work(
    class_folders: Path, home: Path, run: Path, tmp_path: Path
) -> None:
    trained(asked(class_folders, tmp_path / "run", workers=3), home)
    assert epochs_of(tmp_path / "run") == epochs_of(run)
    first, second = (
        np.loadtxt(folder / "test_predictions.csv", delimiter=",", skiprows=1, usecols=4)
        for folder in (run, tmp_path / "run")
    )
    assert np.array_equal(first, second)
