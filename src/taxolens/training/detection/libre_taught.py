"""A head of YOLOX to whose loss a larger YOLOX adds what it says of the same pictures."""

from __future__ import annotations

from typing import Any

import torch

from taxolens.core.errors import ModelError
from taxolens.training.detection.libre_weights import opened
from taxolens.training.detection.order import Order
from taxolens.training.detection.taught import boxes_apart, columns_of, total_of, yes_or_no_apart

_BOXES = 5.0
"""How much more YOLOX minds where a box lies than what is in it (Ge et al. 2021)."""


def teach_yolox(head: Any, order: Order, device: str) -> None:
    """Lets a head's loss have the teacher's share in it.

    Args:
        order: with a teacher.

    Raises:
        ModelError: the teacher is no YOLOX.
        UsageError: it does not know all classes.
    """
    if order.teacher is None:
        return
    wrapper, card = opened(order.teacher, device)
    if not card.network.startswith("yolox"):
        raise ModelError(
            "The weights in {file} are of {network}, which cannot teach a YOLOX. Name those of a larger YOLOX.",
            file=order.teacher,
            network=card.network,
        )
    teacher = wrapper.model.eval().requires_grad_(False)
    columns = torch.tensor(columns_of(card.classes, order.labels, order.teacher), device=device)
    own, share = head.get_losses, order.teacher_weight

    def get_losses(imgs: torch.Tensor, *given: Any, **named: Any) -> Any:
        found = own(imgs, *given, **named)
        with torch.no_grad():
            told = teacher.head.forward_train_maps(teacher.backbone(imgs))[0]
        apart = _apart(given[_OUTPUTS], told, columns)
        total = (1 - share) * found["total_loss"] + share * apart
        return {**found, "total_loss": total, _PART: apart.detach()}

    head.get_losses = get_losses
    _tell_part()


_OUTPUTS = 4
"""Place of the pupil's raw answers among what a head gives to its loss, behind the pictures."""
_PART = "teacher_loss"


def _apart(pupil: torch.Tensor, teacher: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Of boxes, of whether there is anything, and of what it is.

    Args:
        pupil: float [b, cells, 5 + c], boxes in pixels, then logits.
        teacher: likewise, perhaps of more classes.
    """
    told = teacher.to(pupil)
    there, kinds = told[..., 4], told[..., 5:][..., columns]
    sure = there.sigmoid() * kinds.sigmoid().amax(-1)
    total = total_of(sure)
    boxes = (boxes_apart(pupil[..., :4], told[..., :4]) * sure).sum()
    what = (yes_or_no_apart(pupil[..., 5:], kinds).sum(-1) * sure).sum()
    return (_BOXES * boxes + yes_or_no_apart(pupil[..., 4], there).sum() + what) / total


def _tell_part() -> None:
    """The library tells the parts of the loss that it knows of; this one too."""
    from libreyolo.models.yolox.trainer import YOLOXTrainer

    kind: Any = YOLOXTrainer
    own = kind.get_loss_components

    def components(trainer: Any, outputs: Any) -> dict[str, float]:
        return {**own(trainer, outputs), "teacher": float(outputs.get(_PART, 0.0))}

    kind.get_loss_components = components
