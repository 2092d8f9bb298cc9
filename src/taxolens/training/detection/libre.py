"""The process in which LibreYOLO (MIT) trains a detector: YOLOX or YOLOv9."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from taxolens.core.detection_trainer import DetectionEpoch, ToldBoxes
from taxolens.core.errors import ModelError
from taxolens.formats.weights import read_weights_card
from taxolens.models.torchvision_fallback import lend_torchvision
from taxolens.training.detection.child import Teller, multiplications, serve, write_facts, write_told
from taxolens.training.detection.libre_narrow import narrow_yolox
from taxolens.training.detection.libre_taught import teach_yolox
from taxolens.training.detection.libre_weights import built, cut_down, write_weights
from taxolens.training.detection.messages import Steps
from taxolens.training.detection.order import BEST, GRAPH, LAST, SHOWN, Order
from taxolens.training.detection.yolox_onnx import load_yolox

WEIGHTS = "weights.safetensors"
_NARROW = "narrow.safetensors"
_LICENCE = None  # MIT: it asks nothing of what is trained with it
_OVERLAP = 0.45
_MOST = 300
_MEASURED = 64
"""Photos that give the batch norms of an export their statistics."""
_LEARNT_RATE, _FRESH_RATE = 0.004, 0.01
"""Of stochastic gradient descent; a network that has learnt before would forget at the rate of a fresh one."""
_WARMING = 10
_SELDOM = 0.01


def train(order: Order, teller: Teller) -> None:
    """From an order to the files that the parent reads."""
    lend_torchvision()
    wrapper = _started(order, teller)
    runs = order.folder / "library"
    checkpoints = runs / "run" / "weights"
    done = _restored(order, checkpoints)
    if done < order.epochs:
        _learn(order, teller, wrapper, runs, resume=done > 0)
    best = order.folder / BEST
    _put(wrapper, torch.load(best, weights_only=True)["model"], best)
    _leave(order, wrapper)


def _started(order: Order, teller: Teller) -> Any:
    """The network as it is before it learns."""
    if order.keep is None:
        return _network(order)
    file = order.folder / _NARROW
    if not file.is_file():
        wrapper = _network(replace(order, device="cpu"))
        narrow_yolox(wrapper.model, order, teller)
        write_weights(wrapper.model, order, file)
    return _network(replace(order, weights=file))


def _network(order: Order) -> Any:
    """A wrapper of the library around a network, with the weights to start from."""
    torch.manual_seed(order.seed)
    wrapper = built(order.family, order.size, len(order.labels), _device(order))
    if order.weights is not None:
        _start_from(wrapper, order, order.weights)
        # The library sets the biases of what it believes to be fresh anew.
        wrapper.model_path = str(order.weights)
    return wrapper


def _device(order: Order) -> str:
    return "cpu" if order.device == "cpu" else f"cuda:{order.device}"


def _start_from(wrapper: Any, order: Order, file: Path) -> None:
    if file.suffix == ".onnx":
        if order.family != "yolox":
            raise ModelError(
                "Only YOLOX networks can begin with an ONNX file, and {file} is for {family}. Leave out --weights.",
                file=file,
                family=order.family,
            )
        fresh = [one.weight.clone() for one in wrapper.model.head.cls_preds]
        load_yolox(wrapper.model, file, _pictures(order))
        _doubt_all_classes(wrapper, fresh)
        return
    card = read_weights_card(file)
    if card is None:
        raise ModelError(
            "The file {file} holds no weights of a detector. Name the weights of a run, or a YOLOX network as ONNX.",
            file=file,
        )
    tensors = load_file(file)
    cut_down(wrapper, card, file, _device(order))
    # Layers that name other classes, or the same in another order, have to learn anew.
    own = wrapper.model.state_dict()
    same = card.classes == order.labels
    kept = {
        name: one
        for name, one in tensors.items()
        if name in own and own[name].shape == one.shape and (same or "cls_pred" not in name)
    }
    if len(kept) < len(own) // 2:
        raise ModelError(
            "The weights in {file} are of {network}, not of this network. Name it with --backbone.",
            file=file,
            network=card.network,
        )
    fresh = [] if order.family != "yolox" else [one.weight.clone() for one in wrapper.model.head.cls_preds]
    wrapper.model.load_state_dict(kept, strict=False)
    _doubt_all_classes(wrapper, fresh)


def _doubt_all_classes(wrapper: Any, fresh: Sequence[torch.Tensor]) -> None:
    """Layers that name classes and know nothing yet say a hundredth, not a half (Lin et al. 2017, section 4.1).

    Else their wrong answers, about every cell of the photo, shake what the other layers have learnt.
    """
    for layer, before in zip(wrapper.model.head.cls_preds if fresh else (), fresh, strict=True):
        if torch.equal(layer.weight, before):
            torch.nn.init.constant_(layer.bias, -math.log((1 - _SELDOM) / _SELDOM))


def _pictures(order: Order) -> torch.Tensor:
    """Some training photos as YOLOX sees them: float32 [n, 3, side, side], BGR, 0..255."""
    from PIL import Image

    side, found = order.side, []
    for file in sorted((order.photos / "images" / "train").iterdir())[:_MEASURED]:
        pixels = np.full((side, side, 3), 114, np.uint8)
        with Image.open(file) as opened:
            photo = np.asarray(opened.convert("RGB"))[:side, :side]
        pixels[: photo.shape[0], : photo.shape[1]] = photo
        found.append(pixels[..., ::-1])
    return torch.from_numpy(np.stack(found).copy()).permute(0, 3, 1, 2).float()


def _put(wrapper: Any, state: Any, file: Path) -> None:
    try:
        wrapper.model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelError("The weights in {file} are of another network.", file=file) from error


def _restored(order: Order, checkpoints: Path) -> int:
    """Puts the checkpoints of the last whole epoch where the library looks; how many epochs are done."""
    shutil.rmtree(checkpoints, ignore_errors=True)
    last, best = order.folder / LAST, order.folder / BEST
    if not last.is_file() or not best.is_file():
        return 0
    checkpoints.mkdir(parents=True)
    shutil.copyfile(last, checkpoints / "last.pt")
    shutil.copyfile(best, checkpoints / "best.pt")
    return int(torch.load(last, weights_only=True)["epoch"]) + 1


def _learn(order: Order, teller: Teller, wrapper: Any, runs: Path, *, resume: bool) -> None:
    checkpoints = runs / "run" / "weights"
    _watch_steps(teller)
    _find_labels()
    _settle_late(order)
    if order.teacher:
        teach_yolox(wrapper.model.head, order, _device(order))

    def learnt(event: Any) -> None:
        figures = event.val_metrics
        epoch = DetectionEpoch(
            number=event.epoch,
            rate=max(event.lr.values(), default=0.0),
            losses=dict(event.train_loss_items),
            map50=figures.get("metrics/mAP50"),
            map50_95=figures.get("metrics/mAP50-95"),
            seconds=event.epoch_seconds,
        )
        teller.learnt(epoch, checkpoints / "last.pt", checkpoints / "best.pt")

    wrapper.train(
        data=str(order.photos / "data.yaml"),
        epochs=order.epochs,
        batch=order.batch,
        imgsz=order.side,
        lr0=order.rate or (_LEARNT_RATE if order.weights else _FRESH_RATE),
        device=_device(order),
        # On a plain computer, all cores compute; further processes would only push each other aside.
        workers=0 if order.device == "cpu" else min(8, os.cpu_count() or 1),
        seed=order.seed,
        project=str(runs),
        name="run",
        exist_ok=True,
        resume=str(checkpoints / "last.pt") if resume else False,
        amp=order.device != "cpu",
        patience=order.patience,
        callbacks=learnt,
        eval_interval=1,
        save_period=0,
        mosaic_prob=order.mosaic,
        mixup_prob=order.mixup,
        no_aug_epochs=order.calm,
        warmup_epochs=max(1, order.epochs // _WARMING),
        freeze="backbone" if order.frozen else None,
    )


def _watch_steps(teller: Teller) -> None:
    """The library tells of whole epochs only; its progress bar sees every step."""
    from libreyolo.training import trainer

    epoch = 0

    class Bar:
        """Counts the steps of one epoch."""

        def __init__(self, batches: Iterable[Any], *, desc: str = "", total: int = 0, **unused: Any) -> None:
            nonlocal epoch
            epoch = int(desc.split()[-1].partition("/")[0]) if "/" in desc else epoch + 1
            self._batches, self._total, self._epoch = batches, total, epoch

        def __iter__(self) -> Iterator[Any]:
            teller.tell(Steps(self._epoch, 0, self._total))
            for number, batch in enumerate(self._batches, 1):
                yield batch
                teller.tell(Steps(self._epoch, number, self._total))

        def set_postfix(self, *unused: Any, **unknown: Any) -> None:
            """Losses are told by epoch."""

    trainer.tqdm = Bar


def _settle_late(order: Order) -> None:
    """The library learns at a twentieth of the rate for as long as pictures are unmixed, which is half of a training of
    twenty epochs, and all but the first of ten."""
    from libreyolo.models.yolox import trainer
    from libreyolo.training.scheduler import WarmupCosineScheduler

    def scheduler(**given: Any) -> Any:
        return WarmupCosineScheduler(**{**given, "plateau_epochs": order.settling})

    vars(trainer)["WarmupCosineScheduler"] = scheduler


def labels_of(photos: Sequence[Path]) -> list[Path]:
    """The files of boxes of photos: in `labels` beside the last folder `images` above each."""
    found = []
    for photo in photos:
        parts = list(photo.with_suffix(".txt").parts)
        last = len(parts) - 1 - parts[::-1].index("images")
        found.append(Path(*parts[:last], "labels", *parts[last + 1 :]))
    return found


def _find_labels() -> None:
    """The library takes every folder `images` above a photo for one that has `labels` beside it, those of the user
    too; photos whose boxes it then does not find are empty to it."""
    import libreyolo.data.utils
    import libreyolo.training.trainer  # noqa: F401 - what has the name already

    for name, module in list(sys.modules.items()):
        if name.startswith("libreyolo.") and "img2label_paths" in vars(module):
            vars(module)["img2label_paths"] = labels_of


def _leave(order: Order, wrapper: Any) -> None:
    """The graph, the weights, and what the library's own program says of the shown photos."""
    network = wrapper.model.cpu().eval()
    wrapper.device = torch.device("cpu")
    write_weights(network, order, order.folder / WEIGHTS)
    told = [_told(wrapper, order, one) for one in np.load(order.folder / SHOWN)]
    write_told(told, order.folder)
    wrapper.export(format="onnx", output_path=str(order.folder / GRAPH), imgsz=order.side, simplify=False)
    write_facts(
        order.folder,
        weights=WEIGHTS,
        licence=_LICENCE,
        corner=True,
        overlap=_OVERLAP,
        parameters=sum(one.numel() for one in network.parameters()),
        multiplications=multiplications(network, order.side),
    )


def _told(wrapper: Any, order: Order, pixels: np.ndarray[Any, Any]) -> ToldBoxes:
    found = wrapper.predict(
        pixels, conf=order.least, iou=_OVERLAP, imgsz=order.side, max_det=_MOST, color_format="rgb"
    )
    boxes = (found[0] if isinstance(found, list) else found).boxes
    return ToldBoxes(
        np.asarray(boxes.xyxy, np.float32).reshape(-1, 4),
        np.asarray(boxes.conf, np.float32).reshape(-1),
        np.asarray(boxes.cls, np.int64).reshape(-1),
    )


if __name__ == "__main__":
    serve(train)
