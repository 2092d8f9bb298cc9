from __future__ import annotations

from pathlib import Path

from taxolens.core.geometry import Box
from taxolens.core.records import Annotation, Image
from taxolens.data.dataset import Dataset
from taxolens.workflows.inspect_boxes import with_box_classes


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
