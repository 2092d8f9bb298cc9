"""Lets libraries import beside a torchvision whose compiled operators cannot load.

A torchvision wheel built for another torch (CUDA against CPU, say) fails to import because its own operators
are missing. timm needs only parts of it that are plain Python: the signatures are declared, without bodies, and whoever
calls one still gets an error. Libraries of detectors also thin boxes with it: `lend_torchvision` gives that one operator
a body.
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
_bodies: list[Any] = []
"""Set once the operator has a body."""


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


def lend_torchvision() -> None:
    """Makes torchvision importable, with an operator `nms` of our own where its own cannot load.

    Raises:
        ImportError: torchvision is not installed.
    """
    load_timm()
    from torchvision import extension
    from torchvision.ops import boxes

    if not extension._has_ops():
        if not _bodies:
            _bodies.append(torch.library.register_kernel("torchvision::nms", "cpu", _nms))
        boxes._assert_has_ops = lambda: None


def _nms(dets: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Greedy non-maximum suppression as torchvision documents it: positions that are kept, surest first."""
    order = scores.argsort(descending=True, stable=True)
    corners = dets[order].float()
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    left, kept = torch.arange(len(order)), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        sides = torch.minimum(corners[left, 2:], corners[best, 2:]) - torch.maximum(
            corners[left, :2], corners[best, :2]
        )
        shared = sides.clamp_min(0).prod(1)
        left = left[shared <= iou_threshold * (areas[left] + areas[best] - shared)]
    return order[torch.tensor(kept, dtype=torch.long)]


def _forget(*packages: str) -> None:
    for name in [one for one in sys.modules if one.split(".")[0] in packages]:
        del sys.modules[name]


def _declare() -> None:
    if not _declared:
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for signature in _SIGNATURES:
            library.define(signature)
        _declared.append(library)
