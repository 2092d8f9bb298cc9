"""A real browser, where there is one."""

from __future__ import annotations

import base64
import re
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
        return axe_faults(self.page)


def axe_faults(page: Any) -> list[str]:
    """What axe finds wrong with a page for people who do not see, hear or point."""
    axe = pytest.importorskip("axe_core_python.sync_playwright")
    found = axe.Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


_HAND_OVER = """([kind, name, data]) => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/png' }));
    const event = kind === 'paste'
        ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
}"""


class Sheet:
    """The page of a model server that is open, with everything that it complained of."""

    def __init__(
        self,
        browser: Any,
        address: str,
        *,
        width: int = 1280,
        scheme: str = "light",
        javascript: bool = True,
        phone: bool = False,
        permissions: list[str] | None = None,
    ) -> None:
        self.complaints: list[str] = []
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=javascript,
            is_mobile=phone,
            has_touch=phone,
            locale="en-GB",
            permissions=permissions or [],
        )
        self.page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)

    def close(self) -> None:
        """Closes the page, and what it kept."""
        self.page.context.close()

    def faults(self) -> list[str]:
        """See `axe_faults`."""
        return axe_faults(self.page)

    def give(self, *files: Path) -> None:
        """Chooses photos."""
        self.page.locator("#file").set_input_files(list(files))

    def drop(self, file: Path) -> None:
        """Drags a photo onto the page and lets go."""
        for kind in ("dragenter", "dragover", "drop"):
            self._hand_over(kind, file)

    def paste(self, file: Path) -> None:
        """Pastes a photo."""
        self._hand_over("paste", file)

    def _hand_over(self, kind: str, file: Path) -> None:
        data = base64.b64encode(file.read_bytes()).decode()
        self.page.evaluate(_HAND_OVER, [kind, file.name, data])

    def choose_model(self, name: str) -> None:
        """Chooses whom to ask."""
        self.page.locator("#model").select_option(name)

    def wait_for_answer(self, seconds: float = 20) -> None:
        """Until the photo that is looked at has its answer."""
        self.page.locator('article[aria-busy="false"] .headline').wait_for(timeout=1000 * seconds)

    def settled(self, count: int) -> None:
        """Until so many photos have their answers."""
        all_of_them = re.compile(rf"^{count} \D+{count} ")
        self.page.locator("#progress", has_text=all_of_them).wait_for(timeout=20_000)

    def headline(self) -> str:
        """The answer."""
        return str(self.page.locator(".headline > span").text_content())

    def said(self) -> str:
        """All that is said of the photo."""
        return str(self.page.locator(".said").text_content())

    def told(self) -> str:
        """What those hear who do not see the page."""
        return str(self.page.locator("#told").text_content())
