from __future__ import annotations

import pytest

from taxolens.cli.detector_options import check_no_detector, for_detector
from taxolens.cli.train import OPTIONS
from taxolens.core.errors import UsageError


def test_what_networks_and_detectors_share_goes_to_the_detector() -> None:
    given = {
        "backbone.name": "yolo11n",
        "network.epochs": 3,
        "detector.mosaic": 0.5,
        "out": "run",
        "fit": None,
    }
    assert for_detector(given, OPTIONS) == {
        "detector.name": "yolo11n",
        "detector.epochs": 3,
        "detector.mosaic": 0.5,
        "out": "run",
    }


@pytest.mark.parametrize(
    ("field", "flag"),
    [("network.loss", "--loss"), ("views", "--views"), ("backbone.embedding", "--embedding")],
)
def test_an_option_that_no_detector_heeds_is_refused(field: str, flag: str) -> None:
    with pytest.raises(UsageError, match=flag):
        for_detector({field: "x"}, OPTIONS)


def test_an_option_of_detectors_is_refused_for_other_methods() -> None:
    with pytest.raises(UsageError, match="--mosaic"):
        check_no_detector({"detector.mosaic": 0.5})
    check_no_detector({"network.mixup": 0.5})
