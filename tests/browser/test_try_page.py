"""The page to try models on, in a browser: with mouse, keyboard and phone, with and without JavaScript."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from taxolens.modelfile.card import CardClass, Metric
from taxolens.server.doors import Limits
from taxolens.server.page.examples import Example, Examples
from tests.browser.conftest import Sheet
from tests.unit.inference.colour_model import write_colour_model, write_photo
from tests.unit.inference.square_detector import CELL, squares, write_square_model
from tests.unit.server.served import KEY, Options, served

pytestmark = pytest.mark.slow

CLASSES = (
    CardClass(id="red", names={"en": "red mite", "fr": "acarien rouge"}),
    CardClass(id="green", names={"en": "green mite", "fr": "acarien vert"}),
    CardClass(id="nothing", names={"en": "nothing", "fr": "rien"}, role="blank"),
)
FIGURES = (
    Metric(name="accuracy", value=0.9, low=0.85, high=0.94, n=120, data="held-out part", split="test"),
)
BODY = 200_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and photos."""
    made = tmp_path_factory.mktemp("try")
    write_colour_model(made / "colours.onnx", classes=CLASSES, metrics=FIGURES)
    write_square_model(made / "squares.onnx")
    for colour in ("red", "green", "nothing", "grey"):
        write_photo(made / f"{colour}.png", colour, size=(320, 240))
    squares((1, 0, "red"), (2, 1, "green 0.8")).resize((960, 640), Image.Resampling.NEAREST).save(
        made / "boxes.png"
    )
    Image.open(made / "green.png").resize((160, 120)).save(made / "green.tif")
    (made / "torn.png").write_bytes((made / "red.png").read_bytes()[:400])
    (made / "text.png").write_text("no photo", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    example = (folder / "green.png").read_bytes()
    options = Options(limits=Limits(body=BODY), examples=Examples((Example("example.png", lambda: example),)))
    with served(
        f"mites={folder / 'colours.onnx'}", f"squares={folder / 'squares.onnx'}", options=options
    ) as at:
        yield at


@pytest.fixture
def sheet(browser: Any, url: str) -> Iterator[Sheet]:
    opened = Sheet(browser, url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(390, "light", "en"), (390, "dark", "fr"), (1280, "light", "fr"), (1280, "dark", "en")],
)
def test_the_page_passes_axe_before_and_after_it_was_asked(
    browser: Any, url: str, folder: Path, width: int, scheme: str, language: str
) -> None:
    sheet = Sheet(browser, f"{url}/?model=squares&lang={language}", width=width, scheme=scheme)
    assert sheet.faults() == []
    sheet.give(folder / "boxes.png", folder / "torn.png")
    sheet.wait_for_answer()
    sheet.settled(2)
    assert sheet.page.evaluate("document.documentElement.scrollWidth") <= width
    assert sheet.faults() == []
    assert sheet.complaints == []
    sheet.close()


def test_the_description_for_programs_passes_axe(browser: Any, url: str) -> None:
    sheet = Sheet(browser, f"{url}/docs", width=390)
    assert sheet.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert sheet.faults() == []
    assert sheet.complaints == []
    sheet.close()


def test_a_photo_that_is_dropped_is_answered_within_a_moment(sheet: Sheet, folder: Path) -> None:
    began = time.monotonic()
    sheet.drop(folder / "red.png")
    sheet.wait_for_answer()
    assert time.monotonic() - began < 10  # a second on a machine that does nothing else
    assert "red mite" in sheet.headline()
    shares = sheet.page.locator(".shares li").evaluate_all("all => all.map(one => Number(one.dataset.share))")
    assert abs(sum(shares) - 1) < 1e-3
    assert (
        sheet.page.locator(".share-value").first.text_content()
        == sheet.page.locator(".headline-percent").text_content()
    )
    width = sheet.page.locator(".share-bar .bar").first.bounding_box()["width"]
    track = sheet.page.locator(".share-bar .track").first.bounding_box()["width"]
    assert width / track == pytest.approx(shares[0], abs=0.01)
    assert "red.png: red mite" in sheet.told()


