from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.pipeline import PipelineRecipe
from taxolens.workflows.pipeline import make_pipeline


def test_what_lies_there_already_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "woods.toml"
    out.write_text("kept = 1\n")
    with pytest.raises(UsageError, match="there already"):
        make_pipeline(PipelineRecipe(detector=tmp_path / "d.onnx", model=tmp_path / "m.onnx", out=out))
    assert out.read_text() == "kept = 1\n"
