"""Photos that are there twice: the same bytes, the same pattern, the same content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image
from taxolens.data.duplicates import duplicate_groups
from taxolens.data.looks import Looks
from taxolens.data.near import Kind, NearGroup, Pairs, cluster, near_groups
from taxolens.probe.near import near_by_embedding
from taxolens.workflows.inspect_vectors import Seen

MOST_BY_CONTENT = 60_000
"""Photos beyond which all pairs of embeddings are no longer compared: the work grows with their square."""


@dataclass(frozen=True, slots=True)
class Twins:
    """A group of photos that are alike.

    Attributes:
        rows: which photos, ascending.
        exact: all have the same bytes.
        labels_differ: they are called differently.
        parts_differ: they lie in different parts of the data's own split.
        one_event: all belong to one sequence.
    """

    rows: tuple[int, ...]
    exact: bool
    labels_differ: bool
    parts_differ: bool
    one_event: bool

    @property
    def scene(self) -> bool:
        """Many that look nearly the same are a fixed camera or one subject again and again, no copies."""
        return not self.exact and len(self.rows) > _MOST_COPIES

    @property
    def contradiction(self) -> bool:
        """One photo under two names. In a burst or a scene names may rightly differ: an animal came by."""
        return self.labels_differ and not self.scene and (self.exact or not self.one_event)

    def shown(self, most: int) -> tuple[int, ...]:
        """The photos that are shown; of a large group some from its beginning to its end."""
        if len(self.rows) <= most:
            return self.rows
        return tuple(self.rows[round(n * (len(self.rows) - 1) / (most - 1))] for n in range(most))


_ALWAYS_A_UNIT = 12
_MOST_COPIES = 5
_ALIKE, _SAME = 0.85, 0.985  # cosines
_BITS_APART = 42  # of 128; unrelated photos are 64 apart, give or take 6


def exact_pairs(images: Sequence[Image]) -> Pairs:
    """Pairs of identical files, each file with the first of its kind."""
    pairs = [(group[0], other) for group in duplicate_groups(images) for other in group[1:]]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def content_pairs(seen: Seen, looks: Looks) -> Pairs:
    """Pairs of photos with the same content: saved anew, cropped, brightened, mirrored.

    Embeddings are compared about their mean, which all photos of one set share and which would make any two
    of them alike. On photos of leaves, dogs, camera traps and CIFAR-10, nine in ten copies that were cropped by
    a tenth or made a third brighter have a cosine of 0.84 to 0.95 and hashes less than 42 of 128 bits apart;
    different photos of one class come as near in one of the two now and then, but hardly ever in both. A
    mirrored copy has other hashes, so it counts where its embedding alone is as near as a copy's.
    """
    rows = seen.short.astype(np.float32)
    rows -= rows.mean(axis=0)
    found = near_by_embedding(rows, least=_ALIKE)
    pairs = seen.kept[found.pairs]
    codes = np.stack([looks.phash, looks.dhash], axis=1)
    apart = np.bitwise_count(codes[pairs[:, 0]] ^ codes[pairs[:, 1]]).sum(axis=1)
    return np.asarray(pairs[(found.similarity >= _SAME) | (apart <= _BITS_APART)])


def twins_of(images: Sequence[Image], pairs: Pairs) -> tuple[Twins, ...]:
    """Groups of photos that pairs connect: across parts first, then under different names, then by size."""
    groups = near_groups(images, cluster(pairs, len(images)))
    return tuple(sorted((_judged(images, group) for group in groups), key=_harm))


def _judged(images: Sequence[Image], group: NearGroup) -> Twins:
    sequences = {images[row].sequence for row in group.rows}
    return Twins(
        rows=group.rows,
        exact=group.kind is Kind.EXACT,
        labels_differ=group.labels_differ,
        parts_differ=group.parts_differ,
        one_event=len(sequences) == 1 and None not in sequences,
    )


def _harm(twins: Twins) -> tuple[bool, bool, bool, bool, int, int]:
    """The harmful first; the plainest and smallest of them first, because they are quickest to decide."""
    return (
        not twins.parts_differ,
        not twins.contradiction,
        not twins.exact,
        twins.one_event,
        len(twins.rows),
        twins.rows[0],
    )


def units_of_study(images: Sequence[Image], twins: Sequence[Twins]) -> NDArray[np.int64]:
    """int64 [n], photos that must stay together where something is judged: sequences, copies, near copies.

    Near copies that chain a tenth of all photos together are not a unit: at one camera all empty photos of a
    night look alike.
    """
    unit = list(range(len(images)))

    def root(row: int) -> int:
        while unit[row] != row:
            unit[row] = unit[unit[row]]
            row = unit[row]
        return row

    first: dict[str, int] = {}
    for row, image in enumerate(images):
        if image.sequence is not None:
            unit[root(row)] = root(first.setdefault(image.sequence, row))
    most = max(_ALWAYS_A_UNIT, len(images) // 10)
    for group in twins:
        if group.exact or len(group.rows) <= most:
            for row in group.rows[1:]:
                unit[root(row)] = root(group.rows[0])
    return np.unique([root(row) for row in range(len(images))], return_inverse=True)[1].astype(np.int64)
