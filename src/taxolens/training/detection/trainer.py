"""Trainers of detectors: each hands its order to a process of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from taxolens.core.detection_trainer import DetectionRequest, TrainedDetector
from taxolens.core.errors import MissingExtra, ModelError, UsageError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.recipes.detector import DetectorRecipe, Library
from taxolens.recipes.network import NetworkRecipe
from taxolens.training.detection.order import EPOCHS, LAST, SHOWN, Order
from taxolens.training.detection.process import trained_by
from taxolens.training.precision import device_of

FINGERPRINT = "fingerprint"
_EXTRAS = {Library.LIBREYOLO: "detect", Library.ULTRALYTICS: "yolo"}
_MODULES = {
    Library.LIBREYOLO: "taxolens.training.detection.libre",
    Library.ULTRALYTICS: "taxolens.training.detection.ultra",
}
# A network to learn from must be one of the library's own, which come first.
_SUFFIXES = {Library.LIBREYOLO: (".safetensors", ".onnx"), Library.ULTRALYTICS: (".pt",)}
_WHOLE, _PRUNER = ("yolo9",), "torch_pruning"
"""Families whose answers and blocks only their library understands."""


class DetectorTrainer:
    """The trainer of one library's families."""

    def __init__(self, library: Library) -> None:
        self._library = library
        if importlib.util.find_spec(library.value) is None:
            raise MissingExtra(
                "Detectors of this family are trained with {library}: pip install 'taxolens[{extra}]'",
                library=library.value,
                extra=_EXTRAS[library],
            )

    def check(self, settings: DetectorRecipe, labels: Sequence[str]) -> None:
        """See `core.detection_trainer.DetectionTrainer`."""
        del labels
        _device(settings)
        if settings.weights is not None:
            self._check_weights(settings.weights, _SUFFIXES[self._library])
        if settings.teacher is not None:
            self._check_weights(settings.teacher, _SUFFIXES[self._library][:1])
        if settings.teacher is not None and settings.network.family in _WHOLE:
            raise UsageError(
                "{name} learns from no teacher. Teach a YOLOX or a network of ultralytics, such as yolox-nano or yolo11n.",
                name=settings.name,
            )
        if settings.cutmix and self._library is Library.LIBREYOLO:
            raise UsageError(
                "{name} is trained without cutmix. Use --mosaic and --mixup, or a network of ultralytics, such as yolo11n.",
                name=settings.name,
            )

    def check_narrow(self, settings: DetectorRecipe) -> None:
        """See `core.detection_trainer.DetectionTrainer`."""
        if settings.network.family in _WHOLE:
            raise UsageError(
                "No channels can be taken out of {name}. Shrink a YOLOX or a network of ultralytics, or make a smaller "
                "file of it: --out FILE.onnx",
                name=settings.name,
            )
        if importlib.util.find_spec(_PRUNER) is None:
            raise MissingExtra("Pruning needs the training extra: pip install 'taxolens[train]'")

    def _check_weights(self, file: Path, suffixes: Sequence[str]) -> None:
        if not file.is_file():
            raise UsageError("There are no weights {file}. Check the path.", file=file)
        if file.suffix not in suffixes:
            raise ModelError(
                "{library} takes files that end with {known} here, and {file} does not. Name another.",
                library=self._library.value,
                known=", ".join(suffixes),
                file=file,
            )

    def train(
        self, request: DetectionRequest[DetectorRecipe], *, progress: Progress, say: Say
    ) -> TrainedDetector:
        """See `core.detection_trainer.DetectionTrainer`."""
        _check_same(request)
        np.save(request.folder / SHOWN, request.shown)
        return trained_by(
            _MODULES[self._library], _order(request), progress=progress, say=say, watch=request.watch
        )


def _check_same(request: DetectionRequest[DetectorRecipe]) -> None:
    """Refuses the checkpoint of another training; what failed before its first epoch left none."""
    file = request.folder / FINGERPRINT
    if file.is_file() and file.read_text(encoding="utf-8") != request.fingerprint:
        if (request.folder / LAST).is_file():
            raise UsageError(
                "The checkpoint {file} is of another training: other photos, classes or settings. "
                "Begin anew with --restart, or name another folder.",
                file=file.parent,
            )
        (request.folder / EPOCHS).unlink(missing_ok=True)
    file.write_text(request.fingerprint, encoding="utf-8")


def _device(settings: DetectorRecipe) -> str:
    return "cpu" if device_of(NetworkRecipe(device=settings.device)).type == "cpu" else "0"


def _order(request: DetectionRequest[DetectorRecipe]) -> Order:
    settings = request.settings
    network = settings.network
    return Order(
        folder=request.folder.resolve(),
        photos=request.photos.resolve(),
        labels=request.labels,
        family=network.family,
        size=network.size,
        side=settings.side,
        epochs=settings.epochs,
        batch=min(settings.batch, request.train),
        rate=settings.rate,
        frozen=settings.frozen,
        mosaic=settings.mosaic,
        mixup=settings.mixup,
        cutmix=settings.cutmix,
        patience=settings.patience,
        seed=settings.seed,
        device=_device(settings),
        weights=settings.weights.resolve() if settings.weights else None,
        teacher=settings.teacher.resolve() if settings.teacher else None,
        teacher_weight=settings.teacher_weight,
        keep=request.keep,
    )


def libreyolo() -> DetectorTrainer:
    """Trains YOLOX and YOLOv9."""
    return DetectorTrainer(Library.LIBREYOLO)


def ultralytics() -> DetectorTrainer:
    """Trains YOLOv5u, YOLOv8, YOLOv10 and YOLO11."""
    return DetectorTrainer(Library.ULTRALYTICS)
