"""Teach a model from labelled photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from taxolens.core.backbone import Triple
from taxolens.core.errors import UsageError
from taxolens.core.texts import noted
from taxolens.recipes.detector import DetectorRecipe
from taxolens.recipes.network import NetworkRecipe
from taxolens.recipes.numbers import check_count, check_share
from taxolens.recipes.source import SourceRecipe
from taxolens.recipes.split import SplitRecipe


class Views(StrEnum):
    """Which views of a training photo the head learns from beside the photo itself.

    `flip` mirrors it, `turns` also turns it by quarters (for photos from above), `crops` takes parts of it.
    """

    NONE = "none"
    FLIP = "flip"
    TURNS = "turns"
    CROPS = "crops"


class PhotoFit(StrEnum):
    """How photos fill the model's input."""

    SQUASH = "squash"
    CROP = "crop"
    LETTERBOX = "letterbox"


class ClassWeight(StrEnum):
    """How rare classes count."""

    NONE = noted("none")
    BALANCED = noted("balanced")


_LONGEST_NAME = 200
_READ_BY = MappingProxyType(
    {"head": "backbone", "finetune": "network", "scratch": "network", "detect": "detector"}
)


def parts_unread_by(method: str) -> frozenset[str]:
    """The parts of a recipe that are for other methods."""
    return frozenset(_READ_BY.values()) - {_READ_BY.get(method, "network")}


@dataclass(frozen=True, slots=True)
class BackboneRecipe:
    """Which backbone to use and how to read it.

    Attributes:
        name: "auto", a catalogue or remembered name, the path of an ONNX file, or "timm:NAME".
        weights: weights of a `timm:` backbone.
        arguments: further arguments of a `timm:` backbone.
        mean: normalisation of pixels in 0..1.
        std: normalisation of pixels in 0..1.
        embedding: name of the tensor to use in an ONNX file.
    """

    name: str = "auto"
    weights: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    mean: Triple | None = None
    std: Triple | None = None
    embedding: str | None = None


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """Everything that decides what a training leaves.

    Attributes:
        out: run folder to write.
        method: how to train; "head" fits a linear head on a frozen backbone, "finetune" teaches a network that
            has learnt something before, "scratch" one that has not; "detect" teaches a network to find things.
        network: what `finetune` and `scratch` do.
        detector: what `detect` does.
        crops: learn the names of the boxes in photos, not of whole photos.
        fit: how photos fill the model's input ("squash", "crop", "letterbox"); None: the backbone's way.
        precision: accuracy that automatic acceptance is to reach; decides what is "unsure".
        coverage: share of conformal sets that should hold the truth.
        language: of the report.
        name: of the model; None: the name of the data.
        taxonomy: table of class names and roles.
        workers: photos worked on at once; 0: one per processor.
        overwrite: replace the run that lies at `out`.
        restart: forget what a stopped training of a network left.
        saliency: look, for some photos, at what the answer hangs on.
        track: names of what the course of the training is written to beside the run folder.
        remark: a sentence that must stand at the top of the report and in the model's card.
    """

    source: SourceRecipe
    out: Path
    split: SplitRecipe = field(default_factory=SplitRecipe)
    method: str = "head"
    backbone: BackboneRecipe = field(default_factory=BackboneRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    detector: DetectorRecipe = field(default_factory=DetectorRecipe)
    crops: bool = False
    fit: PhotoFit | None = None
    views: Views = Views.NONE
    class_weight: ClassWeight = ClassWeight.NONE
    precision: float = 0.95
    coverage: float = 0.95
    language: str = "en"
    name: str | None = None
    taxonomy: Path | None = None
    workers: int = 0
    overwrite: bool = False
    restart: bool = False
    saliency: bool = True
    track: tuple[str, ...] = ()
    remark: str | None = None

    def __post_init__(self) -> None:
        check_share("precision", self.precision)
        check_share("coverage", self.coverage)
        check_count("workers", self.workers)
        if self.name is not None and not 0 < len(self.name) <= _LONGEST_NAME:
            raise UsageError(
                "The name of a model has 1 to {most} letters. Choose another.", most=_LONGEST_NAME
            )
