from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import Markup

from taxolens.core.texts import plain
from taxolens.report.clusters import Badge, Cluster, Clusters
from taxolens.report.columns import columns_chart
from taxolens.report.gallery import Budget, Gallery, Picture
from taxolens.report.histogram import counted, histogram
from taxolens.report.named_map import LEVELS
from taxolens.report.outline import Step, Steps, Titled
from taxolens.report.page import Page, Pair, Section
from taxolens.report.panels import Command, Commands, Fact, Facts, Notice, Tile, Tiles, Tone
from taxolens.report.pie import pie_chart
from taxolens.report.scatter import Point, scatter_map
from taxolens.report.small import Small, Smalls, small_histogram
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording

WORDING = Wording(plain, "en")
HOSTILE = "<script>alert('a')</script>\"'><img src=x onerror=alert(1)>&amp;\x00\x1b\ud800\u202e"
STYLE = Path(__file__).parents[3] / "src/taxolens/report/templates/page.css"
VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}


class Reader(HTMLParser):
    """Reads a page strictly: every element that is opened is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def page_of(*blocks: object, title: str = "A page") -> str:
    section = Section("one", "One", "Text", tuple(blocks))  # type: ignore[arg-type]
    return Page(title, "The lead.", (section,)).html(WORDING)


def every_block(word: str) -> list[object]:
    """One of each block, with a word in every place that takes one."""
    table = Table(
        word, (Column(word, explanation=word), Column(word)), (Row((Cell(word), Cell(word, mono=True))),)
    )
    return [
        Tiles((Tile(word, word, word, word, ShareBar(0.5, 0.4, 0.6)),)),
        Notice(word, Tone.CAREFUL, (word,)),
        Facts((Fact(word, word, mono=True),)),
        Commands((Command(word, word),)),
        Pair((table, Notice(word))),
        Gallery(word, (Picture(word, b"\xff\xd8", ((word, word),), right=False), Picture(word, None, ()))),
        histogram(counted([1.0, 2.0]), WORDING, title=word, reading=word, x_title=word),
        pie_chart([(word, 3), ("other", 1)], WORDING, title=word, reading=word),
        columns_chart([(word, 3)], WORDING, title=word, reading=word, x_title=word, unit=word),
        Smalls(word, (a_small(word),)),
        scatter_map([Point(word, 0.1, 0.2, 0)], [word], WORDING, title=word, reading=word),
        Clusters(word, (Cluster(word, (Picture(word, b"\xff\xd8", ()),), (Badge(word, Tone.BAD),), word),)),
        Titled(word, (Notice(word),), word, word),
        Titled(word, (Notice(word),), folded=True),
        Steps(word, (Step(word, word, Tone.BAD, "one", word), Step(word, word))),
    ]


def a_small(word: str) -> Small:
    ranges = counted([1.0, 2.0])
    return small_histogram(ranges, WORDING, title=word, value=word, reading=word, ends=(word, word))


def test_a_page_is_well_formed_and_complete() -> None:
    reader = read(page_of(*every_block("word")))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("nav") == 1
    assert dict(reader.tags)["html"]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in reader.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.tags:
        for named in (attributes.get("aria-labelledby") or "").split():
            assert named in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def test_no_name_can_break_out_of_its_place() -> None:
    html = page_of(*every_block(HOSTILE), title=HOSTILE)
    quiet = read(page_of(*every_block("word")))
    loud = read(html)
    assert [tag for tag, _ in loud.tags] == [tag for tag, _ in quiet.tags]
    for (_, attributes), (_, others) in zip(loud.tags, quiet.tags, strict=True):
        assert set(attributes) == set(others)
    assert not any(name.startswith("on") for _, attributes in loud.tags for name in attributes)
    assert "<script>alert('a')</script>" in "".join(loud.text)
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", html)


def test_a_page_asks_for_nothing_from_elsewhere() -> None:
    html = page_of(*every_block("word"))
    for tag, attributes in read(html).tags:
        for name in ("src", "href", "srcset", "action", "poster", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
    assert not re.search(r"url\(|@import|https?://|fetch\(|XMLHttpRequest|\beval\b", html)


def test_the_policy_allows_its_own_style_and_script_and_no_other() -> None:
    html = page_of(Notice("word"))
    policy = next(a["content"] or "" for t, a in read(html).tags if t == "meta" and a.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert "unsafe" not in policy


def test_numbers_stand_to_the_right_and_bear_what_they_are_sorted_by() -> None:
    columns = (Column("Class"), Column("Photos", numeric=True))
    rows = (
        Row((Cell("fox"), Cell("1,200", 1200.0))),
        Row((Cell("hare"), Cell("–", float("nan"))), weak=True),
    )
    cells = [
        (tag, a) for tag, a in read(page_of(Table("Counts", columns, rows))).tags if tag in ("th", "td", "tr")
    ]
    numbers = [a for tag, a in cells if tag == "td"]
    assert [a["class"] for a in numbers] == ["number", "number"]
    assert [a["data-sort"] for a in numbers] == ["1200.0", ""]
    assert ("tr", {"class": "weak"}) in cells
    assert [a.get("scope") for tag, a in cells if tag == "th"] == ["col", "col", "row", "row"]


def test_right_and_wrong_are_said_in_words_and_shapes() -> None:
    pictures = (Picture("a.jpg", b"\xff\xd8", (), right=True), Picture("b.jpg", b"\xff\xd8", (), right=False))
    reader = read(page_of(Gallery("Pictures", pictures)))
    text = [piece.strip() for piece in reader.text]
    assert text.count("right") == text.count("wrong") == 1
    shapes = [tag for tag, _ in reader.tags]
    assert shapes.count("circle") == 1
    assert shapes.count("rect") == 1


def test_a_picture_travels_in_the_page_and_is_loaded_when_it_is_needed() -> None:
    jpeg = b"\xff\xd8picture"
    images = [
        a for tag, a in read(page_of(Gallery("Pictures", (Picture("a.jpg", jpeg, ()),)))).tags if tag == "img"
    ]
    assert images == [{"src": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(), "alt": ""}]


def test_pictures_stop_where_the_budget_ends() -> None:
    budget = Budget(250)
    asked: list[str] = []

    def thumbnail(name: str) -> bytes | None:
        asked.append(name)
        return None if name == "absent" else bytes(100)

    taken = [budget.take(name, thumbnail) for name in ("a", "absent", "b", "c")]
    assert [bool(one) for one in taken] == [True, False, True, False]
    assert asked == ["a", "absent", "b", "c"]


def test_words_of_the_page_are_the_readers() -> None:
    french = Wording(lambda text: {"Contents": "Sommaire", "wrong": "faux"}.get(text, text), "fr")
    section = Section("a", "A", blocks=(Gallery("G", (Picture("b.jpg", None, (), right=False),)),))
    reader = read(Page("T", "L", (section,)).html(french))
    text = "".join(reader.text)
    assert "Sommaire" in text
    assert "faux" in text
    assert dict(reader.tags)["html"]["lang"] == "fr"


def test_drawings_are_not_escaped_a_second_time() -> None:
    assert isinstance(ShareBar(0.5).svg, Markup)
    assert "&lt;svg" not in page_of(Tiles((Tile("a", "b", bar=ShareBar(0.5)),)))


def colours(dark: bool) -> dict[str, str]:
    css = STYLE.read_text(encoding="utf-8")
    light_block, dark_block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light_block))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark_block)) if dark else {})


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_on_its_ground(dark: bool) -> None:
    colour = colours(dark)
    grounds = ("paper", "card", "sunk", "accent-soft", "careful-soft")
    for ground in grounds:
        for ink in ("ink", "quiet"):
            assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    for ink in ("accent", "good", "bad"):
        assert contrast(colour[ink], colour["paper"]) >= 4.5
        assert contrast(colour[ink], colour["card"]) >= 4.5
    for kind in ("hit", "miss"):
        for step in range(1, LEVELS + 1):
            assert contrast(colour[f"{kind}{step}"], colour[f"{kind}{step}-ink"]) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_a_higher_share_is_always_further_from_the_ground(dark: bool) -> None:
    colour = colours(dark)
    for kind in ("hit", "miss"):
        steps = [contrast(colour[f"{kind}{step}"], colour["card"]) for step in range(1, LEVELS + 1)]
        assert steps == sorted(steps)
        assert steps[-1] >= 3


def test_an_option_in_a_sentence_is_not_broken_at_its_hyphens() -> None:
    html = page_of(Notice("See <b> --site-by and well--known"))
    assert 'See &lt;b&gt; <span class="option">--site-by</span> and well--known' in html


def test_a_name_breaks_where_it_is_joined_and_a_figure_never() -> None:
    page = page_of(
        Table("t", (Column("a"), Column("b")), (Row((Cell("tomocerus_vulgaris"), Cell("0.816 <b>"))),))
    )
    assert "tomocerus_<wbr>vulgaris" in page and "0.816 &lt;b&gt;" in page


def test_the_meaning_of_a_column_is_written_out() -> None:
    columns = (Column("Class"), Column("AR", explanation="Recall, however low the score."))
    text = " ".join(read(page_of(Table("t", columns, (Row((Cell("a"), Cell("b"))),)))).text)
    assert "What the columns mean" in text and "Recall, however low the score." in text
    plain_table = Table("t", (Column("a"),), (Row((Cell("b"),)),))
    assert "What the columns mean" not in page_of(plain_table)
