from __future__ import annotations

import io
import random
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from taxolens.core.records import Failure
from taxolens.core.texts import plain
from taxolens.evaluation.result import (
    Calibration,
    ClassificationResult,
    ClassResult,
    ConformalResult,
    CoveragePoint,
    Interval,
    Mistake,
    ReliabilityBin,
)
from taxolens.recipes.split import SplitBy
from taxolens.workflows.model_facts import (
    AgreementFacts,
    BackboneFacts,
    ClassCounts,
    DuplicateFacts,
    FileFacts,
    HeadFacts,
    ModelFacts,
    NextStep,
    SplitFacts,
)
from taxolens.workflows.model_page import model_page

CHROMIUM = Path("/usr/bin/chromium")
NAN = float("nan")


def around(value: float, n: int) -> Interval:
    if not n:
        return Interval(NAN, NAN, NAN)
    half = 1.96 * (max(value * (1 - value), 0.01) / n) ** 0.5
    return Interval(value, max(value - half, 0.0), min(value + half, 1.0))


def a_calibration(answers: list[Mistake], power: float) -> Calibration:
    bins = []
    for k in range(15):
        low, high = k / 15, (k + 1) / 15
        inside = [a for a in answers if low < a.score**power <= high]
        if inside:
            mean = sum(a.score**power for a in inside) / len(inside)
            right = sum(a.truth == a.predicted for a in inside) / len(inside)
            bins.append(ReliabilityBin(low, high, mean, right, len(inside)))
    n = len(answers) or 1
    return Calibration(sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / n, tuple(bins))


def draw_answers(labels: tuple[str, ...], n: int, error: float, seed: int) -> list[Mistake]:
    chance = random.Random(seed)
    weights = [1 / (1 + i) ** 0.5 for i in range(len(labels))]
    answers = []
    for number in range(n):
        i = chance.choices(range(len(labels)), weights)[0]
        wrong = chance.random() < error
        neighbour = chance.choice([i + 1, i - 1, chance.randrange(len(labels))]) % len(labels)
        j = neighbour if wrong else i
        score = chance.betavariate(3, 2) if wrong else chance.betavariate(12, 1)
        answers.append(Mistake(f"site {number % 7}/IMG_{number:04}.JPG", labels[i], labels[j], score))
    return answers


def coverage_of(answers: list[Mistake]) -> tuple[CoveragePoint, ...]:
    surest = sorted(answers, key=lambda a: -a.score)
    right, points = 0, []
    for rank, answer in enumerate(surest, 1):
        right += answer.truth == answer.predicted
        points.append(CoveragePoint(answer.score, rank / len(surest), right / rank))
    return tuple(reversed(points))


def class_of(label: str, i: int, matrix: list[list[int]]) -> ClassResult:
    support, called, right = sum(matrix[i]), sum(row[i] for row in matrix), matrix[i][i]
    recall = around(right / support if support else NAN, support)
    precision = around(right / called if called else NAN, called)
    f1 = around(2 * right / (support + called) if support + called else NAN, support)
    return ClassResult(label, precision, recall, f1, support)


def a_result(
    labels: tuple[str, ...], n: int = 400, error: float = 0.08, *, seed: int = 0, groups: int | None = 31
) -> ClassificationResult:
    """A result whose figures belong together, from answers drawn by lot."""
    answers = draw_answers(labels, n, error, seed)
    place = {label: i for i, label in enumerate(labels)}
    matrix = [[0] * len(labels) for _ in labels]
    for answer in answers:
        matrix[place[answer.truth]][place[answer.predicted]] += 1
    classes = tuple(class_of(label, i, matrix) for i, label in enumerate(labels))
    points = coverage_of(answers)
    errors = sorted((a for a in answers if a.truth != a.predicted), key=lambda a: -a.score)
    accuracy = 1 - len(errors) / n if n else NAN
    return ClassificationResult(
        labels=labels,
        n=n,
        groups=groups,
        accuracy=around(accuracy, n),
        macro_f1=around(accuracy * 0.97, n),
        top5=around(min(1.0, accuracy + 0.03), n),
        loss=0.213 if n else NAN,
        classes=classes,
        confusion=tuple(map(tuple, matrix)),
        calibration=a_calibration(answers, 1.0),
        before=a_calibration(answers, 0.4),
        coverage=points,
        automatic=next((p for p in points if p.accuracy >= 0.95), None),
        conformal=ConformalResult(0.95, 0.957, 1.31, (1, int(n * 0.75), int(n * 0.15), int(n * 0.05))),
        errors=tuple(errors),
        sample=tuple(answers[:12]),
    )


