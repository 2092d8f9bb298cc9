"""The card of a file whose weights are not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import Card
from taxolens.modelfile.peek import peek_card
from taxolens.modelfile.read import read_model
from taxolens.modelfile.write import write_model


@pytest.fixture
def card(networks: Any, tmp_path: Path) -> Card:
    made: Card = networks.card()
    write_model(networks.finished(), made, tmp_path / "model.onnx")
    return made


def test_the_card_is_the_one_that_a_full_reading_finds(card: Card, tmp_path: Path) -> None:
    assert peek_card(tmp_path / "model.onnx") == card == read_model(tmp_path / "model.onnx").card


def test_a_network_without_card_has_none(networks: Any, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(networks.classifier().SerializeToString())
    assert peek_card(tmp_path / "net.onnx") is None


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("left", [3, 40, 400, -1])
def test_a_file_cut_short_anywhere_is_damaged_or_has_no_card(left: int, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(ModelError, match="damaged"):
        peek_card(file)


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"spoilt")
    with pytest.raises(ModelError, match="damaged"):
        peek_card(tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        peek_card(tmp_path)
