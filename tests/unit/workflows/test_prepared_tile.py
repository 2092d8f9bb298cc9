from __future__ import annotations

from pathlib import Path

import pytest

from taxolens.workflows.prepared_tile import tile_of


def test_what_learns_from_tiles_looks_at_tiles(tmp_path: Path) -> None:
    (tmp_path / "prepare.toml").write_text("[tile]\nsize = 512\noverlap = 0.25\nvisible = 0.3\n")
    tile = tile_of(tmp_path)
    assert tile is not None and (tile.side, tile.overlap) == (512, 0.25)
    assert tile_of(tmp_path / "data.yaml") == tile


@pytest.mark.parametrize(
    "text", ["", "[tile]\nvisible = 0.3\n", "[tile]\nsize = -1\noverlap = 0.2\n", "[tile", "tile = 3"]
)
def test_other_folders_say_nothing_of_tiles(tmp_path: Path, text: str) -> None:
    assert tile_of(tmp_path) is None
    (tmp_path / "prepare.toml").write_text(text)
    assert tile_of(tmp_path) is None
