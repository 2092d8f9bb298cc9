"""The page of a comparison in a browser: it opens, fits every screen, and excludes nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxolens.core.texts import plain
from taxolens.core.trainer import Epoch
from taxolens.languages.translate import translator
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.tracking.history import write_epochs
from taxolens.workflows.compare import compare
from taxolens.workflows.run_folder import HISTORY
from tests.browser.conftest import Tab
from tests.unit.workflows.made_run import COLOURS, make_run, write_model_of, write_photos

pytestmark = pytest.mark.slow

EPOCHS = tuple(Epoch("network", number, 0.1, 1 / number, 0.5, 1 / number, 0.5, 1.0) for number in range(1, 9))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page with something of everything, by language: epochs, a long name, a broken file, learnt photos."""
    folder = tmp_path_factory.mktemp("compare")
    photos = write_photos(folder / "photos", 8)
    (photos / "red" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    runs = [make_run(folder / name, learnt=sorted(photos.glob("red/*.png"))) for name in ("one", "two")]
    for run in runs:
        write_epochs(EPOCHS, run / HISTORY)
    blind = [("red", "0.05"), ("green", "0.04"), ("nothing", "0.03")]
    models = [
        *runs,
        write_model_of(folder / "a model with a rather long name of many_words_in_one.onnx", COLOURS).path,
        *(write_model_of(folder / f"blind_{number}.onnx", blind).path for number in range(4)),
    ]
    made = {}
    for language, say in (("en", plain), ("fr", translator("fr"))):
        made[language] = folder / f"{language}.html"
        recipe = CompareRecipe(
            tuple(models), SourceRecipe(photos), timed=4, report=made[language], language=language
        )
        compare(recipe, home=folder / "home", say=say)
    return made


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_opens_without_complaint_and_passes_axe(
    browser: Any, pages: dict[str, Path], width: int, scheme: str, language: str
) -> None:
    tab = Tab(browser, pages[language], width=width, scheme=scheme)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.faults() == []
    assert tab.complaints == []
    tab.page.close()


def test_names_in_a_drawing_stay_within_it(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser, pages["en"], width=360)
    outside = """() => [...document.querySelectorAll('svg.plot text')].filter(text => {
        const inner = text.getBoundingClientRect();
        return inner.width && (inner.left < 0 || inner.right > innerWidth + 1);
    }).map(text => text.textContent)"""
    assert tab.page.evaluate(outside) == []
    tab.page.close()
