from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from taxolens.modelfile.card import CardClass, Metric
from taxolens.server.page.examples import Example, Examples
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.inference.square_detector import write_square_model
from tests.unit.server.served import Options, served

CLASSES = (
    CardClass(id="red", names={"en": "red mite", "fr": "acarien rouge"}),
    CardClass(id="green", names={"en": "green mite", "fr": "acarien vert"}),
    CardClass(id="nothing", names={"fr": "rien"}, role="blank"),
)
FIGURES = (
    Metric(name="accuracy", value=0.9, low=0.85, high=0.94, n=120, data="held-out part", split="test"),
)


@pytest.fixture(scope="package")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_photo(tmp_path_factory.mktemp("photo") / "red.png", "red").read_bytes()


@pytest.fixture(scope="package")
def url(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Iterator[str]:
    """A server with a classifier, a detector and one example."""
    folder = tmp_path_factory.mktemp("models")
    colours = write_colour_model(folder / "colours.onnx", classes=CLASSES, metrics=FIGURES, licence="CC0-1.0")
    squares = write_square_model(folder / "squares.onnx")
    examples = Examples((Example("an example.png", lambda: photo),))
    with served(f"mites={colours.path}", f"squares={squares.path}", options=Options(examples=examples)) as at:
        yield at


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """Asks as a browser would, without a language of its own."""
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def squares_photo(tmp_path: Path) -> Path:
    return tmp_path / "squares.png"
