"""Bad input gets one clear sentence: what, where, how to mend; no traceback, nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.acceptance.conftest import Command


def photo(path: Path) -> None:
    """Writes a small photo, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = abs(hash(path.name)) % 2**32
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(path)


def empty_folder(place: Path) -> Path:
    (place / "photos").mkdir()
    return place / "photos"


def photos_without_class_folders(place: Path) -> Path:
    photo(place / "photos" / "a.png")
    return place / "photos"


def one_class_only(place: Path) -> Path:
    for number in range(6):
        photo(place / "photos" / "lynx" / f"{number}.png")
    return place / "photos"


def nothing_readable(place: Path) -> Path:
    for label in ("lynx", "hare"):
        for number in range(4):
            file = place / "photos" / label / f"{number}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"no photo %d" % number)
    return place / "photos"


def csv_without_label(place: Path) -> Path:
    (place / "photos.csv").write_text("file,species\na.jpg,lynx\n", encoding="utf-8")
    return place / "photos.csv"


def csv_with_an_empty_label(place: Path) -> Path:
    photo(place / "a.png")
    (place / "photos.csv").write_text("file,label\na.png,lynx\na.png,\n", encoding="utf-8")
    return place / "photos.csv"


def csv_naming_absent_files(place: Path) -> Path:
    (place / "photos.csv").write_text("file,label\nnowhere.jpg,lynx\nelse.jpg,hare\n", encoding="utf-8")
    return place / "photos.csv"


def absent(place: Path) -> Path:
    return place / "nowhere"


def broken_zip(place: Path) -> Path:
    (place / "photos.zip").write_bytes(b"PK\x03\x04 and then nothing")
    return place / "photos.zip"


DATA = [
    (empty_folder, "photos"),
    (photos_without_class_folders, "class"),
    (one_class_only, "lynx"),
    (nothing_readable, "read"),
    (csv_without_label, "label"),
    (csv_with_an_empty_label, "3"),
    (csv_naming_absent_files, "nowhere.jpg"),
    (absent, "nowhere"),
    (broken_zip, "photos.zip"),
]


def assert_one_sentence(err: str, word: str) -> None:
    """A few lines at most, no traceback, and the word that matters."""
    assert "Traceback" not in err and "Error(" not in err
    assert word in err, err
    assert 0 < len(err.strip().splitlines()) <= 3, err


@pytest.mark.parametrize(("make", "word"), DATA, ids=lambda value: getattr(value, "__name__", ""))
def test_data_that_cannot_be_learnt_from(
    taxolens: Command, tmp_path: Path, make: Callable[[Path], Path], word: str
) -> None:
    run = tmp_path / "run"
    outcome = taxolens("train", make(tmp_path), "--out", run, "--quiet")
    assert outcome.code in (1, 2)
    assert_one_sentence(outcome.err, word)
    assert not run.exists() and not list(tmp_path.glob(".run*"))


def truncated(model: Path, place: Path) -> Path:
    (place / "model.onnx").write_bytes(model.read_bytes()[:5000])
    return place / "model.onnx"


def not_onnx(model: Path, place: Path) -> Path:
    (place / "model.onnx").write_bytes(b"\x89PNG this is a picture" * 100)
    return place / "model.onnx"


def empty_file(model: Path, place: Path) -> Path:
    (place / "model.onnx").touch()
    return place / "model.onnx"


def without_card(model: Path, place: Path) -> Path:
    graph = onnx.load(model)
    del graph.metadata_props[:]
    onnx.save(graph, place / "model.onnx")
    return place / "model.onnx"


def with_external_data(model: Path, place: Path) -> Path:
    graph = onnx.load(model)
    tensor = graph.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    (place / "model.onnx").write_bytes(graph.SerializeToString())
    return place / "model.onnx"


def with_custom_operator(model: Path, place: Path) -> Path:
    graph = onnx.load(model)
    graph.graph.node.append(helper.make_node("RunThis", [], ["x"], domain="com.evil"))
    graph.opset_import.append(helper.make_opsetid("com.evil", 1))
    (place / "model.onnx").write_bytes(graph.SerializeToString())
    return place / "model.onnx"


def for_another_task(model: Path, place: Path) -> Path:
    graph = onnx.load(model)
    (card,) = (prop for prop in graph.metadata_props if prop.key == "taxolens.card")
    card.value = card.value.replace('"classify"', '"embed"')
    onnx.save(graph, place / "model.onnx")
    return place / "model.onnx"


def with_too_many_classes(model: Path, place: Path) -> Path:
    graph = onnx.load(model)
    (card,) = (prop for prop in graph.metadata_props if prop.key == "taxolens.card")
    card.value = card.value.replace('"classes":[', '"classes":[{"id":"ghost"},').replace(
        '"classes": [', '"classes": [{"id":"ghost"},'
    )
    onnx.save(graph, place / "model.onnx")
    return place / "model.onnx"