def full_facts(labels: tuple[str, ...]) -> ModelFacts:
    counts = tuple(ClassCounts(label, 130 - 2 * i % 90, 30, 40) for i, label in enumerate(labels))
    return ModelFacts(
        name="Cameras of the Cévennes",
        created=datetime(2026, 11, 21, 14, 3),
        data="cameras_2026",
        photos=2_412,
        counts=counts,
        split=SplitFacts(SplitBy.SITE, 65, 15, 20, seed=0, units=31),
        duplicates=DuplicateFacts(4, 9, (("fox/IMG_1.JPG", "marten/IMG_1 (copy).JPG"),)),
        failures=(
            Failure(Path("x/a.jpg"), "fox/IMG_0817.JPG", "damaged", "The file is cut off."),
            Failure(Path("x/b.jpg"), "fox/<img src=x onerror=alert(1)>.jpg", "empty", "The file is empty."),
        ),
        notes=("Class marten has photos of a single site; its figures say nothing of other places.",),
        backbone=BackboneFacts("mobilenetv2_100", 1280, "Apache-2.0", "A better backbone can be had."),
        head=HeadFacts(0.316, 1.214, "none"),
        precision=0.95,
        unsure=0.62,
        conformal_quantile=0.714,
        parity=AgreementFacts(362, 1.0, 2.4e-7),
        decode=AgreementFacts(100, 0.99),
        seconds={"backbone": 0.41, "embedding": 83.2, "head": 2.6},
        file=FileFacts("model.onnx", 9_412_345, "3f2a" * 16),
        next_steps=(
            NextStep(
                "Name new photos with this model.", "taxolens identify PHOTOS --model runs/a/model.onnx"
            ),
            NextStep(
                "Judge it on other photos.", "taxolens evaluate runs/a/model.onnx DATA --report page.html"
            ),
        ),
    )


def a_thumbnail(name: str) -> bytes | None:
    """A picture that depends on its name; now and then there is none."""
    chance = random.Random(name)
    if chance.random() < 0.05:
        return None
    small = Image.effect_noise((48, 36), 60).convert("L")
    tint = Image.new("L", (48, 36), chance.randrange(60, 180))
    picture = Image.merge("RGB", (small, tint, Image.new("L", (48, 36), chance.randrange(50, 160))))
    out = io.BytesIO()
    picture.resize((288, 216)).save(out, "JPEG", quality=80)
    return out.getvalue()


def names(count: int) -> tuple[str, ...]:
    genera = ("Vulpes", "Martes", "Meles", "Capreolus", "Sus", "Lepus", "Felis", "Erinaceus")
    return tuple(f"{genera[i % 8]} {'abcdefghij'[i // 8 % 10] * 3}{i // 80 or ''}us" for i in range(count))


