"""Where a variant is written, and what it never replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import TaxolensError, UsageError
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.variant import make_variant


@pytest.mark.parametrize("there", ["small.onnx", "small.html"])
def test_neither_a_model_nor_a_page_that_is_there_is_replaced_unasked(there: str, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine")
    recipe = VariantRecipe(tmp_path / "model.onnx", SourceRecipe(tmp_path), tmp_path / "small.onnx")
    with pytest.raises(UsageError, match=f"{there} is there already"):
        make_variant(recipe, home=tmp_path / "home")
    assert (tmp_path / there).read_text() == "mine"


def test_a_page_that_is_named_may_be_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("of last time")
    recipe = VariantRecipe(
        tmp_path / "model.onnx", SourceRecipe(tmp_path), tmp_path / "small.onnx", report=page
    )
    with pytest.raises(TaxolensError, match=r"model\.onnx"):
        make_variant(recipe, home=tmp_path / "home")
