"""Dividing labelled photos into train, val and test, or into folds, so that nothing leaks.

1. Files with identical bytes are one unit. So is what shares a site, sequence or date, as asked.
2. A unit goes to one part, whole. Every class has photos to learn from before it has photos to be judged on.
3. What the source says of a photo's part counts. Parts that it lacks are taken from its training photos.
4. Same photos and seed, same split, whatever the order of the photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, UsageError
from taxolens.core.records import Image, Part
from taxolens.core.texts import noted
from taxolens.data.duplicates import contradictions, duplicate_groups
from taxolens.data.stratify import FREE, Deal, as_codes, stratify
from taxolens.data.units import has_sequences, known_sites, shuffled_ranks, units_of
from taxolens.formats.table import write_table
from taxolens.recipes.split import SplitBy, SplitRecipe

ALONE = noted("Some classes have photos of a single unit only: they can be learnt, but not judged.")
CONTRADICTED = noted("Some identical files carry different labels: one of the labels must be wrong.")
CROSSED = noted(
    "The data's own split has the same site, sequence or file in several parts: its figures are too good."
)
COMPLETED = noted(
    "The data's own split lacks a part that was asked for: it was taken from its training photos."
)
EMPTY_PART = noted("A part of the split holds no photos, because too few units could be divided.")
SHARES_MISSED = noted(
    "The shares differ from those asked for, because what belongs together was kept together."
)
TOO_FEW_SITES = noted(
    "Sites are known, but too few to split by site: photos of one site may be in several parts."
)

_PARTS = (Part.TRAIN, Part.VAL, Part.TEST)
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


def split_images(images: Sequence[Image], recipe: SplitRecipe) -> Split:
    """Divides labelled images.

    Stratified by class; every class has a unit in train, and one in each other part when it has at least
    as many units as there are parts.

    Raises:
        UsageError: the shares are no percentages that make 100.
        DataError: what the photos are to be kept together by is not known of any of them.
    """
    shares = _shares(recipe)
    problem = _Problem.of(images)
    by, parts, notes = (_own if problem.given else _divided)(problem, recipe, shares)
    units = problem.units(by)
    return Split(
        parts=tuple(_PARTS[one] for one in parts.tolist()),
        by=by,
        groups=units,
        grouped=by is not SplitBy.NONE and int(units.max(initial=-1)) + 1 < len(images),
        duplicates=problem.duplicates,
        contradictions=contradictions(images, problem.duplicates),
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
    if k < 2:
        raise UsageError("Cross-validation needs at least 2 folds, not {k}.", k=k)
    problem = _Problem.of(images)
    enough = [one for one in problem.candidates(by) if len(np.unique(problem.units(one))) >= k]
    units = problem.units((enough or [SplitBy.NONE])[0] if by is SplitBy.AUTO else by)
    return _dealt(problem, units, (1.0 / k,) * k, (k,) * k, seed)[units]


def write_split(split: Split, images: Sequence[Image], path: Path) -> None:
    """Writes `file,label,site,sequence,datetime,split`, which is read back as a data set with its own split.

    Raises:
        OutputError: the table cannot be written.
    """
    write_table((replace(image, part=part) for image, part in zip(images, split.parts, strict=True)), path)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Images to be divided, with what does not depend on how.

    Attributes:
        labels: int64 [n].
        duplicates: groups of identical files.
        given: some images have a part already.
    """

    images: Sequence[Image]
    labels: NDArray[np.int64]
    duplicates: tuple[tuple[int, ...], ...]
    given: bool

    @classmethod
    def of(cls, images: Sequence[Image]) -> _Problem:
        """Looks at images."""
        return cls(
            images,
            as_codes([image.label or "" for image in images]),
            duplicate_groups(images),
            any(image.part for image in images),
        )

    def units(self, by: SplitBy) -> NDArray[np.int64]:
        """int64 [n], unit of each image."""
        return units_of(self.images, by, self.duplicates)

    def candidates(self, by: SplitBy) -> list[SplitBy]:
        """What photos may be kept together by, best first."""
        if by is SplitBy.AUTO:
            sites, sequences = known_sites(self.images) >= _LEAST_SITES, has_sequences(self.images)
            return [SplitBy.SITE] * sites + [SplitBy.SEQUENCE] * sequences + [SplitBy.NONE]
        known = {
            SplitBy.SITE: any(image.site for image in self.images),
            SplitBy.SEQUENCE: any(image.sequence for image in self.images),
            SplitBy.DATE: any(image.taken for image in self.images),
        }
        if self.images and not known.get(by, True):
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
    """The source's own parts; images that it leaves out follow their unit or are dealt out."""
    candidates = [*problem.candidates(recipe.by), SplitBy.NONE]
    for by in candidates:
        units = problem.units(by)
        part = _parts_of_units(problem, units, shares, recipe.seed)[units]
        given = [_PARTS.index(image.part) if image.part else FREE for image in problem.images]
        parts = np.where(np.array(given, dtype=np.int64) == FREE, part, given)
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
    fixed = np.full(int(units.max(initial=-1)) + 1, len(_PARTS), np.int64)
    own = [_PARTS.index(image.part) if image.part else len(_PARTS) for image in problem.images]
    np.minimum.at(fixed, units, np.array(own, dtype=np.int64))
    fixed[fixed == len(_PARTS)] = FREE
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
    place_of = np.full(len(_PARTS) + 1, FREE, np.int64)
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
    rank = shuffled_ranks(problem.images, units, seed)
    free = np.full(len(rank), FREE, np.int64)
    return stratify(Deal(units, problem.labels, rank, free if fixed is None else fixed, shares, least))


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
    some = _Problem.of([replace(problem.images[index], part=None) for index in learners.tolist()])
    _, own = np.unique(units[learners], return_inverse=True)
    wanted = tuple(share if place == 0 or place in lacking else 0.0 for place, share in enumerate(shares))
    parts[learners] = _parts_of_units(some, own, wanted, seed)[own]
    return parts, (*notes, COMPLETED)


def _crosses(units: NDArray[np.int64], parts: NDArray[np.int64]) -> bool:
    """Whether a unit has images in several parts."""
    pairs = np.unique(units * len(_PARTS) + parts)
    return len(pairs) > len(np.unique(pairs // len(_PARTS)))


def _notes(
    problem: _Problem,
    recipe: SplitRecipe,
    by: SplitBy,
    units: NDArray[np.int64],
    parts: NDArray[np.int64],
) -> tuple[str, ...]:
    classes = int(problem.labels.max(initial=-1)) + 1
    pairs = np.unique(units * max(classes, 1) + problem.labels)
    units_per_class = np.bincount(pairs % max(classes, 1), minlength=classes)
    asked = np.array(_shares(recipe))
    have = np.bincount(parts, minlength=len(_PARTS))
    few_sites = recipe.by is SplitBy.AUTO and by is not SplitBy.SITE and known_sites(problem.images) > 1
    missed = np.abs(have / max(1, have.sum()) - asked).max() > _MISSED_BY
    told = {
        ALONE: bool((units_per_class == 1).any()),
        CONTRADICTED: bool(contradictions(problem.images, problem.duplicates)),
        TOO_FEW_SITES: few_sites and not problem.given,
        EMPTY_PART: bool(((have == 0) & (asked > 0)).any()),
        SHARES_MISSED: bool(missed) and not problem.given and by is not SplitBy.NONE,
    }
    return tuple(note for note, is_true in told.items() if is_true)
