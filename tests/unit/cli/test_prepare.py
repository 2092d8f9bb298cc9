"""What is typed for `taxolens prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from taxolens.cli import prepare
from taxolens.recipes.prepare import PrepareRecipe


def test_a_step_is_also_called_a_transform_and_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[PrepareRecipe] = []

    def run(recipe: PrepareRecipe, *rest: Any) -> int:
        asked.append(recipe)
        return 0

    monkeypatch.setattr(prepare, "_run", run)
    command: Any = typer.main.get_command(prepare.app)
    typed = ["--step", "mirror", "--transform", "clahe:clip=2", "--step", "grey"]
    command.main([str(tmp_path), "--out", str(tmp_path / "out"), *typed], standalone_mode=False)
    assert [step.text for step in asked[0].transform] == ["mirror", "clahe:clip=2", "grey"]
