"""The pages about detectors in a browser: they open, fit every screen, and exclude nobody."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.detection_trainer import DetectionEpoch, TrainedDetector
from taxolens.core.geometry import Box
from taxolens.core.progress import Silent
from taxolens.core.records import Part
from taxolens.core.texts import Say
from taxolens.evaluation.detection.samples import Sample
from taxolens.languages.translate import translator
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.compare_any import compare_any
from taxolens.workflows.detection_evaluate import DetectionSummary
from taxolens.workflows.detector_lesson import prepare_detector_lesson
from taxolens.workflows.detector_parity import BoxParity
from taxolens.workflows.detector_run import write_detector_run
from taxolens.workflows.detector_training import SchooledDetector
from taxolens.workflows.evaluate_any import evaluate_any
from taxolens.workflows.inspect import inspect
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import REPORT
from taxolens.workflows.variant import make_variant
from tests.browser.conftest import Tab
from tests.unit.inference.square_detector import write_square_model
from tests.unit.workflows.test_compare_boxes import colour_blind
from tests.unit.workflows.test_detection_evaluate import megadetector
from tests.unit.workflows.test_variant_boxes import write_set

pytestmark = pytest.mark.slow

LONG = "a_detector-with_a_rather_long_name_of_many_words_in_one"
PHONE, DESK = (360, "light"), (1280, "dark")
LOOKS = {"nothing": (DESK,), "inspect": (PHONE,)}
"""Of pages with much that the others have too, one is enough."""

PAGES = ("run", "nothing", "inspect", "compare", "shrink")
FRENCH = ("run", "nothing", "compare")
"""So that every text is looked at in a language, and half of them in the longer one."""


class Bench:
    """A set with boxes, and the pages that can be made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.data = write_set(folder / "squares", photos=12)
        shutil.move(self.data / "images" / "1.png", self.data / "images" / f"{LONG}.png")
        shutil.move(self.data / "labels" / "1.txt", self.data / "labels" / f"{LONG}.txt")
        (self.data / "images" / "torn.png").write_bytes(b"\x89PNG torn")
        self.source = SourceRecipe(self.data)
        self.good = write_square_model(folder / "good.onnx").path
        self.poor = colour_blind(folder / f"{LONG}.onnx")

    def page(self, name: str) -> tuple[Path, str, Say]:
        language = "fr" if name in FRENCH else "en"
        return self.folder / f"{name}.html", language, translator(language)

    def nothing(self) -> Path:
        """Of another program, which found nothing at all."""
        photos = {f"images/{file.name}": [] for file in (self.data / "images").iterdir()}
        found = megadetector(self.folder / "found.json", photos, ("red", "green"))
        place, language, say = self.page("nothing")
        recipe = EvaluateRecipe(found, self.source, report=place, language=language, workers=1)
        evaluate_any(recipe, home=self.home, say=say)
        return place

    def inspect(self) -> Path:
        place, language, say = self.page("inspect")
        recipe = InspectRecipe(self.source, report=place, language=language, embed=False, workers=1)
        inspect(recipe, home=self.home, maker=load_backbone_maker, say=say)
        return place

    def compare(self) -> Path:
        place, language, say = self.page("compare")
        recipe = CompareRecipe((self.good, self.poor), self.source, timed=1, report=place, language=language)
        compare_any(recipe, home=self.home, say=say)
        return place

    def shrink(self) -> Path:
        _, language, say = self.page("shrink")
        out = self.folder / "shrink.onnx"
        recipe = VariantRecipe(self.good, self.source, out, timed=2, smaller=1, language=language)
        make_variant(recipe, home=self.home, say=say)
        return out.with_suffix(".html")

    def run(self) -> Path:
        """The report of a training: all but the training is real."""
        _, language, say = self.page("run")
        folder = self.folder / "run"
        folder.mkdir()
        settings = DetectorRecipe(size=96)
        recipe = TrainRecipe(self.source, folder, method="detect", detector=settings, language=language)
        lesson = prepare_detector_lesson(
            recipe, self.home, self.folder / "lesson", progress=Silent(), say=say
        )
        judged = evaluate_any(EvaluateRecipe(self.poor, self.source, workers=1), home=self.home)
        assert isinstance(judged, DetectionSummary)
        sample = Sample(lesson.of(Part.VAL)[0].name, (Box(0, 0, 0.3, 0.5),), (Box(0.1, 0, 0.3, 0.5),), 0, 1)
        schooled = SchooledDetector(
            recipe=recipe,
            lesson=lesson,
            trained=_trained(self.good.read_bytes()),
            model=write_square_model(self.folder / "trained.onnx"),
            parity=BoxParity(2, 5, 0.001, 0.0001),
            result=judged.result,
            failures=judged.failures,
            best=(sample,),
            worst=(sample,),
        )
        listener = Listener(Silent())
        listener.note(
            say("Few photos were held back for the test, so its figures say little: {n}.").format(n=5)
        )
        write_detector_run(schooled, folder, {"Reading the photos": 0.1}, listener, say)
        return folder / REPORT


def _trained(onnx: bytes) -> TrainedDetector:
    epochs = tuple(
        DetectionEpoch(number, 0.1, {"iou": 1 / number, "obj": 2.0, "cls": 0.5}, 0.1 * number, 0.05, 1.0)
        for number in (1, 2, 3)
    )
    return TrainedDetector(
        onnx=onnx,
        weights=b"weights",
        suffix=".safetensors",
        epochs=epochs,
        best=3,
        parameters=898314,
        multiplications=12_000_000,
        licence="Apache-2.0",
        corner=True,
        least=0.001,
        overlap=0.45,
        told=(),
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    bench = Bench(tmp_path_factory.mktemp("detectors"))
    makers: dict[str, Callable[[], Path]] = {name: getattr(bench, name) for name in PAGES}
    return {name: make() for name, make in makers.items()}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_opens_without_complaint_and_passes_axe(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    tab = Tab(browser, pages[name], width=360)
    for width, scheme in LOOKS.get(name, (PHONE, DESK)):
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.faults() == [], (width, scheme)
    assert tab.complaints == []
    tab.page.close()


@pytest.mark.parametrize("name", ["run", "compare"])
def test_every_drawing_has_words_and_its_figures(browser: Any, pages: dict[str, Path], name: str) -> None:
    tab = Tab(browser, pages[name], width=1280)
    charts = tab.page.locator("figure.chart")
    assert charts.count() > 0
    for chart in charts.all():
        assert chart.locator("svg.plot title").first.text_content()
        assert chart.locator("details table tbody tr").count() > 0
    tab.page.close()


def test_the_meaning_of_columns_opens_by_keyboard(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser, pages["run"], width=360)
    meanings = tab.page.locator("details.meanings").first
    meanings.locator("summary").focus()
    tab.page.keyboard.press("Enter")
    assert meanings.locator("dd").first.is_visible()
    tab.page.close()
