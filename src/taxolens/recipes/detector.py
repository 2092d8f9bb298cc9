"""How a detector is trained."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from taxolens.core.errors import UsageError
from taxolens.recipes.network import Device
from taxolens.recipes.numbers import check_count, check_within

DEFAULT = "yolox-nano"
STEP = 32
"""Sides of inputs are multiples of it: the coarsest grid of all these families has cells of so many pixels."""


class Library(StrEnum):
    """What trains a family; the name of an entry point."""

    LIBREYOLO = "libreyolo"
    ULTRALYTICS = "ultralytics"


@dataclass(frozen=True, slots=True)
class DetectorName:
    """A network as its library knows it.

    Attributes:
        name: as users write it.
        family: of its library.
        size: of the family.
        side: of the input that it is usually trained at, in pixels.
    """

    name: str
    library: Library
    family: str
    size: str
    side: int


_OURS: Mapping[str, DetectorName] = MappingProxyType(
    {
        one.name: one
        for one in (
            DetectorName("yolox-nano", Library.LIBREYOLO, "yolox", "n", 416),
            DetectorName("yolox-tiny", Library.LIBREYOLO, "yolox", "t", 416),
            DetectorName("yolox-s", Library.LIBREYOLO, "yolox", "s", 640),
            DetectorName("yolox-m", Library.LIBREYOLO, "yolox", "m", 640),
            DetectorName("yolov9-t", Library.LIBREYOLO, "yolo9", "t", 640),
            DetectorName("yolov9-s", Library.LIBREYOLO, "yolo9", "s", 640),
        )
    }
)
_ULTRALYTICS = {
    "yolov5": ("n", "s", "m", "l", "x", "n6", "s6", "m6", "l6", "x6"),
    "yolov8": ("n", "s", "m", "l", "x"),
    "yolov10": ("n", "s", "m", "b", "l", "x"),
    "yolo11": ("n", "s", "m", "l", "x"),
}
_LARGE, _USUAL = 1280, 640
_THEIRS: Mapping[str, DetectorName] = MappingProxyType(
    {
        f"{family}{size}": DetectorName(
            f"{family}{size}", Library.ULTRALYTICS, family, size, _LARGE if size.endswith("6") else _USUAL
        )
        for family, sizes in _ULTRALYTICS.items()
        for size in sizes
    }
)
NAMES = (*_OURS, *_THEIRS)
"""All networks that can be asked for, those with a permissive licence first."""


def detector_named(name: str) -> DetectorName:
    """The network of a name, however it is spelt: "YOLOv11n", "yolov5nu" and "yolo11n.pt" are understood.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    known = {**_OURS, **_THEIRS}
    plain = name.strip().lower().removesuffix(".pt").removesuffix(".yaml").replace("_", "-")
    # Since 2023 all YOLOv5 of that library are the anchor-free ones, which it marks with a "u".
    plain = re.sub(r"^(yolov5[nsmlx]6?)u$", r"\1", plain.replace("yolov11", "yolo11"))
    if plain in known:
        return known[plain]
    near = difflib.get_close_matches(plain, known, n=3, cutoff=0.5) or tuple(_OURS)
    raise UsageError(
        "There is no detector {name}. Choose for instance {known}.", name=name, known=", ".join(near)
    )


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides what a detector learns.

    Attributes:
        name: of the network, see `NAMES`.
        weights: a file to start from: the weights of a run, a YOLOX network as ONNX (the yolox family), or a
            `.pt` file (ultralytics); None: from scratch.
        size: side of the input in pixels, a multiple of `STEP`; None: the network's own.
        epochs: passes over the training photos.
        batch: photos in a step.
        rate: learning rate; None: what suits the network and whether it has learnt before.
        frozen: the backbone keeps what it knows, only neck and head learn.
        mosaic: share of training pictures that are put together from four, 0..1.
        mixup: share that are blends of two, 0..1.
        cutmix: share into which a part of another is pasted, 0..1; of ultralytics only.
        patience: epochs without a better validation mAP after which to stop; 0: never.
        device: where to compute.
        seed: of everything random.
        teacher: a larger detector of the same library that is learnt from too: its weights, or the folder of its run;
            None: none.
        teacher_weight: share of the teacher in what is learnt from, 0..1; the boxes that people drew have the rest.
    """

    name: str = DEFAULT
    weights: Path | None = None
    size: int | None = None
    epochs: int = 30
    batch: int = 8
    rate: float | None = None
    frozen: bool = False
    mosaic: float = 1.0
    mixup: float = 0.0
    cutmix: float = 0.0
    patience: int = 0
    device: Device = Device.AUTO
    seed: int = 0
    teacher: Path | None = None
    teacher_weight: float = 0.7

    def __post_init__(self) -> None:
        for name in ("patience", "seed"):
            check_count(name, getattr(self, name))
        for name, (low, high) in _RANGES.items():
            check_within(name, getattr(self, name), low, high)
        if self.size is not None and self.size % STEP:
            raise UsageError(
                "The side of a detector's input is a multiple of {step}, not {size}. Give {lower} or {upper}.",
                step=STEP,
                size=self.size,
                lower=max(2, self.size // STEP) * STEP,
                upper=(self.size // STEP + 1) * STEP,
            )

    @property
    def network(self) -> DetectorName:
        """What is trained."""
        return detector_named(self.name)

    @property
    def side(self) -> int:
        """Side of the input in pixels."""
        return self.size or self.network.side


_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "size": (2 * STEP, 2048),
        "epochs": (1, 10_000),
        "batch": (1, 1024),
        "rate": (1e-7, 1),
        "mosaic": (0, 1),
        "mixup": (0, 1),
        "cutmix": (0, 1),
        "teacher_weight": (0, 1),
    }
)
