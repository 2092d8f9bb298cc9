"""What is served, copied once: all workers, and those that replace them, open the very same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import ModelError
from taxolens.modelfile.card import Task
from taxolens.modelfile.pipeline import CascadeFiles, is_pipeline, read_cascade, read_pipeline, write_pipeline
from taxolens.modelfile.read import ModelFile, check_task, read_model
from taxolens.recipes.tile import TileRecipe
from taxolens.server.kept import Kept, Source, state_of
from taxolens.storage.atomic import told_as_output


def keep(source: Source, folder: Path) -> Kept:
    """Reads a model, verifies it and copies what was verified. A file that is being written is damaged or whole.

    Args:
        folder: a new one is made there.

    Raises:
        ModelError: a file is absent, damaged, no model of Taxolens, or for something that cannot be served.
        UsageError: a pipeline that cannot be meant.
        OutputError: the copy cannot be written.
    """
    before = state_of(source)
    with told_as_output(folder):
        folder.mkdir()
    kept = _kept(source, folder)
    if state_of(source) != before:
        raise ModelError("The model {file} is being written. Load it when that is done.", file=source.path)
    return kept


def _kept(source: Source, folder: Path) -> Kept:
    if is_pipeline(source.path):
        return _keep_both(read_pipeline(source.path), folder, source.tile)
    model = read_model(source.path)
    if model.card.task is Task.DETECT:
        return Kept(_copied(model, folder / "model.onnx").path, model.sha256, source.tile)
    check_task(model.card, Task.CLASSIFY, source.path)
    if source.detector is not None:
        return _keep_both(read_cascade(source.detector, source.path), folder, source.tile)
    return Kept(_copied(model, folder / "model.onnx").path, model.sha256, TileRecipe())


def _keep_both(files: CascadeFiles, folder: Path, tile: TileRecipe) -> Kept:
    copies = replace(
        files,
        detector=_copied(files.detector, folder / "detector.onnx"),
        classifier=_copied(files.classifier, folder / "classifier.onnx"),
    )
    pipeline = folder / "pipeline.toml"
    write_pipeline(copies, pipeline)
    return Kept(pipeline, hashlib.sha256(pipeline.read_bytes()).hexdigest(), tile)


def _copied(model: ModelFile, path: Path) -> ModelFile:
    # A copy need not outlive the machine's stop, so nothing waits for the disk.
    with told_as_output(path):
        path.write_bytes(model.graph)
    return replace(model, path=path)