class Text(HTMLParser):
    """What a reader reads."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.headings: list[str] = []
        self.sections: list[str] = []
        self.images = 0
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.images += tag == "img"
        if tag == "section":
            self.sections.append(dict(attrs).get("id") or "")

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.pieces.append(data)

    @property
    def all(self) -> str:
        return " ".join(" ".join(self.pieces).split())


def read(html: str) -> Text:
    text = Text()
    text.feed(html)
    text.close()
    return text


def page(result: ClassificationResult, facts: ModelFacts | None = None, *, language: str = "en") -> str:
    facts = facts or full_facts(result.labels)
    return model_page(facts, result, a_thumbnail, say=plain, language=language)


ALL_SECTIONS = [
    "honesty",
    "figures",
    "automatic",
    "classes",
    "confusion",
    "errors",
    "sample",
    "calibration",
    "conformal",
    "data",
    "making",
    "next",
]


def test_the_page_of_a_training_tells_everything_in_its_order() -> None:
    result = a_result(names(8))
    text = read(page(result))
    assert text.sections == ALL_SECTIONS
    for known in (
        "On 400 photos it had never seen, it named",
        "Photos of one site are never on both sides of the split",
        "fox/IMG_1.JPG = marten/IMG_1 (copy).JPG",
        "Class marten has photos of a single site",
        "The file is cut off.",
        "fox/<img src=x onerror=alert(1)>.jpg",
        "mobilenetv2_100",
        "A better backbone can be had.",
        "1.214",
        "1 min 23 s",
        "3f2a3f2a",
        "taxolens identify PHOTOS --model runs/a/model.onnx",
    ):
        assert known in text.all


def test_what_is_not_known_is_left_out() -> None:
    text = read(page(a_result(names(3), n=60), ModelFacts(name="foxes")))
    assert text.sections == ALL_SECTIONS[:-3]
    assert "On these 60 photos, it named" in text.all
    assert "never seen" not in text.all
    assert "None" not in text.all


def test_figures_are_written_in_the_readers_way() -> None:
    result = a_result(("renard", "martre"), n=90, error=0.0)
    text = read(page(result, language="fr"))
    assert "100,0\u202f%" in " ".join(text.pieces)
    assert "100.0%" not in text.all
    assert "2\u202f412" in " ".join(text.pieces)


def test_classes_bear_their_names_in_the_readers_language() -> None:
    result = a_result(("fox", "marten"), n=60, error=0.3)
    text = read(page(result, ModelFacts(name="m", names={"fox": "renard roux"})))
    assert "renard roux" in text.all


def test_a_test_without_errors_says_so() -> None:
    text = read(page(a_result(names(4), n=80, error=0.0)))
    assert "No photo of this test was named wrongly." in text.all
    assert "Nothing was confused with anything else." in text.all


def test_classes_with_few_photos_are_greyed_and_counted() -> None:
    result = a_result(names(6), n=90)
    few = sum(each.support < 20 for each in result.classes)
    html = page(result)
    assert few > 0
    assert f"Classes: {few}" in read(html).all
    assert html.count('<tr class="weak">') == few


def test_a_test_without_photos_is_told_as_one() -> None:
    result = a_result(("fox", "marten"), n=0)
    text = read(page(result))
    assert "No photo could be judged" in text.all
    assert "nan" not in text.all
    assert text.sections == ["honesty", "figures", "data", "making", "next"]


def test_a_single_photo_is_not_made_a_statistic() -> None:
    text = read(page(a_result(("fox", "marten"), n=1, error=0.0)))
    assert "It was judged on a single photo and named it correctly." in text.all


@pytest.mark.parametrize("count", [2, 8, 40, 300])
def test_a_page_stays_within_its_size(count: int) -> None:
    result = a_result(names(count), n=2_000, error=0.15)
    html = page(result)
    assert len(html.encode()) < 2_000_000
    assert read(html).images <= 48
    assert "nan" not in read(html).all


def test_pictures_never_make_a_page_larger_than_a_mail_can_carry() -> None:
    result = a_result(names(3), n=200, error=0.5)
    huge = b"\xff\xd8" + bytes(900_000)
    html = model_page(full_facts(result.labels), result, lambda name: huge, say=plain, language="en")
    assert len(html) < 10_000_000
    assert "no picture" in read(html).all


def test_every_word_is_asked_of_the_translator() -> None:
    result = a_result(("zz", "yy"))
    bare = replace(
        full_facts(result.labels), name="zz", data="zz", notes=(), next_steps=(), failures=(), file=None
    )
    told = replace(bare, backbone=BackboneFacts("zz", 1280), duplicates=DuplicateFacts(4, 9))
    html = model_page(told, result, a_thumbnail, say=lambda text: f"⟦{text}⟧", language="xx")
    rest = read(html).all
    while "⟦" in rest:  # from the innermost to the outermost
        rest = re.sub(r"⟦[^⟦⟧]*⟧", "", rest)
    words = set(re.findall(r"\b[a-z]{3,}\b", rest, re.IGNORECASE))
    assert words <= {"Taxolens", "site", "IMG", "JPG", "min"}  # the product, file names, a unit


HOSTILE_LABELS = (
    "<script>document.title='broken'</script>",
    '"><img src=x onerror="document.title=\'broken\'">',
    "a very long class name that somebody typed without thinking of tables or of phones",
    "x" * 90,
    "Übung 蝶 \u202e rtl",
)


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_without_complaint_on_a_small_phone(tmp_path: Path, scheme: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    file = tmp_path / "page.html"
    file.write_text(page(a_result(HOSTILE_LABELS, n=150, error=0.2)), encoding="utf-8")
    complaints: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        tab = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request", lambda request: complaints.append(request.url) if "://" in request.url[5:] else None
        )
        tab.goto(file.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        assert tab.title() != "broken"
        check_sorting(tab)
        check_enlarging(tab)
        browser.close()
    assert [text for text in complaints if text != file.as_uri()] == []


def check_sorting(tab: object) -> None:
    head = tab.locator("#classes thead th", has_text="Photos")  # type: ignore[attr-defined]
    head.locator("button").click()
    cells = tab.locator("#classes tbody tr td:nth-child(2)").all_text_contents()  # type: ignore[attr-defined]
    counts = [int(cell) for cell in cells]
    assert counts == sorted(counts, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def check_enlarging(tab: object) -> None:
    tab.locator("button.thumb").first.click()  # type: ignore[attr-defined]
    assert tab.locator("dialog#look").is_visible()  # type: ignore[attr-defined]
    before = tab.locator(".look-name").text_content()  # type: ignore[attr-defined]
    tab.keyboard.press("ArrowRight")  # type: ignore[attr-defined]
    assert tab.locator(".look-name").text_content() != before  # type: ignore[attr-defined]
    tab.keyboard.press("Escape")  # type: ignore[attr-defined]
    assert not tab.locator("dialog#look").is_visible()  # type: ignore[attr-defined]
