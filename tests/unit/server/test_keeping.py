from __future__ import annotations

import os
from pathlib import Path

import pytest

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import CardOutput, Task
from taxolens.modelfile.pipeline import read_cascade, read_pipeline, write_pipeline
from taxolens.modelfile.read import read_model
from taxolens.recipes.tile import TileRecipe
from taxolens.server import keeping as room
from taxolens.server.keeping import keep
from taxolens.server.kept import Source, state_of
from taxolens.server.watch import Watch
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.inference.square_detector import write_square_model


def source(path: Path, detector: Path | None = None) -> Source:
    """A file as it is named."""
    return Source(path, detector, TileRecipe())


def test_a_copy_holds_the_bytes_that_were_verified(tmp_path: Path) -> None:
    model = write_colour_model(tmp_path / "colours.onnx")
    kept = keep(source(model.path), tmp_path / "1")
    model.path.write_bytes(b"something else")
    assert kept.sha256 == model.sha256
    assert read_model(kept.path).sha256 == model.sha256


def test_a_pipeline_is_copied_with_its_models(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "colours.onnx")
    write_square_model(tmp_path / "squares.onnx")
    files = read_cascade(tmp_path / "squares.onnx", tmp_path / "colours.onnx")
    write_pipeline(files, tmp_path / "both.toml")
    named = keep(source(tmp_path / "both.toml"), tmp_path / "1")
    put_together = keep(source(tmp_path / "colours.onnx", tmp_path / "squares.onnx"), tmp_path / "2")
    (tmp_path / "colours.onnx").unlink()
    (tmp_path / "squares.onnx").unlink()
    for kept in (named, put_together):
        back = read_pipeline(kept.path)
        assert (back.crop, back.rule) == (files.crop, files.rule)
        assert back.detector.sha256 == files.detector.sha256
    assert named.sha256 == put_together.sha256


def test_a_model_that_names_nothing_is_told_under_its_own_path(tmp_path: Path) -> None:
    embed = write_colour_model(
        tmp_path / "embed.onnx",
        task=Task.EMBED,
        output=CardOutput(decoder="embedding", tensor="probabilities"),
    )
    with pytest.raises(ModelError, match=r"embed\.onnx.*embed"):
        keep(source(embed.path), tmp_path / "1")
    with pytest.raises(ModelError, match="absent"):
        keep(source(tmp_path / "absent.onnx"), tmp_path / "2")


def test_a_file_that_is_written_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_colour_model(tmp_path / "colours.onnx").path

    def read_while_written(file: Path) -> object:
        model = read_model(file)
        with path.open("ab") as stream:
            stream.write(b"more")
        return model

    monkeypatch.setattr(room, "read_model", read_while_written)
    with pytest.raises(ModelError, match="being written"):
        keep(source(path), tmp_path / "1")


def test_a_changed_file_is_due_once_it_rests(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"old")
    sources = {"a": source(path)}
    tried = {"a": state_of(sources["a"])}
    watch = Watch(sources, tried)
    assert watch.due() == []
    for size in (1, 2):
        path.write_bytes(b"new" * size)
        assert watch.due() == []
    assert watch.due() == ["a"]
    tried["a"] = state_of(sources["a"])
    assert watch.due() == []
    path.unlink()
    assert watch.due() == watch.due() == []
    path.write_bytes(b"newnew")
    os.utime(path, ns=(1, 1))
    assert watch.due() == []
    assert watch.due() == ["a"]
