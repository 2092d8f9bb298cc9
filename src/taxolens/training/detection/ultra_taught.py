"""A criterion of ultralytics to which a larger detector adds what it says of the same pictures."""

from __future__ import annotations

from typing import Any

import torch

from taxolens.core.errors import UsageError
from taxolens.training.detection.order import Order
from taxolens.training.detection.taught import (
    columns_of,
    edges_apart,
    total_of,
    yes_or_no_apart,
)

_EDGES = 4
_MANY, _ONE = "one2many", "one2one"


class Taught:
    """Stands in the place of the library's criterion; the teacher has its share of the loss.

    Args:
        own: the library's criterion.
        pupil: whose criterion it is.
        order: with a teacher.

    Raises:
        UsageError: the teacher does not know all classes, or sees other cells than the pupil.
    """

    def __init__(self, own: Any, pupil: Any, order: Order) -> None:
        from ultralytics.nn import tasks

        library: Any = tasks
        self._own, self._weight = own, order.teacher_weight
        device = next(pupil.parameters()).device
        self._teacher: Any = library.load_checkpoint(str(order.teacher), device=device)[0].requires_grad_(
            False
        )
        self._bins = pupil.model[-1].reg_max
        self._gains = pupil.args.cls, pupil.args.dfl
        self._columns = columns_of(list(self._teacher.names.values()), order.labels, order.teacher)
        self._check_cells(pupil, order)

    def _check_cells(self, pupil: Any, order: Order) -> None:
        head = self._teacher.model[-1]
        if head.reg_max != self._bins or self._teacher.stride.tolist() != pupil.stride.tolist():
            raise UsageError(
                "The teacher {file} divides a photo otherwise than {name}. Choose one of the same family, without P6.",
                file=order.teacher,
                name=f"{order.family}{order.size}",
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_own"], name)

    def __call__(
        self, preds: Any, batch: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The library's loss and the teacher's, as the library wants it: times the photos, and its parts."""
        own, items = self._own(preds, batch)
        with torch.no_grad():
            told = self._teacher(batch["img"])[1]
        apart = sum(
            (self._apart(mine, theirs) for mine, theirs in _branches(_raw(preds), told)),
            torch.zeros(2).to(own),
        )
        share, count = self._weight, len(batch["img"])
        parts = {"teacher_cls": apart[0].detach(), "teacher_box": apart[1].detach()}
        return torch.cat([(1 - share) * own.reshape(-1), share * count * apart]), {**items, **parts}

    def _apart(self, pupil: Any, teacher: Any) -> torch.Tensor:
        """Of classes, and of edges."""
        told = teacher["scores"][:, self._columns].to(pupil["scores"])
        sure = told.sigmoid().amax(1)
        kinds = yes_or_no_apart(pupil["scores"], told).sum() / total_of(sure)
        edges = edges_apart(self._edges(pupil), self._edges(teacher).to(told))
        return torch.stack([self._gains[0] * kinds, self._gains[1] * (edges * sure).sum() / total_of(sure)])

    def _edges(self, raw: Any) -> torch.Tensor:
        """[b, cells, 4, bins]."""
        photos, _, cells = raw["boxes"].shape
        found: torch.Tensor = raw["boxes"].view(photos, _EDGES, self._bins, cells).permute(0, 3, 1, 2)
        return found


def _raw(preds: Any) -> Any:
    return preds[1] if isinstance(preds, tuple) else preds


def _branches(pupil: Any, teacher: Any) -> list[tuple[Any, Any]]:
    """What of the pupil learns from what of the teacher; a teacher with one branch teaches only the like of it."""
    mine, theirs = ({_MANY: one} if "scores" in one else one for one in (pupil, teacher))
    return [(mine[name], theirs[name]) for name in (_MANY, _ONE) if name in mine and name in theirs]
