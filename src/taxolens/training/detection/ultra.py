"""The process in which ultralytics (AGPL-3.0) trains a detector; nothing else of this program imports that library."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from taxolens.core.detection_trainer import DetectionEpoch, ToldBoxes
from taxolens.core.errors import ModelError
from taxolens.models.torchvision_fallback import lend_torchvision
from taxolens.training.detection.child import Teller, multiplications, serve, write_facts, write_told
from taxolens.training.detection.messages import Steps
from taxolens.training.detection.order import BEST, GRAPH, LAST, SHOWN, Order
from taxolens.training.detection.ultra_narrow import narrow_file, trainer_of_narrow
from taxolens.training.detection.ultra_taught import Taught

WEIGHTS = "weights.pt"
_NARROW = "narrow.pt"
_LICENCE = "AGPL-3.0"
_OVERLAP = 0.7
_MOST = 300
_OPSET = 17
_TRACKERS = ("clearml", "comet", "dvc", "hub", "mlflow", "neptune", "raytune", "tensorboard", "wandb")
_NEVER = 1_000_000
_BACKBONES = {"yolov5": 10, "yolov8": 10, "yolov10": 11, "yolo11": 11}
"""How many layers the backbone has, by family; of the P6 heads of YOLOv5 two more."""


def train(order: Order, teller: Teller) -> None:
    """From an order to the files that the parent reads."""
    lend_torchvision()
    _keep_to_itself()
    runs = order.folder / "library"
    checkpoints = runs / "run" / "weights"
    done = _restored(order, checkpoints)
    if done < order.epochs:
        _learn(order, teller, runs, resume=done > 0)
    _leave(order)


def _start(order: Order, teller: Teller) -> Any:
    """The network as it is before it learns."""
    if order.keep is None:
        return _network(order)
    file = order.folder / _NARROW
    if not file.is_file():
        narrow_file(_network(order), order, teller, file)
    return _opened(str(file))


def _keep_to_itself() -> None:
    """No calls home, and no trackers that happen to be installed."""
    from ultralytics import utils

    settings: Any = utils.SETTINGS
    settings.update({name: False for name in ("sync", *_TRACKERS) if name in settings})


def _opened(name: str, **options: Any) -> Any:
    """The library's own object around a network; untyped, as the library is."""
    import ultralytics

    opener: Any = ultralytics
    return opener.YOLO(name, **options)


def _network(order: Order) -> Any:
    if order.weights is None:
        return _opened(f"{order.family}{order.size}.yaml", task="detect")
    network = _opened(str(order.weights))
    if network.task != "detect":
        raise ModelError(
            "The weights in {file} are for the task {task}, not for finding boxes. Name others.",
            file=order.weights,
            task=network.task,
        )
    return network


def _restored(order: Order, checkpoints: Path) -> int:
    """Puts the checkpoints of the last whole epoch where the library looks; how many epochs are done."""
    shutil.rmtree(checkpoints, ignore_errors=True)
    last, best = order.folder / LAST, order.folder / BEST
    if not last.is_file() or not best.is_file():
        return 0
    checkpoints.mkdir(parents=True)
    shutil.copyfile(last, checkpoints / "last.pt")
    shutil.copyfile(best, checkpoints / "best.pt")
    # A checkpoint of this process's own; whoever can write here can also write the program.
    epoch = torch.load(last, map_location="cpu", weights_only=False)["epoch"]
    return order.epochs if epoch < 0 else int(epoch) + 1


def _learn(order: Order, teller: Teller, runs: Path, *, resume: bool) -> None:
    checkpoints = runs / "run" / "weights"
    network = _opened(str(checkpoints / "last.pt")) if resume else _start(order, teller)
    _Course(order, teller, checkpoints).hang_on(network)
    if order.teacher:
        network.add_callback("on_pretrain_routine_end", partial(_teach, order))
    network.train(
        trainer=trainer_of_narrow(),
        data=str(order.photos / "data.yaml"),
        epochs=order.epochs,
        batch=order.batch,
        imgsz=order.side,
        # On a plain computer, all cores compute; further processes would only push each other aside.
        workers=0 if order.device == "cpu" else min(8, os.cpu_count() or 1),
        device=order.device,
        seed=order.seed,
        project=str(runs),
        name="run",
        exist_ok=True,
        resume=resume,
        amp=order.device != "cpu",
        plots=False,
        patience=order.patience or _NEVER,
        freeze=_frozen(order) if order.frozen else None,
        mosaic=order.mosaic,
        mixup=order.mixup,
        cutmix=order.cutmix,
        close_mosaic=order.calm,
        **({"lr0": order.rate, "optimizer": "SGD"} if order.rate else {}),
        # A narrower network has much to learn in few epochs: every batch is a step, and few of them warm up.
        **({"nbs": order.batch, "warmup_epochs": 1} if order.keep else {}),
    )


