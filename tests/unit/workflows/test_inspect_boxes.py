from __future__ import annotations

import json
from pathlib import Path

from taxolens.compose.trainers import load_backbone_maker
from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.data.dataset import Dataset
from taxolens.data.statistics import count_shown
from taxolens.recipes.inspect import InspectRecipe
from taxolens.recipes.source import SourceRecipe
from taxolens.workflows.inspect import inspect
from taxolens.workflows.inspect_boxes import with_box_classes
from tests.unit.workflows.test_variant_boxes import write_set


def photo(name: str, *labels: str, own: str | None = None) -> Image:
    boxes = tuple(Annotation(label, Box(0.1, 0.1, 0.2, 0.2)) for label in labels)
    return Image(Path(name), name, own, annotations=boxes)


def dataset(*images: Image, boxed: bool = True) -> Dataset:
    return Dataset(images, (), 0, Path(), boxed=boxed)


def test_a_photo_takes_the_class_that_all_its_boxes_have() -> None:
    found = with_box_classes(dataset(photo("a", "fox", "fox"), photo("b", "fox", "hare"), photo("c")))
    assert [image.label for image in found.images] == ["fox", None, None]


def test_classes_that_photos_have_of_their_own_count() -> None:
    given = dataset(photo("a", "fox", own="meadow"), photo("b", "hare"))
    assert with_box_classes(given) is given


def test_a_source_without_boxes_is_left_as_it_is() -> None:
    given = dataset(photo("a", own="fox"), boxed=False)
    assert with_box_classes(given) is given


def test_photos_are_counted_for_every_class_that_they_show() -> None:
    images = (photo("a", "fox", "fox"), photo("b", "fox", "hare"), photo("c"))
    shown = count_shown(with_box_classes(dataset(*images)).images)
    assert shown is not None
    assert dict(zip(shown.labels, shown.totals.tolist(), strict=True)) == {"fox": 2, "hare": 1}
    assert count_shown((photo("a", "fox", own="meadow"),)) is None
    assert count_shown((Image(Path("a"), "a", "fox"),)) is None


def test_the_page_of_a_set_with_boxes_counts_all_its_classes(tmp_path: Path) -> None:
    data = write_set(tmp_path / "squares", photos=12)
    page, figures = tmp_path / "page.html", tmp_path / "figures.json"
    recipe = InspectRecipe(SourceRecipe(data), embed=False, workers=1, report=page, json=figures)
    summary = inspect(recipe, home=tmp_path / "home", maker=load_backbone_maker)
    document = json.loads(figures.read_text(encoding="utf-8"))
    assert summary.classes == len(document["boxes"]) == len(document["classes"]) == 2
    told = page.read_text(encoding="utf-8")
    assert "Boxes and photos of each class" in told and "What is left of the boxes in an input" in told
    assert (
        "--method detect" in told and "--class-weight" not in told and "Mean photo of each class" not in told
    )