def test_a_photo_that_is_pasted_is_answered(sheet: Sheet, folder: Path) -> None:
    sheet.paste(folder / "green.png")
    sheet.wait_for_answer()
    assert "green mite" in sheet.headline()


def test_unsure_and_blank_are_said_in_words(sheet: Sheet, folder: Path) -> None:
    sheet.give(folder / "grey.png")
    sheet.wait_for_answer()
    assert sheet.headline().startswith("Not sure")
    assert "Let a person look" in sheet.said()
    assert "It cannot rule out" in sheet.said()
    sheet.give(folder / "nothing.png")
    sheet.settled(2)
    assert "nothing" in sheet.headline()
    assert sheet.page.locator("article").get_attribute("data-tone") == "blank"


@pytest.mark.parametrize("width", [390, 1280])
def test_boxes_and_their_names_lie_where_things_are(browser: Any, url: str, folder: Path, width: int) -> None:
    sheet = Sheet(browser, f"{url}/?model=squares", width=width)
    sheet.give(folder / "boxes.png")
    sheet.wait_for_answer()
    sheet.page.locator(".tag").first.wait_for()
    image = sheet.page.locator(".frame img").bounding_box()
    cell = image["width"] / 3
    first, second = (sheet.page.locator(".boxed .edge").nth(number).bounding_box() for number in (0, 1))
    assert first["x"] - image["x"] == pytest.approx(cell, abs=3)
    assert first["width"] == pytest.approx(cell, abs=4)
    assert second["y"] - image["y"] == pytest.approx(image["height"] / 2, abs=3)
    tags = [one.bounding_box() for one in sheet.page.locator(".tag").all()]
    for tag in tags:
        assert image["x"] - 1 <= tag["x"] and tag["x"] + tag["width"] <= image["x"] + image["width"] + 1
        for box in (first, second):
            apart = tag["x"] >= box["x"] + box["width"] - 3 or tag["x"] + tag["width"] <= box["x"] + 3
            above = tag["y"] >= box["y"] + box["height"] - 3 or tag["y"] + tag["height"] <= box["y"] + 3
            assert apart or above, "a name lies on an animal"
    assert sheet.page.locator(".tag").all_text_contents() == ["1 red", "2 green"]
    sheet.close()


def test_a_name_in_the_list_brings_its_box_forward(sheet: Sheet, folder: Path) -> None:
    sheet.choose_model("squares")
    sheet.give(folder / "boxes.png")
    sheet.wait_for_answer()
    sheet.page.locator(".found summary").nth(1).focus()
    assert "looked-at" in sheet.page.locator('.boxed[data-number="2"]').get_attribute("class")
    sheet.page.keyboard.press("Enter")
    assert sheet.page.locator(".found details").nth(1).evaluate("one => one.open")


def test_a_higher_threshold_takes_boxes_away_and_a_lower_one_brings_them_back(
    sheet: Sheet, folder: Path
) -> None:
    sheet.choose_model("squares")
    sheet.give(folder / "boxes.png")
    sheet.wait_for_answer()
    sheet.page.locator(".found > li").nth(1).wait_for()
    slider = sheet.page.locator("#threshold")
    slider.fill("0.9")
    sheet.page.locator(".found > li:only-child").wait_for()
    assert sheet.headline().startswith("red")
    slider.fill("0.2")
    sheet.page.locator(".found > li").nth(1).wait_for()


def test_another_model_is_asked_about_the_same_photo(sheet: Sheet, folder: Path) -> None:
    sheet.give(folder / "red.png")
    sheet.wait_for_answer()
    assert sheet.page.locator("#limit").is_hidden()
    sheet.choose_model("squares")
    sheet.page.locator('article[data-model="squares"]').wait_for()
    assert sheet.page.locator("#limit").is_visible()
    assert sheet.page.locator('.model[data-model="squares"]').is_visible()
    assert sheet.page.locator('.model[data-model="mites"]').is_hidden()


