"""Dividing labelled photos into train, val and test, or into folds, so that nothing leaks.

1. Files with identical bytes are one unit. So is what shares a site, sequence or date, as asked.
2. A unit goes to one part, whole. Every class has photos to learn from before it has photos to be judged on.
3. What the source says of a photo's part counts. Parts that it lacks are taken from its training photos.
4. Same photos and seed, same split, whatever the order of the photos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, UsageError
from taxolens.core.records import Image, Part
from taxolens.core.texts import noted
from taxolens.data.columns import PARTS, UNKNOWN, Columns, columns_of
from taxolens.data.crops import Crop, photos_of
from taxolens.data.stratify import FREE, Deal, stratify
from taxolens.data.units import has_sequences, known_sites, shuffled_ranks, units_of
from taxolens.formats.box_table import write_box_table
from taxolens.formats.source import Sized
from taxolens.formats.table import write_table
from taxolens.recipes.split import SplitBy, SplitRecipe

ALONE = noted("Some classes have photos of a single event or place only: they can be learnt, but not judged.")
CONTRADICTED = noted("Some identical files carry different labels: one of the labels must be wrong.")
CROSSED = noted(
    "The data's own split has the same site, sequence or file in several parts: its figures are too good."
)
COMPLETED: Mapping[tuple[Part, ...], str] = MappingProxyType(
    {
        (Part.VAL,): noted("The data's own split has no part val: it was taken from its training photos."),
        (Part.TEST,): noted("The data's own split has no part test: it was taken from its training photos."),
        (Part.VAL, Part.TEST): noted(
            "The data's own split has neither val nor test: both were taken from its training photos."
        ),
    }
)
"""What is told, by the parts that a source lacks."""
EMPTY_PART = noted("A part of the split holds no photos, because too few units could be divided.")
SHARES_MISSED = noted(
    "The shares differ from those asked for, because what belongs together was kept together."
)
TOO_FEW_SITES = noted(
    "Sites are known, but too few to split by site: photos of one site may be in several parts."
)

_LEAST_SITES = 3
_MISSED_BY = 0.05


@dataclass(frozen=True, slots=True)
class Split:
    """A division of n images.

    Attributes:
        parts: part of each image.
        by: what was kept together; never "auto".
        groups: int64 [n], unit of each image.
        grouped: units are more than single photos (and their copies).
        duplicates: indices of images with identical bytes, in groups.
        contradictions: those groups whose images carry different labels; `indices` leaves them out.
        notes: what a reader of the figures should know, English sentences that are their own keys.
    """

    parts: tuple[Part, ...]
    by: SplitBy
    groups: NDArray[np.int64]
    grouped: bool
    duplicates: tuple[tuple[int, ...], ...]
    contradictions: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]

    def indices(self, part: Part) -> NDArray[np.int64]:
        """Images of a part that may be learnt from or judged: those whose label is not contradicted by
        that of an identical file."""
        doubtful = {index for group in self.contradictions for index in group}
        return np.array(
            [index for index, own in enumerate(self.parts) if own is part and index not in doubtful],
            dtype=np.int64,
        )


@dataclass(frozen=True, slots=True)
class Divided:
    """A division of n photos that are known by their columns; see `Split`.

    Attributes:
        parts: int64 [n], place of each photo's part in `PARTS`.
    """

    parts: NDArray[np.int64]
    by: SplitBy
    groups: NDArray[np.int64]
    grouped: bool
    duplicates: tuple[tuple[int, ...], ...]
    contradictions: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]


def split_images(images: Sequence[Image], recipe: SplitRecipe) -> Split:
    """Divides labelled images.

    Stratified by class; every class has a unit in train, and one in each other part when it has at least
    as many units as there are parts.

    Raises:
        UsageError: the shares are no percentages that make 100.
        DataError: what the photos are to be kept together by is not known of any of them.
    """
    divided = split_columns(columns_of(images), recipe)
    return Split(
        parts=tuple(PARTS[one] for one in divided.parts.tolist()),
        by=divided.by,
        groups=divided.groups,
        grouped=divided.grouped,
        duplicates=divided.duplicates,
        contradictions=divided.contradictions,
        notes=divided.notes,
    )


def split_columns(columns: Columns, recipe: SplitRecipe) -> Divided:
    """Divides labelled photos that are known by their columns, as `split_images` does and as it raises."""
    shares = _shares(recipe)
    problem = _Problem.of(columns)
    by, parts, notes = (_own if problem.given else _divided)(problem, recipe, shares)
    units = problem.units(by)
    return Divided(
        parts=parts,
        by=by,
        groups=units,
        grouped=by is not SplitBy.NONE and int(units.max(initial=-1)) + 1 < len(columns),
        duplicates=problem.duplicates,
        contradictions=problem.contradictions,
        notes=(*_notes(problem, recipe, by, units, parts), *notes),
    )


def folds(images: Sequence[Image], k: int, by: SplitBy, seed: int) -> NDArray[np.int64]:
    """Divides labelled images into k parts of like size and like classes, for cross-validation.

    Units are those of `split_images`; parts given by the source are not looked at.

    Returns:
        int64 [n], fold of each image, 0..k-1.

    Raises:
        UsageError: fewer than two folds.
        DataError: what the photos are to be kept together by is not known of any of them.
    """
    return fold_columns(columns_of(images), k, by, seed)


def fold_columns(columns: Columns, k: int, by: SplitBy, seed: int) -> NDArray[np.int64]:
    """Divides labelled photos that are known by their columns, as `folds` does and as it raises."""
    if k < 2:
        raise UsageError("Cross-validation needs at least 2 folds, not {k}.", k=k)
    problem = _Problem.of(columns)
    enough = [one for one in problem.candidates(by) if len(np.unique(problem.units(one))) >= k]
    units = problem.units((enough or [SplitBy.NONE])[0] if by is SplitBy.AUTO else by)
    return _dealt(problem, units, (1.0 / k,) * k, (k,) * k, seed)[units]


def write_split(split: Split, images: Sequence[Image], path: Path) -> None:
    """Writes `file,label,site,sequence,datetime,split`, which is read back as a data set with its own split.

    Boxes have a row each, with their place: that table is a data set with boxes.

    Raises:
        OutputError: the table cannot be written.
    """
    divided = (replace(image, part=part) for image, part in zip(images, split.parts, strict=True))
    if images and isinstance(images[0], Crop):
        # Shares need no pixels.
        write_box_table(path, [Sized(photo, 0, 0) for photo in photos_of(divided)])
    else:
        write_table(divided, path)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Photos to be divided, with what does not depend on how.

    Attributes:
        duplicates: groups of identical files.
        given: some photos have a part already.
    """

    columns: Columns
    duplicates: tuple[tuple[int, ...], ...]
    given: bool
    _units: dict[SplitBy, NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Columns) -> _Problem:
        """Looks at photos."""
        return cls(columns, columns.duplicates(), bool((columns.part != UNKNOWN).any()))

    @property
    def contradictions(self) -> tuple[tuple[int, ...], ...]:
        """Groups of identical files that carry different labels."""
        label = self.columns.label
        return tuple(group for group in self.duplicates if len(set(label[list(group)].tolist())) > 1)

    def units(self, by: SplitBy) -> NDArray[np.int64]:
        """int64 [n], unit of each photo."""
        if by not in self._units:
            self._units[by] = units_of(self.columns, by)
        return self._units[by]

    def candidates(self, by: SplitBy) -> list[SplitBy]:
        """What photos may be kept together by, best first."""
        if by is SplitBy.AUTO:
            sites = known_sites(self.columns) >= _LEAST_SITES
            sequences = has_sequences(self.columns)
            return [SplitBy.SITE] * sites + [SplitBy.SEQUENCE] * sequences + [SplitBy.NONE]
        known = {
            SplitBy.SITE: self.columns.site,
            SplitBy.SEQUENCE: self.columns.sequence,
            SplitBy.DATE: self.columns.day,
        }
        if len(self.columns) and by in known and (known[by] == UNKNOWN).all():
            raise DataError(
                "The photos cannot be split by {by}: it is not known of any of them. Add a column to the table "
                "or see --site-by and --sequence-by.",
                by=by.value,
            )
        return [by]


