"""YOLOX made narrower."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from taxolens.training.channels import look_anew
from taxolens.training.detection.child import Teller
from taxolens.training.detection.looked import Looked, looked_at
from taxolens.training.detection.narrow import gather_gradients, learning_alone, narrowed, remember_narrowed
from taxolens.training.detection.order import Order


def narrow_yolox(module: Any, order: Order, teller: Teller) -> None:
    """Takes channels out of a network that has learnt.

    Args:
        module: on the processor.

    Raises:
        UsageError: it cannot become so narrow.
    """
    learning_alone(module)
    gather_gradients(module, (partial(_loss, module, some, order.side) for some in looked_at(order)))
    module.eval()
    head = module.head
    told = narrowed(module, order, [*head.cls_preds, *head.reg_preds, *head.obj_preds])
    look_anew(module, (partial(module, _seen(some)) for some in looked_at(order)))
    module.zero_grad()
    remember_narrowed(told, order.folder)
    teller.tell(told)


def _seen(some: Looked) -> torch.Tensor:
    """As YOLOX sees photos: blue first, 0..255."""
    return some.pixels.flip(1).float()


def _loss(module: Any, some: Looked, side: int) -> torch.Tensor:
    loss: torch.Tensor = module(_seen(some), _listed(some, side))["total_loss"]
    return loss


def _listed(some: Looked, side: int) -> torch.Tensor:
    """float32 [b, most, 5]: class, middle and size in pixels of each photo's boxes, zeros behind them."""
    rows = [some.boxes[some.boxes[:, 0] == number, 1:] for number in range(len(some.pixels))]
    listed = torch.zeros(len(rows), max(1, *(len(one) for one in rows)), 5)
    for number, one in enumerate(rows):
        listed[number, : len(one)] = one * torch.tensor([1, side, side, side, side])
    return listed
