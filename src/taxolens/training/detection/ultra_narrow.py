"""Networks of ultralytics made narrower, and trained as they are: the library builds them anew as their recipe says."""

from __future__ import annotations

import copy
import io
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from taxolens.core.errors import ModelError
from taxolens.models.narrow import shapes_of
from taxolens.storage.atomic import written_whole
from taxolens.training.channels import look_anew
from taxolens.training.detection.child import Teller
from taxolens.training.detection.halves import laid_open
from taxolens.training.detection.looked import Looked, looked_at
from taxolens.training.detection.narrow import gather_gradients, learning_alone, narrowed, remember_narrowed
from taxolens.training.detection.order import Order

_HEADS = ("cv2", "cv3", "one2one_cv2", "one2one_cv3")
_LEVELS = 255


def narrow_file(opened: Any, order: Order, teller: Teller, file: Path) -> None:
    """Writes a narrower network beside the checkpoints.

    Args:
        opened: the library's object around a network that has learnt.

    Raises:
        UsageError: it cannot become so narrow.
    """
    from ultralytics.cfg import get_cfg

    module = opened.model.float()
    for weights in module.parameters():
        weights.requires_grad_(True)
    module.args = get_cfg()
    learning_alone(module)
    with laid_open(_blocks(module)):
        gather_gradients(module, (partial(_loss, module, some) for some in looked_at(order)))
        module.criterion = None
        module.eval()
        told = narrowed(module, order, _kept(module))
    look_anew(module, (partial(module, some.pixels / _LEVELS) for some in looked_at(order)))
    module.zero_grad()
    buffer = io.BytesIO()
    torch.save({**opened.ckpt, "model": module, "ema": None, "optimizer": None, "epoch": -1}, buffer)
    remember_narrowed(told, order.folder)
    teller.tell(told)
    with written_whole(file) as out:
        out.write(buffer.getvalue())


def _loss(module: Any, some: Looked) -> torch.Tensor:
    batch = {
        "img": some.pixels / _LEVELS,
        "batch_idx": some.boxes[:, 0],
        "cls": some.boxes[:, 1:2],
        "bboxes": some.boxes[:, 2:],
    }
    loss: torch.Tensor = module.loss(batch)[0].sum()
    return loss


def _blocks(module: nn.Module) -> list[Any]:
    """Those that cut channels into halves and do not attend."""
    from ultralytics.nn.modules.block import Attention, C2f

    return [
        one
        for one in module.modules()
        if isinstance(one, C2f) and not any(isinstance(part, Attention) for part in one.modules())
    ]


def _kept(module: Any) -> list[nn.Module]:
    """Layers that keep all their outputs: what the head answers with, and all that is looked at by attention."""
    from ultralytics.nn.modules.block import Attention

    head = module.model[-1]
    kept: list[nn.Module] = [one[-1] for name in _HEADS for one in getattr(head, name, None) or ()]
    for block in module.model:
        if any(isinstance(one, Attention) for one in block.modules()):
            kept += [one for name, one in block.named_children() if name != "cv2"]
    return [*kept, head.dfl]


def trainer_of_narrow() -> Any:
    """A trainer of the library that takes a narrow network as it is."""
    from ultralytics.models.yolo.detect import DetectionTrainer

    class NarrowTrainer(DetectionTrainer):
        """Builds what is as wide as its recipe says; takes what is narrower as it comes."""

        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
            """The network to train."""
            built: Any = super().get_model(cfg, weights, verbose)
            if weights is None or not is_narrow(weights, built):
                return built
            if list(weights.names.values()) != list(self.data["names"].values()):
                raise ModelError(
                    "The weights were pruned for {n} other classes, which they cannot forget. Begin with the weights "
                    "of a network that was not pruned.",
                    n=len(weights.names),
                )
            taken = copy.deepcopy(weights).float()
            for one in taken.parameters():
                one.requires_grad_(True)
            return taken

    return NarrowTrainer


def is_narrow(weights: nn.Module, built: nn.Module) -> bool:
    """Whether some layer in a network's middle has fewer outputs than its recipe says.

    Args:
        weights: that have learnt.
        built: as the recipe says, perhaps for another number of classes.
    """
    theirs, ours = shapes_of(weights), shapes_of(built)
    norms = [name for name in ours if name.endswith("running_mean") and name in theirs]
    return any(theirs[name] < ours[name] for name in norms)
