from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.errors import UsageError
from taxolens.execution.local import default_workers
from taxolens.server.options import DeskOptions, NamedFile


def test_a_model_is_named_alone_or_with_what_it_is_called(tmp_path: Path) -> None:
    assert NamedFile.parse("model.onnx") == NamedFile(Path("model.onnx"))
    assert NamedFile.parse("birds=run/model.onnx") == NamedFile(Path("run/model.onnx"), "birds")
    odd = tmp_path / "a=b.onnx"
    odd.touch()
    assert NamedFile.parse(str(odd)) == NamedFile(odd)
    for text in ("=model.onnx", "birds="):
        with pytest.raises(UsageError, match="neither FILE nor NAME=FILE"):
            NamedFile.parse(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"models": ()},
        {"workers": -1},
        {"max_queue": -1},
        {"seconds": 0},
        {"memory": 0},
        {"max_megapixels": -1},
        {"watch": -0.1},
        {"keep_versions": 0},
        {"seconds": float("nan")},
    ],
)
def test_values_that_cannot_be_meant_are_told(wrong: dict[str, Any]) -> None:
    fields = {"models": (NamedFile(Path("model.onnx")),), **wrong}
    with pytest.raises(UsageError, match=next(iter(wrong)) if "models" not in wrong else "No model"):
        DeskOptions(**fields)


def test_there_is_a_worker_for_each_processor_unless_told_otherwise() -> None:
    models = (NamedFile(Path("model.onnx")),)
    assert DeskOptions(models).processes == default_workers()
    assert DeskOptions(models, workers=3).processes == 3
