from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from taxolens.modelfile.read import ModelFile
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.inference.square_detector import write_square_model, write_squares
from tests.unit.server.served import served


@pytest.fixture(scope="package")
def colours(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return write_colour_model(tmp_path_factory.mktemp("colours") / "colours.onnx")


@pytest.fixture(scope="package")
def squares(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    return write_square_model(tmp_path_factory.mktemp("squares") / "squares.onnx")


@pytest.fixture(scope="package")
def url(colours: ModelFile, squares: ModelFile) -> Iterator[str]:
    """A real server of both."""
    with served(f"colours={colours.path}", f"squares={squares.path}") as at:
        yield at


@pytest.fixture(scope="package")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photos of all kinds: sure, unsure, blank, with boxes, torn, empty, absent."""
    folder = tmp_path_factory.mktemp("photos")
    made = [write_photo(folder / f"{colour}.png", colour) for colour in ("red", "green", "nothing", "grey")]
    made.append(write_squares(folder / "squares.png", (1, 0, "red"), (2, 1, "green"), (0, 1, "both")))
    (folder / "torn.png").write_bytes(made[0].read_bytes()[:80])
    (folder / "empty.png").touch()
    return [*made, folder / "torn.png", folder / "empty.png", folder / "absent.png"]
