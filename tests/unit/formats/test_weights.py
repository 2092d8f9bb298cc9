"""What a file of weights says of itself is read without any learning library."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from taxolens.formats.weights import WeightsCard, read_weights_card

CARD = WeightsCard(
    network="timm:mobilenetv2_100",
    classes=("chêne", "hêtre"),
    size=128,
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.25, 0.5),
    arguments={"pad_type": "same"},
    licence="Apache-2.0",
)


def write(file: Path, metadata: object) -> Path:
    header = json.dumps({"__metadata__": metadata}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    return file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_weights_card(write(tmp_path / "w.safetensors", CARD.metadata())) == CARD


def test_the_library_for_such_files_agrees(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    numpy = pytest.importorskip("numpy")
    file = tmp_path / "w.safetensors"
    file.write_bytes(safetensors.save({"a": numpy.ones(3)}, metadata=CARD.metadata()))
    assert read_weights_card(file) == CARD


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"format": "pt"}, {"taxolens": "{"}, {"taxolens": "[]"}, {"taxolens": '{"size": 3}'}],
)
def test_files_that_say_nothing_of_themselves_have_no_card(tmp_path: Path, metadata: object) -> None:
    assert read_weights_card(write(tmp_path / "w.safetensors", metadata)) is None


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 40, struct.pack("<Q", 10) + b"no json at all"])
def test_what_is_no_file_of_weights_has_no_card(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(data)
    assert read_weights_card(tmp_path / "w.safetensors") is None
    assert read_weights_card(tmp_path / "nobody.safetensors") is None