def _teach(order: Order, trainer: Any) -> None:
    """The teacher speaks from the first step on; checkpoints hold nothing of it."""
    pupil = trainer.model
    own = getattr(pupil, "criterion", None) or pupil.init_criterion()
    pupil.criterion = Taught(own, pupil, order)


def _frozen(order: Order) -> int:
    return _BACKBONES[order.family] + (2 if order.size.endswith("6") else 0)


class _Course:
    """Tells of steps and epochs as the library's callbacks bring them."""

    def __init__(self, order: Order, teller: Teller, checkpoints: Path) -> None:
        self._order, self._teller, self._checkpoints = order, teller, checkpoints
        self._step, self._epoch, self._began = 0, -1, 0.0

    def hang_on(self, network: Any) -> None:
        """Listens to a training."""
        network.add_callback("on_train_epoch_start", self._begun)
        network.add_callback("on_train_batch_end", self._stepped)
        network.add_callback("on_model_save", self._saved)

    def _begun(self, trainer: Any) -> None:
        self._step, self._began = 0, time.monotonic()
        self._teller.tell(Steps(trainer.epoch + 1, 0, len(trainer.train_loader)))

    def _stepped(self, trainer: Any) -> None:
        self._step += 1
        self._teller.tell(Steps(trainer.epoch + 1, self._step, len(trainer.train_loader)))

    def _saved(self, trainer: Any) -> None:
        # In the end the library judges the best once more, which is no epoch.
        if trainer.epoch == self._epoch:
            return
        self._epoch = trainer.epoch
        figures = trainer.metrics or {}
        losses = trainer.label_loss_items(trainer.tloss)
        epoch = DetectionEpoch(
            number=trainer.epoch + 1,
            rate=max((float(one) for one in trainer.lr.values()), default=0.0),
            losses={name.rpartition("/")[2]: float(one) for name, one in losses.items()},
            map50=_figure(figures, "metrics/mAP50(B)"),
            map50_95=_figure(figures, "metrics/mAP50-95(B)"),
            seconds=time.monotonic() - self._began,
        )
        self._teller.learnt(epoch, self._checkpoints / "last.pt", self._checkpoints / "best.pt")


def _figure(figures: Any, name: str) -> float | None:
    return float(figures[name]) if name in figures else None


def _leave(order: Order) -> None:
    """The graph, the weights, and what the library's own program says of the shown photos."""
    from ultralytics.utils.torch_utils import strip_optimizer

    weights = order.folder / WEIGHTS
    shutil.copyfile(order.folder / BEST, weights)
    strip_optimizer(str(weights))
    network = _opened(str(weights))
    head = network.model.model[-1]
    if getattr(head, "end2end", False):
        # Its other way of answering tells the best class of a box only; this one tells all of them.
        head.end2end = False
    told = [_told(network, order, one) for one in np.load(order.folder / SHOWN)]
    write_told(told, order.folder)
    plain = _opened(str(weights))
    made = plain.export(
        format="onnx", imgsz=order.side, opset=_OPSET, simplify=False, dynamic=True, device="cpu"
    )
    Path(made).replace(order.folder / GRAPH)
    module = plain.model.float().cpu()
    write_facts(
        order.folder,
        weights=WEIGHTS,
        licence=_LICENCE,
        corner=False,
        overlap=_OVERLAP,
        parameters=sum(one.numel() for one in module.parameters()),
        multiplications=multiplications(module, order.side),
    )


def _told(network: Any, order: Order, pixels: np.ndarray[Any, Any]) -> ToldBoxes:
    # The library takes arrays in the order of OpenCV.
    found = network.predict(
        np.ascontiguousarray(pixels[..., ::-1]),
        conf=order.least,
        iou=_OVERLAP,
        imgsz=order.side,
        max_det=_MOST,
        device="cpu",
        verbose=False,
    )
    boxes = found[0].boxes
    return ToldBoxes(
        boxes.xyxy.cpu().numpy().astype(np.float32).reshape(-1, 4),
        boxes.conf.cpu().numpy().astype(np.float32).reshape(-1),
        boxes.cls.cpu().numpy().astype(np.int64).reshape(-1),
    )


if __name__ == "__main__":
    serve(train)
