"""Lets timm import beside a torchvision whose compiled operators cannot load.

A torchvision wheel built for another torch (CUDA against CPU, say) fails to import because its own operators
are missing; timm needs only parts of it that are plain Python. So their signatures are declared, without
bodies: whoever calls one still gets an error.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import torch

_SIGNATURES = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[Any] = []
"""Declarations last as long as this list holds them."""


def load_timm() -> ModuleType:
    """Imports timm, as it is where that works.

    Raises:
        ImportError: timm or torchvision is not installed.
    """
    try:
        import timm
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _forget("torchvision", "timm")
        _declare()
        import timm
    return timm


def _forget(*packages: str) -> None:
    for name in [one for one in sys.modules if one.split(".")[0] in packages]:
        del sys.modules[name]


def _declare() -> None:
    if not _declared:
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for signature in _SIGNATURES:
            library.define(signature)
        _declared.append(library)
