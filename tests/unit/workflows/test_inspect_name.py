"""What the page of an inspection is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.workflows.inspect_gather import name_of


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("photos/valley", "valley"),
        ("photos/valley.zip", "valley.zip"),
        ("photos/valley/labels.csv", "valley/labels.csv"),
    ],
)
def test_a_table_is_called_by_its_folder_too(data: str, name: str) -> None:
    assert name_of(Path(data)) == name
