"""What computes a model's graph."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """Engines that answer alike within rounding; results are never made with two of them."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"
