"""Where labels stand: beside the boxes that they are about, hiding no animal where there is room, and never one another.

1. A label stands outside its box and touches it: above, below, to the right, to the left; where that would hide a part
   of another box, or of a label that stands already, another side is tried, then the inside of its own box, at an edge.
2. Where all of these would hide something, the place counts that hides the smallest share of a box.
3. Where even then another label is in the way, the label stands apart and a line leads to its box; where there is no
   room near by either, it has no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Area = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, all of them inside."""
Size = tuple[int, int]
"""Width and height in pixels."""

_RINGS = 8
_AROUND = 16  # directions of a ring
_MUCH = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label stands.

    Attributes:
        area: what it takes.
        hides: the largest share of a box that it hides, 0..1.
        apart: it does not touch its box, so that a line must lead there.
    """

    area: Area
    hides: float
    apart: bool = False


def placed(
    labels: Sequence[Size], boxes: Sequence[Area], size: Size, taken: Sequence[Area] = ()
) -> Iterator[Place | None]:
    """A place for the label of each box, in order; those that come first choose first.

    Args:
        labels: sizes of the labels.
        boxes: what they are about, inside the picture.
        size: of the picture.
        taken: areas where no label may stand.
    """
    desk = _Desk(boxes, size, taken)
    yield from (desk.place(label, row) for row, label in enumerate(labels))


def cornered(label: Size, boxes: Sequence[Area], size: Size, taken: Sequence[Area], lowest: int) -> Place:
    """A place for a label about the whole picture: in a corner, that which hides least; the upper ones first.

    Args:
        lowest: first row that may be written on in the upper corners: above stands what cameras write.
    """
    desk = _Desk(boxes, size, taken)
    found = [one for area in _corners(label, size, lowest) if (one := desk.judged(area)) is not None]
    free = (desk.judged((0, top, label[0] - 1, top + label[1] - 1)) for top in range(0, size[1], label[1]))
    if not found:
        found = [one for one in free if one is not None]
    return min(found, key=lambda one: one.hides, default=Place((0, 0, label[0] - 1, label[1] - 1), 1.0))


class _Desk:
    """A picture on which labels are laid one after the other."""

    def __init__(self, boxes: Sequence[Area], size: Size, taken: Sequence[Area]) -> None:
        self._boxes = np.array(boxes, np.int64).reshape(-1, 4)
        self._areas = _extent(self._boxes).astype(np.float64)
        self._size = size
        self._taken = np.empty((len(boxes) + len(taken), 4), np.int64)
        self._count = len(taken)
        self._taken[: self._count] = np.array(taken, np.int64).reshape(-1, 4)

    def place(self, label: Size, row: int) -> Place | None:
        """The best place for the label of a box, which is taken then."""
        box = tuple(self._boxes[row].tolist())
        best = self._best((*_beside(label, box), *_inside(label, box)), row)
        if best is None:
            best = self._best(_rings(label, box), row, apart=True)
        if best is not None:
            self._taken[self._count] = best.area
            self._count += 1
        return best

    def _best(self, areas: Iterable[Area], row: int, *, apart: bool = False) -> Place | None:
        found = np.array(list(areas), np.int64).reshape(-1, 4)
        hides = self._hides(found, row)
        best = int(hides.argmin())
        if not np.isfinite(hides[best]):
            return None
        left, top, right, bottom = found[best].tolist()
        return Place((left, top, right, bottom), float(hides[best]), apart)

    def judged(self, area: Area) -> Place | None:
        """A place of a label about the whole picture, and what it hides; None where it leaves the picture or meets a
        label."""
        hides = float(self._hides(np.array([area], np.int64), None)[0])
        return Place(area, hides) if np.isfinite(hides) else None

    def _hides(self, areas: NDArray[np.int64], row: int | None) -> NDArray[np.float64]:
        """float64 [n], the largest share of a box that each area hides; endless where no label may stand."""
        hidden = _shared(areas[:, None], self._boxes) / self._areas
        if row is not None:
            # The edge of its own box is a better place than any part of another.
            hidden[:, row] /= _MUCH
        outside = (areas[:, :2] < 0).any(axis=1) | (areas[:, 2:] >= self._size).any(axis=1)
        meets = _shared(areas[:, None], self._taken[: self._count]).any(axis=1)
        return np.where(outside | meets, np.inf, hidden.max(axis=1, initial=0.0))


def _extent(areas: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((areas[:, 2] - areas[:, 0] + 1) * (areas[:, 3] - areas[:, 1] + 1))


def _shared(one: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pixels that areas have in common with others."""
    wide = np.minimum(one[..., 2], others[..., 2]) - np.maximum(one[..., 0], others[..., 0]) + 1
    high = np.minimum(one[..., 3], others[..., 3]) - np.maximum(one[..., 1], others[..., 1]) + 1
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0))


def _at(left: int, top: int, label: Size) -> Area:
    return left, top, left + label[0] - 1, top + label[1] - 1


def _beside(label: Size, box: Area) -> Iterator[Area]:
    """Outside of a box, touching it."""
    width, height = label
    left, top, right, bottom = box
    across = (left, right - width + 1, (left + right - width) // 2)
    yield from (_at(x, top - height, label) for x in across)
    yield from (_at(x, bottom + 1, label) for x in across)
    down = (top, bottom - height + 1, (top + bottom - height) // 2)
    yield from (_at(right + 1, y, label) for y in down)
    yield from (_at(left - width, y, label) for y in down)
    yield from (_at(0, y, label) for y in (top - height, bottom + 1) if left < width)


def _inside(label: Size, box: Area) -> Iterator[Area]:
    """In a box, at its edges."""
    left, top, right, bottom = box
    for y in (top, bottom - label[1] + 1):
        for x in (left, right - label[0] + 1):
            yield _at(x, y, label)


def _rings(label: Size, box: Area) -> Iterator[Area]:
    """Further and further from a box."""
    width, height = label
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    reach = (box[2] - box[0] + width) / 2, (box[3] - box[1] + height) / 2
    for ring in range(1, _RINGS + 1):
        for turn in range(_AROUND):
            angle = 2 * np.pi * turn / _AROUND
            x = middle[0] + np.cos(angle) * (reach[0] + ring * height) - width / 2
            y = middle[1] + np.sin(angle) * (reach[1] + ring * height) - height / 2
            yield _at(round(x), round(y), label)


def _corners(label: Size, size: Size, lowest: int) -> tuple[Area, ...]:
    width, height = label
    top = max(0, min(lowest, size[1] - height))
    right, bottom = size[0] - width, size[1] - height
    return tuple(_at(x, y, label) for x, y in ((0, top), (right, top), (0, bottom), (right, bottom)))
