from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from taxolens.server.doors import Limits
from tests.unit.inference.colour_model import write_colour_model
from tests.unit.inference.square_detector import write_squares
from tests.unit.server.served import KEY, Options, served

VOID = {"meta", "link", "img", "input", "br"}


class Strict(HTMLParser):
    """Reads a page and minds that every element is closed in its turn, and that ids are unique."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


def read(html: str) -> Strict:
    reader = Strict()
    reader.feed(html)
    assert reader.open == []
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    return reader


def upload(photo: bytes, name: str = "my photo.png") -> dict[str, tuple[str, bytes]]:
    return {"file": (name, photo)}


def test_the_page_is_sound_and_tells_of_every_model(browser: httpx.Client) -> None:
    reply = browser.get("/")
    read(reply.text)
    assert reply.status_code == 200
    for told in ("red mite", "90.0%", "85.0 to 94.0%", "120 photos", "CC0-1.0", "mites", "squares"):
        assert told in reply.text, told


def test_nothing_in_the_page_is_run_or_styled_in_place(browser: httpx.Client, photo: bytes) -> None:
    pages = [browser.get("/").text, browser.post("/", files=upload(photo)).text, browser.get("/docs").text]
    for page in pages:
        for tag, attributes in read(page).tags:
            assert tag != "style"
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            assert tag != "script" or attributes.get("src") or attributes["type"] == "application/json"
            address = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            assert not address or address.startswith(("page/", "data:")), address


def test_the_browser_may_load_nothing_from_elsewhere(browser: httpx.Client) -> None:
    policy = browser.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/", "en", "en"),
        ("/", "de, fr-CA;q=0.8, en;q=0.5", "fr"),
        ("/", "de", "en"),
        ("/?lang=fr", "en", "fr"),
        ("/?lang=xx", "fr", "fr"),
    ],
)
def test_the_page_speaks_the_reader_s_language(
    browser: httpx.Client, address: str, accepted: str, language: str
) -> None:
    page = browser.get(address, headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page
    assert ("acarien rouge" in page) is (language == "fr")


def test_an_answer_has_a_bar_for_each_class_and_they_sum_to_one(browser: httpx.Client, photo: bytes) -> None:
    reply = browser.post("/page/answer?lang=fr", files=upload(photo), data={"model": "mites"})
    assert reply.status_code == 200
    read(reply.text)
    shares = [float(share) for share in re.findall(r'<li data-share="([\d.]+)"', reply.text)]
    assert len(shares) == 3
    assert abs(sum(shares) - 1) < 1e-3
    assert "acarien rouge" in reply.text
    assert "my photo.png" in reply.text


def test_boxes_are_drawn_where_things_are(browser: httpx.Client, squares_photo: Path) -> None:
    photo = write_squares(squares_photo, (1, 0, "red"), (2, 1, "green")).read_bytes()
    reply = browser.post("/page/answer", files=upload(photo), data={"model": "squares", "threshold": "0.3"})
    read(reply.text)
    edges = re.findall(r'<rect class="edge" x="([\d.]+)%" y="([\d.]+)%" width="([\d.]+)%"', reply.text)
    places = sorted(tuple(round(float(one)) for one in edge) for edge in edges)
    assert places == [(33, 0, 33), (67, 50, 33)]


def test_a_photo_without_boxes_says_from_where_on_they_would_be_shown(
    browser: httpx.Client, squares_photo: Path
) -> None:
    photo = write_squares(squares_photo).read_bytes()
    html = browser.post("/page/answer", files=upload(photo), data={"model": "squares"}).text
    assert 'data-tone="blank"' in html
    assert "No box is surer than 40%" in html


def test_without_javascript_the_form_brings_a_picture_without_metadata(
    browser: httpx.Client, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    Image.new("RGB", (64, 48), (230, 10, 10)).save(tmp_path / "a.jpg", exif=exif)
    reply = browser.post("/", files=upload((tmp_path / "a.jpg").read_bytes()), data={"model": "mites"})
    (address,) = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', reply.text)
    picture = httpx.URL(f"data:,{address}")
    assert "SECRET" not in str(picture)
    from base64 import b64decode

    small = Image.open(BytesIO(b64decode(address)))
    assert small.size == (64, 48)
    assert not small.getexif()
    read(reply.text)


def test_without_javascript_several_photos_have_an_answer_each(browser: httpx.Client, photo: bytes) -> None:
    files = [("file", ("a.png", photo)), ("file", ("torn.png", photo[:60])), ("file", ("", b""))]
    reply = browser.post("/", files=files, data={"model": "mites"})
    assert reply.status_code == 200
    assert re.findall(r'data-tone="(\w+)"', reply.text) == ["sure", "failed"]
    assert "damaged or cut short" in reply.text


def test_an_example_is_answered_without_an_upload(browser: httpx.Client) -> None:
    reply = browser.post("/", files={"example": (None, "0"), "model": (None, "mites")})
    assert "an example.png: red mite" in reply.text


def test_nothing_chosen_is_told_where_it_was_asked(browser: httpx.Client) -> None:
    reply = browser.post("/", files={"model": (None, "mites")})
    assert reply.status_code == 400
    assert "Choose a photo first." in reply.text
    read(reply.text)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"model": "nobody"}, 404),
        ({"model": "mites", "threshold": "much"}, 422),
        ({"model": "squares", "threshold": "0.01"}, 422),
    ],
)
def test_a_wrong_wish_has_its_status_and_a_sentence(
    browser: httpx.Client, photo: bytes, fields: dict[str, str], status: int
) -> None:
    reply = browser.post("/page/answer", files=upload(photo), data=fields)
    assert reply.status_code == status
    assert reply.json()["error"].endswith(".")


def test_a_form_of_another_kind_is_refused(browser: httpx.Client) -> None:
    assert browser.post("/page/answer", content=b"x").status_code == 415
    assert browser.post("/", content=b"x").status_code == 415


def test_a_name_that_is_html_stays_a_name(browser: httpx.Client, photo: bytes) -> None:
    hostile = "<script>alert(1)</script>\"'.png"
    html = browser.post("/page/answer", files=upload(photo, hostile), data={"model": "mites"}).text
    assert "<script" not in html
    read(html)


def test_formats_that_browsers_do_not_know_are_drawn_for_them(browser: httpx.Client) -> None:
    file = BytesIO()
    Image.new("RGB", (30, 20), (9, 200, 9)).save(file, "TIFF")
    reply = browser.post("/page/picture", files=upload(file.getvalue(), "a.tif"))
    assert reply.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(reply.content)).size == (30, 20)
    assert browser.post("/page/picture", files=upload(b"no image")).status_code == 422


def test_examples_come_whole_and_small(browser: httpx.Client, photo: bytes) -> None:
    assert browser.get("/page/examples/0").content == photo
    assert Image.open(BytesIO(browser.get("/page/examples/0/small").content)).format == "JPEG"
    assert browser.get("/page/examples/7").status_code == 404
    assert browser.get("/page/examples/7/small").status_code == 404


def test_style_and_script_may_be_kept_because_their_address_changes(browser: httpx.Client) -> None:
    page = browser.get("/").text
    for name in ("style.css", "page.js"):
        (address,) = set(re.findall(rf'"(page/{name}\?\w+)"', page))
        reply = browser.get(f"/{address}")
        assert "immutable" in reply.headers["cache-control"]
        assert len(reply.text) > 1000


def test_what_programs_can_ask_is_told_to_people(browser: httpx.Client) -> None:
    page = browser.get("/docs?lang=fr").text
    read(page)
    for path in browser.get("/openapi.json").json()["paths"]:
        assert path in page


def test_a_key_opens_the_page_s_form_and_nothing_is_answered_without(tmp_path: Path, photo: bytes) -> None:
    model = write_colour_model(tmp_path / "m.onnx").path
    with served(model, options=Options(keyed=True)) as url, httpx.Client(base_url=url) as browser:
        page = browser.get("/")
        assert 'type="password"' in page.text
        assert "$TAXOLENS_KEY" in page.text
        assert browser.post("/page/answer", files=upload(photo)).status_code == 401
        assert browser.post("/page/picture", files=upload(photo)).status_code == 401
        said = browser.post("/page/answer", files=upload(photo), headers={"Authorization": f"Bearer {KEY}"})
        assert said.status_code == 200
        plainly = browser.post("/", files=upload(photo), data={"key": "wrong"})
        assert plainly.status_code == 401
        assert "Write yours into the field" in plainly.text
        opened = browser.post("/", files=upload(photo), data={"key": KEY})
        assert opened.status_code == 200
        assert KEY not in opened.text


def test_a_body_that_is_too_large_is_told_on_the_page(tmp_path: Path, photo: bytes) -> None:
    model = write_colour_model(tmp_path / "m.onnx").path
    limits = Limits(body=len(photo) + 100, photos=1)
    with served(model, options=Options(limits=limits)) as url, httpx.Client(base_url=url) as browser:
        assert browser.post("/page/answer", files=upload(photo + bytes(5000))).status_code == 413


def test_links_keep_the_model_and_the_snippets_have_the_address(browser: httpx.Client, url: str) -> None:
    page = browser.get("/?model=squares").text
    assert f"{url}/predict?model=squares" in page.replace("&#34;", '"')
    assert "lang=fr&amp;model=squares" in page


def test_a_page_without_a_model_says_so(tmp_path: Path) -> None:
    model = write_colour_model(tmp_path / "m.onnx").path
    with served(f"m={model}") as url, httpx.Client(base_url=url) as browser:
        assert browser.post("/v2/repository/models/m/unload").status_code == 200
        page = browser.get("/")
        assert page.status_code == 200
        assert "No model answers now" in page.text
        read(page.text)
