from __future__ import annotations

import onnx
import pytest

from taxolens.probe.exported import Exported, exported


def noted(**notes: str) -> Exported:
    model = onnx.ModelProto()
    for key, value in notes.items():
        model.metadata_props.add(key=key, value=value)
    return exported(model)


def test_what_an_exporter_says_is_read() -> None:
    found = noted(
        task="detect", names="{0: 'fox', 1: 'hare'}", imgsz="[640, 416]", stride="32", license="MIT License"
    )
    assert found == Exported("detect", ("fox", "hare"), 640, 32, "MIT License")


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ("['fox', 'hare']", ("fox", "hare")),
        ('{"0": "fox", "1": "hare"}', ("fox", "hare")),
        ("{1: 'hare', 0: 'fox'}", ("fox", "hare")),
        ("{0: 'fox', 2: 'hare'}", ()),
        ("{0: 'fox', 1: 'fox'}", ()),
        ("{0: 1}", ()),
        ("__import__('os').getcwd()", ()),
        ("[" * 5000, ()),
        ("", ()),
    ],
)
def test_names_are_taken_where_they_can_be_meant(names: str, meant: tuple[str, ...]) -> None:
    assert noted(names=names).names == meant


@pytest.mark.parametrize("side", ["huge", "[-3]", "None", "True", "{'a': 1}"])
def test_sides_that_cannot_be_meant_are_passed_over(side: str) -> None:
    assert noted(imgsz=side, stride=side) == Exported()
