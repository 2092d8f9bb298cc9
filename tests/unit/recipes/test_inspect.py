from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe


def test_a_table_that_a_spreadsheet_would_take_for_another_kind_of_file_is_refused() -> None:
    asked = {"source.data": Path("photos"), "table": Path("problems.xlsx")}
    with pytest.raises(UsageError, match=r"problems\.xlsx must have a name that ends in \.csv\."):
        parse_recipe(InspectRecipe, asked)
    assert parse_recipe(InspectRecipe, {**asked, "table": Path("problems.CSV")}).table == Path("problems.CSV")