def test_several_photos_have_a_list_and_each_its_answer(sheet: Sheet, folder: Path) -> None:
    sheet.give(*(folder / name for name in ("red.png", "green.png", "torn.png")))
    sheet.settled(3)
    assert "3 of 3" in sheet.page.locator("#progress").text_content()
    sheet.page.locator(".film-show").nth(1).click()
    assert "green mite" in sheet.headline()
    sheet.page.locator(".film-show").nth(2).click()
    assert "cannot be read" in sheet.headline()
    sheet.page.locator(".film-remove").nth(2).click()
    assert sheet.page.locator(".film").count() == 2
    sheet.page.locator("#start-over").click()
    assert sheet.page.locator("#answer").is_hidden()
    assert sheet.page.locator(".dropzone-title").is_visible()


def test_an_example_is_tried_with_one_click_and_the_next_after_it(sheet: Sheet) -> None:
    sheet.page.locator(".example").click()
    sheet.wait_for_answer()
    assert "green mite" in sheet.headline()
    sheet.page.locator(".example").click()
    sheet.settled(2)


@pytest.mark.parametrize(
    ("name", "sentence"), [("text.png", "no image"), ("torn.png", "damaged or cut short")]
)
def test_what_is_no_photo_is_told(sheet: Sheet, folder: Path, name: str, sentence: str) -> None:
    sheet.give(folder / name)
    sheet.wait_for_answer()
    assert sentence in sheet.said()


def test_a_format_that_browsers_do_not_know_is_shown_all_the_same(sheet: Sheet, folder: Path) -> None:
    sheet.give(folder / "green.tif")
    sheet.wait_for_answer()
    sheet.page.wait_for_timeout(100)
    for _ in range(100):
        if sheet.page.locator(".frame img").evaluate_all("all => all[0]?.naturalWidth") == 160:
            break
        sheet.page.wait_for_timeout(100)
    assert sheet.page.locator(".frame img").evaluate("one => one.naturalWidth") == 160
    assert "green mite" in sheet.headline()


def test_a_photo_that_is_too_large_is_sent_smaller_and_that_is_said(sheet: Sheet, tmp_path: Path) -> None:
    noise = Image.effect_noise((500, 400), 90).convert("RGB")
    noise.save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > BODY
    sheet.give(tmp_path / "large.png")
    sheet.wait_for_answer()
    assert "It was sent smaller" in sheet.said()


def test_a_busy_server_is_asked_again_until_it_answers(sheet: Sheet, folder: Path) -> None:
    turned_away = []

    def busy(route: Any) -> None:
        turned_away.append(route)
        if len(turned_away) < 3:
            route.fulfill(status=503, headers={"Retry-After": "0"}, json={"error": "Busy."})
        else:
            route.continue_()

    sheet.page.route("**/page/answer*", busy)
    sheet.give(folder / "red.png")
    sheet.wait_for_answer(30)
    assert len(turned_away) == 3
    assert "red mite" in sheet.headline()
    sheet.complaints.clear()  # the browser's own remarks on the statuses


def test_a_server_that_is_gone_is_told_and_can_be_tried_again(sheet: Sheet, folder: Path) -> None:
    sheet.page.route("**/page/answer*", lambda route: route.abort())
    sheet.give(folder / "red.png")
    sheet.page.locator(".said .notice").wait_for()
    assert "cannot be reached" in sheet.said()
    sheet.page.unroute("**/page/answer*")
    sheet.page.locator(".said .button").click()
    sheet.wait_for_answer()
    assert "red mite" in sheet.headline()
    sheet.complaints.clear()


