"""A model is written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from taxolens.core.errors import ModelError, OutputError
from taxolens.modelfile.card import CARD_KEY
from taxolens.modelfile.read import read_model
from taxolens.modelfile.write import place, write_model


def test_the_written_file_is_the_network_with_its_card(networks: Any, tmp_path: Path) -> None:
    network = networks.finished()
    written = write_model(network, networks.card(), tmp_path / "deep" / "model.onnx")
    again = read_model(tmp_path / "deep" / "model.onnx")
    assert again == written
    assert onnx.load_from_string(again.graph).producer_name == "taxolens"
    assert not network.metadata_props, "the network handed in is not changed"
    pixels = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    answer = ort.InferenceSession(again.graph).run(None, {"image": pixels})[0]
    assert answer.shape == (2, 3)


def test_a_second_card_replaces_the_first(networks: Any, tmp_path: Path) -> None:
    first = write_model(networks.finished(), networks.card(), tmp_path / "a.onnx")
    card = networks.card(name="renamed")
    second = write_model(onnx.load_from_string(first.graph), card, tmp_path / "a.onnx")
    assert read_model(tmp_path / "a.onnx").card.name == "renamed"
    keys = [entry.key for entry in onnx.load_from_string(second.graph).metadata_props]
    assert keys == [CARD_KEY]


def test_the_same_network_and_card_are_the_same_bytes(networks: Any, tmp_path: Path) -> None:
    card = networks.card()
    one = write_model(networks.finished(), card, tmp_path / "one.onnx")
    two = write_model(networks.finished(), card, tmp_path / "two.onnx")
    assert one.sha256 == two.sha256


def test_a_card_that_does_not_fit_leaves_the_old_file_as_it_was(networks: Any, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    before = write_model(networks.finished(), networks.card(), file).graph
    with pytest.raises(ModelError, match="does not fit"):
        write_model(networks.finished(classes=4), networks.card(), file)
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        place(b"data", tmp_path / "file" / "model.onnx")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        place(b"data", tmp_path / "folder")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]