def _shares(recipe: SplitRecipe) -> tuple[float, ...]:
    shares = (recipe.train, recipe.val, recipe.test)
    if not all(share >= 0 for share in shares) or abs(sum(shares) - 100) > 0.01 or not recipe.train > 0:
        raise UsageError(
            "The shares {train:g}/{val:g}/{test:g} are no split. Give percentages for train, val and test that "
            "make 100, with something to train on.",
            train=recipe.train,
            val=recipe.val,
            test=recipe.test,
        )
    return tuple(share / sum(shares) for share in shares)


_Outcome = tuple[SplitBy, NDArray[np.int64], tuple[str, ...]]
"""What was kept together, int64 [n] part of each image, what should be told."""


def _divided(problem: _Problem, recipe: SplitRecipe, shares: tuple[float, ...]) -> _Outcome:
    """The first candidate that fills every part; the last one whatever it fills."""
    candidates = problem.candidates(recipe.by)
    for by in candidates:
        units = problem.units(by)
        part = _parts_of_units(problem, units, shares, recipe.seed)
        if by is candidates[-1] or _fills(part, shares):
            break
    return by, part[units], ()


def _own(problem: _Problem, recipe: SplitRecipe, shares: tuple[float, ...]) -> _Outcome:
    """The source's own parts; photos that it leaves out follow their unit or are dealt out."""
    candidates = [*problem.candidates(recipe.by), SplitBy.NONE]
    for by in candidates:
        units = problem.units(by)
        part = _parts_of_units(problem, units, shares, recipe.seed)[units]
        given = problem.columns.part
        parts = np.where(given == UNKNOWN, part, given)
        crossed = _crosses(units, parts)
        if not crossed:
            break
    notes = (CROSSED,) if crossed or by is not candidates[0] else ()
    return by, *_completed(problem, units, parts, notes, shares, recipe.seed)


