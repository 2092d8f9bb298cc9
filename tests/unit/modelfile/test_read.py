"""From path to verified model, or to one sentence that says what is wrong."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import CARD_KEY, CardInput, CardOutput, Task
from taxolens.modelfile.read import read_model
from taxolens.modelfile.write import write_model


@pytest.fixture
def model(networks: Any, tmp_path: Path) -> Path:
    file = tmp_path / "traps.onnx"
    write_model(networks.finished(), networks.card(), file)
    return file


def test_a_model_comes_with_card_hash_and_bytes(model: Path) -> None:
    found = read_model(model, task=Task.CLASSIFY)
    assert found.card.labels == ("kind 0", "kind 1", "kind 2")
    assert found.graph == model.read_bytes()
    assert found.sha256 == hashlib.sha256(found.graph).hexdigest()


def test_a_link_to_a_model_is_as_good_as_the_model(model: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.onnx"
    link.symlink_to(model)
    assert read_model(link).sha256 == read_model(model).sha256


def test_what_is_absent_a_folder_or_no_plain_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        read_model(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="is a folder"):
        read_model(tmp_path)
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelError, match="not a plain file"):
        read_model(tmp_path / "pipe.onnx")


def test_of_a_run_folder_the_model_in_it_is_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    inside = tmp_path / "run" / "model.onnx"
    inside.write_bytes(model.read_bytes())
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "run")
    assert caught.value.fields["inside"] == inside and read_model(inside)


def test_a_file_beyond_the_limit_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="larger than"):
        read_model(model, largest=model.stat().st_size - 1)
    assert read_model(model, largest=model.stat().st_size)


def test_a_pointer_in_place_of_the_model_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "pointer.onnx"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    with pytest.raises(ModelError, match="git lfs pull"):
        read_model(file)


def test_a_foreign_network_is_told_how_it_can_be_used(networks: Any, tmp_path: Path) -> None:
    file = tmp_path / "foreign.onnx"
    file.write_bytes(networks.classifier().SerializeToString())
    with pytest.raises(ModelError, match="no Taxolens card.*models describe.*--backbone"):
        read_model(file)


def test_a_model_for_another_task_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match='"classify".*"embed"'):
        read_model(model, task=Task.EMBED)


@pytest.mark.parametrize("text", ["{", '{"name": "x"}'])
def test_a_card_that_cannot_be_read_is_refused(networks: Any, tmp_path: Path, text: str) -> None:
    network = networks.finished()
    network.metadata_props.add(key=CARD_KEY, value=text)
    (tmp_path / "bad.onnx").write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match="card"):
        read_model(tmp_path / "bad.onnx")


def test_two_cards_in_one_file_are_refused(networks: Any, tmp_path: Path) -> None:
    network = networks.finished()
    for _ in range(2):
        network.metadata_props.add(key=CARD_KEY, value=networks.card().to_json())
    (tmp_path / "two.onnx").write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match="card"):
        read_model(tmp_path / "two.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"input": CardInput(width=32, height=16)},
        {"input": CardInput(width=16, height=16, uint8=False)},
        {"input": CardInput(width=16, height=16, layout="nchw")},
        {"input": CardInput(width=16, height=16, tensor="picture")},
        {"output": CardOutput(decoder="probabilities", tensor="logits")},
    ],
)
def test_a_card_that_does_not_fit_its_network_is_refused(networks: Any, tmp_path: Path, change: Any) -> None:
    network = networks.finished()
    network.metadata_props.add(key=CARD_KEY, value=networks.card(**change).to_json())
    (tmp_path / "odd.onnx").write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match="does not fit"):
        read_model(tmp_path / "odd.onnx")


def test_a_card_with_more_classes_than_the_network_answers_is_refused(networks: Any, tmp_path: Path) -> None:
    network = networks.finished(classes=4)
    network.metadata_props.add(key=CARD_KEY, value=networks.card().to_json())
    (tmp_path / "more.onnx").write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match="does not fit"):
        read_model(tmp_path / "more.onnx")


def test_reading_a_model_needs_neither_the_onnx_package_nor_a_learning_library(model: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from taxolens.modelfile.read import read_model;"
        f"read_model(Path({str(model)!r}));"
        "print(sorted({'onnx', 'torch', 'sklearn', 'scipy', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
