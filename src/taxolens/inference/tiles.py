"""Boxes that were found in the tiles of a photo, put together: pure, by numbered rules.

1. A box that touches an edge of its tile where the photo goes on is *cut*: its animal may go on too.
2. A cut box that lies inside another tile, off that tile's own inner edges, is dropped: the other tile shows all
   that this one shows of the animal, and what lies beyond the edge. What is no larger than the overlap of tiles is
   therefore told by a tile that shows the whole of it.
3. Cut boxes that are left belong to animals larger than the overlap. Two of them, of one class and from two tiles,
   are one animal where they agree (intersection over union) in the part of the photo that both tiles show. Such
   boxes are joined, from the surest on, with at most one from each tile: the box round them has the surest one's
   scores.
4. Of a look at the whole photo only boxes larger than the overlap count: smaller ones are told by tiles, which see
   more of them. A cut box that lies mostly in such a box of its class, or holds most of it, gives way to it, unless
   it is more than twice as sure.
5. Of boxes of one class from different looks that mean the same thing the surest is kept: they overlap (intersection
   over union), or the less sure one is cut, or joined, and lies mostly in the other (intersection over the smaller
   area). Boxes of one look were thinned already.

Merging by the smaller area: Akyon et al. 2022, Slicing aided hyper inference (SAHI), arXiv:2202.06934.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.imaging.tiling import Window

WHOLE = -1
"""The look at the whole photo, where looks are numbered."""
MOST_BOXES = 3000
"""Boxes of one photo that are kept at most: a sticky trap holds hundreds of insects."""

_AGREE = 0.5
_INSIDE = 0.5
_EDGE, _LEAST_EDGE = 0.02, 2.0  # share of a tile's longest side, pixels: networks are not exact at an edge
_MORE_SURE = 2.0
_MOST_CUT = 2000

Corners = NDArray[np.float64]
"""float64 [n, 4], left, top, right, bottom in pixels of the photo."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Boxes of all looks at a photo.

    Attributes:
        corners: float64 [n, 4], left, top, right, bottom in pixels of the photo.
        scores: float32 [n, classes]; the best is how sure the network is of the box.
        look: int64 [n], number of the tile, or `WHOLE`; boxes that were joined have numbers of their own.
    """

    corners: Corners
    scores: NDArray[np.float32]
    look: NDArray[np.int64]

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Seen:
        """Some of them, in that order."""
        return Seen(self.corners[rows], self.scores[rows], self.look[rows])

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def sure(self) -> NDArray[np.float32]:
        """float32 [n]."""
        return np.asarray(self.scores.max(axis=1, initial=0.0))

    @property
    def kind(self) -> NDArray[np.intp]:
        """int [n], the best class."""
        return self.scores.argmax(axis=1) if len(self) else np.zeros(0, np.intp)


def together(parts: Sequence[Seen]) -> Seen:
    """Boxes of several looks as one; there is at least one look."""
    return Seen(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.look for part in parts]),
    )


def merged(seen: Seen, windows: Sequence[Window], shared: int) -> Seen:
    """What is in a photo, surest first (rules 1 to 5).

    Args:
        windows: the tiles, by number.
        shared: pixels that neighbouring tiles have in common at least.
    """
    tiles = _edges(windows)
    small = ((seen.corners[:, 2:] - seen.corners[:, :2]) <= shared).all(axis=1)
    seen = seen[~(small & (seen.look == WHOLE))]
    cut = _is_cut(seen, tiles)
    whole, pieces = seen[~cut], seen[cut]
    pieces = pieces[~_shown_elsewhere(pieces, tiles)]
    pieces = _joined(pieces, tiles)
    pieces = pieces[~_given_way(pieces, whole[whole.look == WHOLE])]
    is_piece = np.repeat((False, True), (len(whole), len(pieces)))
    return _surest(together((whole, pieces)), is_piece)


def _edges(windows: Sequence[Window]) -> Corners:
    found = np.array(windows, np.float64).reshape(-1, 4)
    return np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)


def _inner(tiles: Corners) -> Corners:
    """How far each side of a tile counts as its edge; 0 where the photo ends there."""
    photo = np.concatenate([tiles[:, :2].min(axis=0), tiles[:, 2:].max(axis=0)])
    side = (tiles[:, 2:] - tiles[:, :2]).max(axis=1, keepdims=True)
    return np.where(tiles == photo, 0.0, np.maximum(_LEAST_EDGE, _EDGE * side))


def _is_cut(seen: Seen, tiles: Corners) -> NDArray[np.bool_]:
    """bool [n] (rule 1)."""
    tile, near = tiles[seen.look], _inner(tiles)[seen.look]
    apart = np.concatenate([seen.corners[:, :2] - tile[:, :2], tile[:, 2:] - seen.corners[:, 2:]], axis=1)
    touches = (near > 0) & (apart <= near)
    return np.asarray(touches.any(axis=1) & (seen.look != WHOLE))


def _shown_elsewhere(pieces: Seen, tiles: Corners) -> NDArray[np.bool_]:
    """bool [n] (rule 2)."""
    near = _inner(tiles)
    shown = np.zeros(len(pieces), np.bool_)
    for number, (tile, edge) in enumerate(zip(tiles, near, strict=True)):
        inside = (pieces.corners[:, :2] >= tile[:2] + edge[:2]) & (
            pieces.corners[:, 2:] <= tile[2:] - edge[2:]
        )
        shown |= inside.all(axis=1) & (pieces.look != number)
    return shown


def _joined(pieces: Seen, tiles: Corners) -> Seen:
    """Cut boxes, those of one animal as one (rule 3)."""
    pieces = pieces[np.argsort(-pieces.sure, kind="stable")[:_MOST_CUT]]
    free = np.ones(len(pieces), np.bool_)
    groups: list[list[int]] = []
    for first in range(len(pieces)):
        if free[first]:
            groups.append(_group(first, pieces, tiles, free))
    corners = [
        np.concatenate([pieces.corners[group, :2].min(axis=0), pieces.corners[group, 2:].max(axis=0)])
        for group in groups
    ]
    numbers = len(tiles) + np.arange(len(groups))
    return Seen(np.array(corners).reshape(-1, 4), pieces.scores[[group[0] for group in groups]], numbers)


def _group(first: int, pieces: Seen, tiles: Corners, free: NDArray[np.bool_]) -> list[int]:
    """Positions of the boxes of one animal, the surest first; they are free no more."""
    group, looks = [first], {int(pieces.look[first])}
    free[first] = False
    for member in group:  # it grows meanwhile
        rivals = np.flatnonzero(free & (pieces.kind == pieces.kind[member]))
        for row in rivals[_agreement(member, rivals, pieces, tiles) >= _AGREE].tolist():
            if int(pieces.look[row]) not in looks:
                looks.add(int(pieces.look[row]))
                group.append(row)
                free[row] = False
    return group


def _agreement(one: int, others: NDArray[np.intp], pieces: Seen, tiles: Corners) -> NDArray[np.float64]:
    """Intersection over union of a box with others, in what both of their tiles show; 0 where they show nothing
    together."""
    both = _common(tiles[pieces.look[one]], tiles[pieces.look[others]])
    mine, theirs = _common(pieces.corners[one], both), _common(pieces.corners[others], both)
    shared = _areas(_common(mine, theirs))
    return _ratio(shared, _areas(mine) + _areas(theirs) - shared)


def _given_way(pieces: Seen, whole: Seen) -> NDArray[np.bool_]:
    """bool [n] (rule 4)."""
    gone = np.zeros(len(pieces), np.bool_)
    for corners, sure, kind in zip(whole.corners, whole.sure, whole.kind, strict=True):
        inside = _within(corners, pieces.corners) >= _INSIDE
        gone |= inside & (pieces.kind == kind) & (pieces.sure <= _MORE_SURE * sure)
    return gone


def _surest(seen: Seen, is_piece: NDArray[np.bool_]) -> Seen:
    """What is left of boxes that mean the same thing, surest first (rule 5)."""
    order = np.argsort(-seen.sure, kind="stable")
    seen, is_piece, kind = seen[order], is_piece[order], seen.kind[order]
    left = np.arange(len(seen))
    kept: list[int] = []
    while left.size and len(kept) < MOST_BOXES:
        best, left = left[0], left[1:]
        kept.append(int(best))
        corners = seen.corners[left]
        shared = _areas(_common(seen.corners[best], corners))
        area = _areas(seen.corners[best])
        same = shared > _AGREE * (area + _areas(corners) - shared)
        same |= is_piece[left] & (shared > _INSIDE * np.minimum(area, _areas(corners)))
        left = left[~(same & (kind[left] == kind[best]) & (seen.look[left] != seen.look[best]))]
    return seen[np.array(kept, np.intp)]


def _common(one: Corners, other: Corners) -> Corners:
    """What two rectangles share; one without area where they share nothing."""
    near, far = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    return np.concatenate([near, np.maximum(near, far)], axis=-1)


def _areas(corners: Corners) -> NDArray[np.float64]:
    return np.asarray(np.prod(corners[..., 2:] - corners[..., :2], axis=-1))


def _within(one: Corners, others: Corners) -> NDArray[np.float64]:
    """Intersection over the smaller area."""
    return _ratio(_areas(_common(one, others)), np.minimum(_areas(one), _areas(others)))


def _ratio(part: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, of, out=np.zeros_like(part), where=of > 0))
