"""The page of an inspection as people read it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from taxolens.compose.trainers import load_backbone_maker
from taxolens.languages.translate import translator
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.parse import parse_recipe
from taxolens.workflows.inspect import inspect
from tests.conftest import write_class_folders


class Words(HTMLParser):
    """The texts of a page, without its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._silent = 0
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "footer")
        self.texts += [value for name, value in attrs if value and name in ("alt", "aria-label", "title")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "footer")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(data.strip())


@dataclass(frozen=True)
class French:
    """An inspection of stripes of which five have another's name, in French."""

    texts: list[str]
    document: dict[str, Any]


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> French:
    out = tmp_path_factory.mktemp("french")
    data = write_class_folders(out / "stripes", per_class=20)
    kinds = sorted(folder for folder in data.iterdir())
    for number in range(5):
        old = kinds[number % 3] / f"{kinds[number % 3].name}_{number:03d}.jpg"
        old.rename(kinds[(number + 1) % 3] / f"swapped_{number}.jpg")
    asked = {"source.data": data, "report": out / "page.html", "json": out / "found.json", "language": "fr"}
    recipe = parse_recipe(InspectRecipe, asked)
    inspect(recipe, home=out / "home", maker=load_backbone_maker, say=translator("fr"))
    page = (out / "page.html").read_text(encoding="utf-8")
    return French(Words(page).texts, json.loads((out / "found.json").read_text(encoding="utf-8")))


def test_the_card_and_the_advice_count_the_same_labels(french: French) -> None:
    likely = sum(one["likely"] for one in french.document["suspects"])
    (advice,) = (one for one in french.document["advice"] if one["code"] == "labels")
    assert likely and re.findall(r"\d+", advice["title"]) == [str(likely)]
    card = advice["title"].split("\u00a0:")[0]
    assert (card, str(likely)) in pairwise(french.texts)


def test_no_decimal_point_stands_in_a_french_page(french: French) -> None:
    shown = [
        text
        for text in french.texts
        if re.search(r"\d\.\d", re.sub(r"arXiv [\d.]+", "", text)) and "Taxolens" not in text
    ]
    assert shown == []
    assert any(re.search(r"\d,\d", text) for text in french.texts)