def folder_for_a_model(model: Path, place: Path) -> Path:
    (place / "model.onnx").mkdir()
    return place / "model.onnx"


def absent_model(model: Path, place: Path) -> Path:
    return place / "model.onnx"


MODELS = [
    truncated,
    not_onnx,
    empty_file,
    without_card,
    with_external_data,
    with_custom_operator,
    for_another_task,
    with_too_many_classes,
    folder_for_a_model,
    absent_model,
]


@pytest.mark.parametrize("spoil", MODELS)
def test_a_model_file_that_cannot_be_used(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path: Path, spoil: Callable[[Path, Path], Path]
) -> None:
    model = spoil(trained / "model.onnx", tmp_path)
    for arguments in (
        ("identify", class_folders, "--model", model, "--out", tmp_path / "results.csv"),
        ("evaluate", model, class_folders, "--json", tmp_path / "figures.json"),
        ("models", "show", model),
    ):
        if spoil is for_another_task and arguments[0] == "models":
            continue
        outcome = taxolens(*arguments)
        assert outcome.code in (1, 2), arguments
        assert_one_sentence(outcome.err, "model.onnx")
    assert not (tmp_path / "results.csv").exists() and not (tmp_path / "figures.json").exists()


def test_identify_in_an_empty_folder_says_so(taxolens: Command, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    out = tmp_path / "results.csv"
    outcome = taxolens("identify", tmp_path / "card", "--model", trained / "model.onnx", "--out", out)
    assert outcome.code in (1, 2)
    assert_one_sentence(outcome.err, "card")
    assert not out.exists()


def test_an_output_that_cannot_be_written_is_told_before_the_work(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    outcome = taxolens(
        "identify", class_folders, "--model", trained / "model.onnx", "--out", tmp_path / "file" / "x.csv"
    )
    assert outcome.code in (1, 2)
    assert_one_sentence(outcome.err, "file")
    outcome = taxolens("train", class_folders, "--out", tmp_path / "file", "--quiet")
    assert outcome.code in (1, 2)
    assert_one_sentence(outcome.err, "file")


def test_a_run_is_not_replaced_unasked(taxolens: Command, trained: Path, class_folders: Path) -> None:
    before = (trained / "model.onnx").read_bytes()
    outcome = taxolens("train", class_folders, "--out", trained, "--quiet")
    assert outcome.code == 2
    assert_one_sentence(outcome.err, "--overwrite")
    assert (trained / "model.onnx").read_bytes() == before


def test_a_class_with_one_photo_is_learnt_and_said(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    import shutil

    photos = tmp_path / "photos"
    shutil.copytree(class_folders, photos)
    photo(photos / "rare" / "only.png")
    outcome = taxolens("train", photos, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert "rare" in outcome.err + outcome.out


def test_an_unknown_option_value_names_the_choices(
    taxolens: Command, class_folders: Path, tmp_path: Path
) -> None:
    outcome = taxolens("train", class_folders, "--out", tmp_path / "run", "--views", "sideways", "--quiet")
    assert outcome.code == 2
    assert_one_sentence(outcome.err, "flip")


@pytest.mark.parametrize("value", ["2", "0", "-0.5", "nan"])
def test_a_precision_that_is_no_share_is_refused_before_the_work(
    taxolens: Command, class_folders: Path, tmp_path: Path, value: str
) -> None:
    outcome = taxolens("train", class_folders, "--out", tmp_path / "run", "--precision", value)
    assert outcome.code == 2
    assert_one_sentence(outcome.err, "precision")


def test_a_terminal_that_cannot_write_french_spaces_still_works(
    taxolens: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    outcome = taxolens("models", "show", trained / "model.onnx", lang="fr")
    assert outcome.code == 0, outcome.err


def test_an_unknown_language_is_named_with_those_there_are(taxolens: Command) -> None:
    outcome = taxolens("--lang", "klingon", "doctor")
    assert outcome.code == 2
    assert_one_sentence(outcome.err, "en, fr")


def test_a_file_name_cannot_command_the_terminal(taxolens: Command, tmp_path: Path) -> None:
    for label in ("lynx", "hare"):
        for number in range(6):
            photo(tmp_path / "photos" / label / f"{label}{number}.png")
    (tmp_path / "photos" / "lynx\x1b[31mred").mkdir()
    photo(tmp_path / "photos" / "lynx\x1b[31mred" / "only.png")
    outcome = taxolens("train", tmp_path / "photos", "--out", tmp_path / "run")
    assert "31mred" in outcome.out + outcome.err
    assert "\x1b" not in outcome.out + outcome.err