def _fills(part: NDArray[np.int64], shares: tuple[float, ...]) -> bool:
    return all((part == place).any() for place, share in enumerate(shares) if share)


def _parts_of_units(
    problem: _Problem, units: NDArray[np.int64], shares: tuple[float, ...], seed: int
) -> NDArray[np.int64]:
    """int64 [u], part of each unit; units with images of a given part have it, the earliest where several."""
    fixed = np.full(int(units.max(initial=-1)) + 1, len(PARTS), np.int64)
    given = problem.columns.part
    np.minimum.at(fixed, units, np.where(given == UNKNOWN, len(PARTS), given))
    fixed[fixed == len(PARTS)] = FREE
    return _dealt_to_asked(problem, units, shares, seed, fixed)


def _dealt_to_asked(
    problem: _Problem,
    units: NDArray[np.int64],
    shares: tuple[float, ...],
    seed: int,
    fixed: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Deals to the parts with a share, and to those that units have already."""
    present = set(fixed.tolist())
    used = [place for place, share in enumerate(shares) if share or place in present]
    share = np.array([max(shares[place], 1e-6) for place in used])
    least = tuple(1 if place == 0 else len(used) if shares[place] else len(units) + 1 for place in used)
    place_of = np.full(len(PARTS) + 1, FREE, np.int64)
    place_of[used] = np.arange(len(used))
    dealt = _dealt(problem, units, tuple(share / share.sum()), least, seed, place_of[fixed])
    return np.array(used, dtype=np.int64)[dealt]


def _dealt(
    problem: _Problem,
    units: NDArray[np.int64],
    shares: tuple[float, ...],
    least: tuple[int, ...],
    seed: int,
    fixed: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    rank = shuffled_ranks(problem.columns, units, seed)
    free = np.full(len(rank), FREE, np.int64)
    return stratify(Deal(units, problem.columns.label, rank, free if fixed is None else fixed, shares, least))


def _completed(
    problem: _Problem,
    units: NDArray[np.int64],
    parts: NDArray[np.int64],
    notes: tuple[str, ...],
    shares: tuple[float, ...],
    seed: int,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Parts that the source lacks, taken from its training photos."""
    lacking = [place for place in (1, 2) if shares[place] and not (parts == place).any()]
    learners = np.flatnonzero(parts == 0)
    if not lacking or not len(learners):
        return parts, notes
    some = _Problem.of(problem.columns.learners(learners))
    _, own = np.unique(units[learners], return_inverse=True)
    wanted = tuple(share if place == 0 or place in lacking else 0.0 for place, share in enumerate(shares))
    parts[learners] = _parts_of_units(some, own, wanted, seed)[own]
    return parts, (*notes, COMPLETED[tuple(PARTS[place] for place in lacking)])


def _crosses(units: NDArray[np.int64], parts: NDArray[np.int64]) -> bool:
    """Whether a unit has images in several parts."""
    pairs = np.unique(units * len(PARTS) + parts)
    return len(pairs) > len(np.unique(pairs // len(PARTS)))


def _notes(
    problem: _Problem,
    recipe: SplitRecipe,
    by: SplitBy,
    units: NDArray[np.int64],
    parts: NDArray[np.int64],
) -> tuple[str, ...]:
    label = problem.columns.label
    classes = int(label.max(initial=-1)) + 1
    pairs = np.unique(units * max(classes, 1) + label)
    units_per_class = np.bincount(pairs % max(classes, 1), minlength=classes)
    asked = np.array(_shares(recipe))
    have = np.bincount(parts, minlength=len(PARTS))
    few_sites = recipe.by is SplitBy.AUTO and by is not SplitBy.SITE and known_sites(problem.columns) > 1
    missed = np.abs(have / max(1, have.sum()) - asked).max() > _MISSED_BY
    told = {
        ALONE: bool((units_per_class == 1).any()),
        CONTRADICTED: bool(problem.contradictions),
        TOO_FEW_SITES: few_sites and not problem.given,
        EMPTY_PART: bool(((have == 0) & (asked > 0)).any()),
        SHARES_MISSED: bool(missed) and not problem.given and by is not SplitBy.NONE,
    }
    return tuple(note for note, is_true in told.items() if is_true)
