from __future__ import annotations

import pytest

from taxolens.core.errors import UsageError
from taxolens.recipes.detector import NAMES, DetectorRecipe, Library, detector_named


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yolox-nano", "yolox-nano"),
        ("YOLOX_nano", "yolox-nano"),
        ("yolov5nu", "yolov5n"),
        ("yolov5n6u", "yolov5n6"),
        ("YOLOv11n", "yolo11n"),
        ("yolo11n.pt", "yolo11n"),
        ("yolov10b", "yolov10b"),
    ],
)
def test_networks_are_known_however_they_are_spelt(written: str, meant: str) -> None:
    assert detector_named(written).name == meant


def test_every_name_is_understood_as_itself() -> None:
    assert all(detector_named(name).name == name for name in NAMES)


def test_the_default_asks_for_no_library_under_a_copyleft_licence() -> None:
    assert DetectorRecipe().network.library is Library.LIBREYOLO


def test_p6_heads_are_usually_trained_at_1280_pixels() -> None:
    assert DetectorRecipe(name="yolov5n6").side == 1280
    assert DetectorRecipe(name="yolov5n6", size=640).side == 640


def test_a_network_that_is_not_known_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UsageError, match="yolox-nano"):
        detector_named("yolox-nan")


def test_a_side_that_is_no_multiple_of_the_coarsest_grid_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UsageError, match="416 or 448"):
        DetectorRecipe(size=420)


@pytest.mark.parametrize(
    ("field", "value"), [("mosaic", 1.5), ("mixup", -0.1), ("epochs", 0), ("batch", 0), ("rate", 2.0)]
)
def test_values_that_cannot_be_meant_are_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field):
        DetectorRecipe(**{field: value})  # type: ignore[arg-type]