def test_everything_can_be_done_with_the_keyboard(sheet: Sheet) -> None:
    reached = []
    for _ in range(12):
        sheet.page.keyboard.press("Tab")
        reached.append(sheet.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert [name for name in reached if name in ("skip", "file", "model", "example")] == [
        "skip",
        "file",
        "model",
        "example",
    ]
    sheet.page.locator(".example").focus()
    sheet.page.keyboard.press("Enter")
    sheet.wait_for_answer()


def test_a_snippet_is_copied(browser: Any, url: str) -> None:
    sheet = Sheet(browser, url, permissions=["clipboard-read", "clipboard-write"])
    sheet.page.locator(".copy").first.click()
    sheet.page.get_by_text("Copied").first.wait_for()
    assert f"{url}/predict?model=mites" in sheet.page.evaluate("navigator.clipboard.readText()")
    sheet.close()


def test_a_key_is_asked_for_and_kept_for_this_tab_alone(browser: Any, folder: Path) -> None:
    with served(folder / "colours.onnx", options=Options(keyed=True)) as url:
        sheet = Sheet(browser, url)
        sheet.give(folder / "red.png")
        sheet.page.locator(".said .notice").wait_for()
        assert "key" in sheet.said()
        sheet.page.locator("#key").fill(KEY)
        sheet.page.locator("#key").press("Tab")
        sheet.wait_for_answer()
        sheet.page.reload()
        assert sheet.page.locator("#key").input_value() == KEY
        assert sheet.page.evaluate("localStorage.length") == 0
        assert sheet.page.context.cookies() == []
        sheet.complaints.clear()
        sheet.close()


def test_a_model_that_was_updated_meanwhile_is_told(browser: Any, folder: Path) -> None:
    with served(f"m={folder / 'colours.onnx'}") as url:
        sheet = Sheet(browser, url)
        assert sheet.page.request.post(f"{url}/v2/repository/models/m/load").ok
        sheet.give(folder / "red.png")
        sheet.wait_for_answer()
        assert "updated to version 2" in sheet.said()
        sheet.close()


def test_a_phone_offers_its_camera(browser: Any, url: str, folder: Path) -> None:
    sheet = Sheet(browser, url, width=390, phone=True)
    camera = sheet.page.locator("#camera")
    assert camera.get_attribute("capture") == "environment"
    assert sheet.page.get_by_text("Take a photo", exact=True).is_visible()
    camera.set_input_files(folder / "red.png")
    sheet.wait_for_answer()
    headline = sheet.page.locator(".headline").bounding_box()
    assert headline["y"] < 844, "the answer is in sight"
    sheet.close()


def test_without_javascript_a_form_does_the_same(browser: Any, url: str, folder: Path) -> None:
    sheet = Sheet(browser, f"{url}/?model=squares", javascript=False)
    sheet.page.locator("#file").set_input_files([folder / "boxes.png", folder / "text.png"])
    sheet.page.get_by_role("button", name="Ask the model").click()
    assert sheet.page.locator("article").count() == 2
    assert "1\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}red" in sheet.page.locator(".headline").first.text_content()
    image = sheet.page.locator(".frame img").first.bounding_box()
    box = sheet.page.locator(".boxed .edge").first.bounding_box()
    assert box["x"] - image["x"] == pytest.approx(image["width"] / 3, abs=3)
    assert "no image" in sheet.page.locator(".said").nth(1).text_content()
    sheet.page.locator(".example").click()
    assert "example.png" in sheet.page.locator(".said-name").text_content()
    sheet.close()


def test_a_small_photo_is_shown_large(sheet: Sheet, tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (CELL, CELL), (200, 20, 20)).save(file, "PNG")
    (tmp_path / "tiny.png").write_bytes(file.getvalue())
    sheet.give(tmp_path / "tiny.png")
    sheet.wait_for_answer()
    assert sheet.page.locator(".frame img").bounding_box()["width"] >= 300
