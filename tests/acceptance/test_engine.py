"""The engine that computes a model, chosen from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Command, rows_of

pytest.importorskip("openvino")


def test_both_engines_write_the_same_table_and_results_stay_with_one(
    taxolens: Command, trained: Path, class_folders: Path, tmp_path: Path
) -> None:
    model, tables = trained / "model.onnx", {}
    for engine in ("onnxruntime", "openvino"):
        tables[engine] = tmp_path / f"{engine}.csv"
        done = taxolens(
            "identify", class_folders / "down", "-m", model, "-o", tables[engine], "--engine", engine
        )
        assert done.code == 0, done.err
    first, other = (rows_of(tables[engine]) for engine in tables)
    assert [(row["file"], row["label"]) for row in first] == [(row["file"], row["label"]) for row in other]
    assert max(abs(float(a["score"]) - float(b["score"])) for a, b in zip(first, other, strict=True)) < 1e-3

    done = taxolens("identify", class_folders / "down", "-m", model, "-o", tables["openvino"])
    assert done.code != 0 and "--engine openvino" in " ".join(done.err.split())
