"""The page of an inspection in a browser: it works, by pointer and by keyboard, and excludes nobody."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from taxolens.cli.main import main
from tests.browser.conftest import Tab
from tests.conftest import write_class_folders

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with something of everything: copies, a broken file, a photo in the wrong folder."""
    folder = tmp_path_factory.mktemp("inspect")
    photos = write_class_folders(folder / "photos", per_class=24, seed=4)
    shutil.copyfile(photos / "down" / "down_001.jpg", photos / "across" / "copy.jpg")
    (photos / "slanted" / "broken.jpg").write_bytes(b"no photo")
    (photos / "slanted" / "slanted_003.jpg").rename(photos / "down" / "lost.jpg")
    page = folder / "page.html"
    with pytest.raises(SystemExit) as left, pytest.MonkeyPatch.context() as patch:
        patch.setattr("taxolens.cli.inspect.settings", _home(folder / "home"))
        main(["inspect", str(photos), "--report", str(page), "--quiet"])
    assert left.value.code == 3
    return page


def _home(home: Path) -> Any:
    from taxolens.settings import Settings

    return Settings(home=home, language="en")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_opens_without_complaint_and_passes_axe(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    tab = Tab(browser, report, width=width, scheme=scheme)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.faults() == []
    assert tab.complaints == []
    tab.page.close()


def test_a_pointer_on_the_map_shows_the_photo_beneath_it(browser: Any, report: Path) -> None:
    tab = Tab(browser, report, width=1280)
    tab.page.locator(".scatter").scroll_into_view_if_needed()
    mark = tab.page.locator(".cloud path").nth(7)
    mark.hover(force=True)
    card = tab.page.locator(".scatter-card")
    assert card.is_visible()
    assert card.locator(".file").text_content().endswith(".jpg")
    drawn = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
    assert card.locator("canvas").evaluate(drawn) > 5
    tab.page.mouse.move(2, 2)
    assert not card.is_visible()
    assert tab.complaints == []
    tab.page.close()


def test_arrow_keys_walk_from_photo_to_photo(browser: Any, report: Path) -> None:
    tab = Tab(browser, report, width=1280)
    tab.page.locator(".scatter-field").focus()
    seen = set()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        tab.page.keyboard.press(key)
        seen.add(tab.page.locator(".scatter [data-told]").text_content())
    assert len(seen) >= 3
    tab.page.keyboard.press("Escape")
    assert not tab.page.locator(".scatter-card").is_visible()
    tab.page.close()


def test_the_legend_shows_a_class_alone_and_all_again(browser: Any, report: Path) -> None:
    tab = Tab(browser, report, width=1280)
    marks, faded = tab.page.locator(".cloud path"), tab.page.locator(".cloud path.faded")
    tab.page.locator(".legend button").first.click()
    assert 0 < faded.count() < marks.count()
    assert tab.page.locator(".legend button").first.get_attribute("aria-pressed") == "true"
    tab.page.locator(".legend-all").click()
    assert faded.count() == 0
    tab.page.close()


def test_steps_lead_to_what_they_speak_of(browser: Any, report: Path) -> None:
    tab = Tab(browser, report, width=1280)
    for link in tab.page.locator(".step a").all():
        target = link.get_attribute("href")
        assert tab.page.locator(f"section{target}").count() == 1, target
    tab.page.close()
