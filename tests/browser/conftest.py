"""A real browser, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


def chromium() -> str | None:
    """Where Chromium lies."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window; tests that need it are skipped where it is not."""
    playwright = pytest.importorskip("playwright.sync_api")
    place = chromium()
    if place is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=place, args=ARGUMENTS)
        yield started
        started.close()


class Tab:
    """A page that is open, with everything that it complained of."""

    def __init__(self, browser: Any, file: Path, *, width: int, scheme: str = "light") -> None:
        self.complaints: list[str] = []
        self.page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url, file))
        self.page.goto(file.as_uri())

    def _asked(self, address: str, file: Path) -> None:
        if address != file.as_uri() and not address.startswith("data:"):
            self.complaints.append(f"asked for {address}")

    def faults(self) -> list[str]:
        """What axe finds wrong with the page for people who do not see, hear or point."""
        axe = pytest.importorskip("axe_core_python.sync_playwright")
        found = axe.Axe().run(self.page)
        return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
