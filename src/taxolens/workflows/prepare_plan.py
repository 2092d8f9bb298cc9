"""What a preparation will write, decided before the first photo is written: which photo, where, made how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.core.records import Annotation, Image, Part
from taxolens.core.texts import Say
from taxolens.data.balance import Balanced, Photos, balance
from taxolens.data.columns import PARTS, Columns, columns_of
from taxolens.data.dataset import Dataset
from taxolens.data.split import ALONE, Divided, fold_columns, split_columns
from taxolens.data.units import shuffled_ranks
from taxolens.imaging.rewrite import suffix_written
from taxolens.imaging.tiling import Window
from taxolens.recipes.prepare import BalanceTo, Files, PrepareRecipe
from taxolens.workflows.prepare_names import FreeNames, class_folders, safe_name
from taxolens.workflows.prepare_steps import Change

IMAGES = "images"
REPEATED = "repeat"
_SHOWN = 10

PlannedBox = tuple[str, float, float, float, float]
"""Label, x, y, width, height; see `Box`."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A photo to be written.

    Attributes:
        number: from 0; the order of the work.
        path: where its source lies.
        name: of its source, relative to the data.
        out: where it goes, relative to the folder.
        part: place in `PARTS`; -1 with folds.
        fold: from 1; 0 without folds.
        copy: 0 for the photo itself; its copies count from 1.
        made_by: step that changes a copy; empty for the photo itself.
        copy_of: for a copy, `out` of the photo itself.
        boxes: label, x, y, width, height of each; None where the source gives no boxes.
        tile: left, top, width and height of the part of the photo that is written, in pixels; None: all of it.
    """

    number: int
    path: str
    name: str
    out: str
    sha256: str
    label: str | None
    site: str
    sequence: str
    taken: str
    part: int
    fold: int
    copy: int = 0
    made_by: str = ""
    copy_of: str = ""
    boxes: list[PlannedBox] | None = None
    tile: list[int] | None = None

    @property
    def place(self) -> str:
        """The folder of its part or fold."""
        return f"fold-{self.fold}" if self.fold else PARTS[self.part].value


@dataclass(frozen=True, slots=True)
class Division:
    """How photos are divided and multiplied.

    Attributes:
        part: int64 [n], place in `PARTS`; -1 with folds.
        fold: int64 [n], from 1; 0 without folds.
        copies: int64 [n].
        kept: bool [n].
        by: what was kept together.
        notes: what a reader should know, English sentences that are their own keys.
        missing: classes by the part in which they have no photo.
    """

    part: NDArray[np.int64]
    fold: NDArray[np.int64]
    copies: NDArray[np.int64]
    kept: NDArray[np.bool_]
    by: str
    notes: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


def divide(recipe: PrepareRecipe, columns: Columns) -> Division:
    """Parts (or folds) and copies of photos, by their columns.

    Raises:
        UsageError: the shares are none.
        DataError: a class would be missing in a part, or there is nothing to balance.
    """
    if recipe.folds:
        return _folded(recipe, columns)
    divided = split_columns(columns, recipe.split)
    missing = _missing(recipe, columns, divided.parts)
    doubtful = _doubtful(divided, len(columns))
    copies, kept = _balanced(recipe, columns, divided.parts == 0, doubtful)
    notes = tuple(note for note in divided.notes if note != ALONE)
    none = np.zeros(len(columns), np.int64)
    return Division(divided.parts, none, copies, kept, divided.by.value, notes, missing)


def _folded(recipe: PrepareRecipe, columns: Columns) -> Division:
    """Each fold is balanced by itself, so that any of them together are balanced too."""
    fold = 1 + fold_columns(columns, recipe.folds, recipe.split.by, recipe.split.seed)
    _check_folds(recipe, columns, fold)
    copies, kept = np.zeros(len(columns), np.int64), np.ones(len(columns), np.bool_)
    doubtful = np.zeros(len(columns), np.bool_)
    for one in range(1, recipe.folds + 1):
        more, whole = _balanced(recipe, columns, fold == one, doubtful)
        copies, kept = copies + more, kept & whole
    part = np.full(len(columns), -1, np.int64)
    return Division(part, fold, copies, kept, recipe.split.by.value, ())


def _balanced(
    recipe: PrepareRecipe, columns: Columns, among: NDArray[np.bool_], doubtful: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """int64 [n] copies and bool [n] kept, for the photos among which classes are to be equal."""
    copies, kept = np.zeros(len(columns), np.int64), np.ones(len(columns), np.bool_)
    if recipe.balance.to is BalanceTo.NONE:
        return copies, kept
    rows = np.flatnonzero(among)
    ranks = shuffled_ranks(columns, np.arange(len(columns)), recipe.split.seed)
    photos = Photos(columns.label[rows], ranks[rows], doubtful[rows])
    done: Balanced = balance(photos, _target(recipe), cut=recipe.balance.cut)
    copies[rows], kept[rows] = done.copies, done.kept
    return copies, kept


def _target(recipe: PrepareRecipe) -> BalanceTo | int:
    """A number means the photos of a training part; each fold gives its share of them."""
    to = recipe.balance.to
    return -(-to // (recipe.folds - 1)) if recipe.folds and isinstance(to, int) else to


def _doubtful(divided: Divided, count: int) -> NDArray[np.bool_]:
    doubtful = np.zeros(count, np.bool_)
    for group in divided.contradictions:
        doubtful[list(group)] = True
    return doubtful


def _missing(recipe: PrepareRecipe, columns: Columns, part: NDArray[np.int64]) -> dict[str, tuple[str, ...]]:
    """Classes without a photo in a part that there is; refused unless the recipe allows them."""
    asked = [recipe.split.train, recipe.split.val, recipe.split.test]
    places = [place for place, share in enumerate(asked) if share or (part == place).any()]
    table = np.zeros((len(columns.labels), len(PARTS)), np.int64)
    np.add.at(table, (columns.label, part), 1)
    missing = {place: np.flatnonzero(table[:, place] == 0).tolist() for place in places}
    first = (
        min((row, place) for place, rows in missing.items() for row in rows)
        if any(missing.values())
        else None
    )
    if first is not None and not recipe.allow_missing:
        _check_learners(part)
        raise DataError(
            "{count} classes would be missing in a part of the split, the first is {label} with {photos} photos "
            "(none in {part}). Add photos, choose other shares or another --by, or add --allow-missing.",
            count=len({row for rows in missing.values() for row in rows}),
            label=columns.labels[first[0]],
            photos=int(table[first[0]].sum()),
            part=PARTS[first[1]].value,
        )
    return {
        PARTS[place].value: tuple(columns.labels[row] for row in rows)
        for place, rows in missing.items()
        if rows
    }


def _check_learners(part: NDArray[np.int64]) -> None:
    """A source without a part to learn from lacks more than classes."""
    if not (part == PARTS.index(Part.TRAIN)).any():
        raise DataError(
            "The data's own split has no part train, only {parts}. Add it, divide the photos anew with "
            "--ignore-parts, or add --allow-missing.",
            parts=", ".join(PARTS[place].value for place in np.unique(part).tolist()),
        )


def _check_folds(recipe: PrepareRecipe, columns: Columns, fold: NDArray[np.int64]) -> None:
    """A class of one fold would be missing where the others are learnt from."""
    pairs = np.unique(columns.label * (recipe.folds + 1) + fold) // (recipe.folds + 1)
    single = np.flatnonzero(np.bincount(pairs, minlength=len(columns.labels)) < 2)
    if not len(single) or recipe.allow_missing:
        return
    raise DataError(
        "{count} classes lie in a single fold, the first is {label}: where that fold is held back, nothing "
        "teaches them. Add photos, take fewer folds or another --by, or add --allow-missing.",
        count=len(single),
        label=columns.labels[int(single[0])],
    )


def dealing_columns(recipe: PrepareRecipe, images: Sequence[Image], *, boxed: bool) -> Columns:
    """The columns of photos as they are to be divided; photos with boxes count as their rarest class.

    Raises:
        DataError: photos without a class of their own are to be balanced.
    """
    if boxed and any(image.label is None for image in images):
        if recipe.balance.to is not BalanceTo.NONE:
            raise DataError(
                "Photos with boxes show several classes at once, so copies do not make classes equal. Leave out "
                "--balance, and weigh the classes when you train."
            )
        images = with_rarest(images)
    columns = columns_of(images)
    return columns if recipe.own_parts else columns.without_parts()


def with_rarest(images: Sequence[Image]) -> list[Image]:
    """Photos that have boxes and no class of their own count as their rarest class, for a division by classes."""
    counts = Counter(one.label for image in images for one in image.annotations or ())
    return [_dealt(image, counts) if image.label is None else image for image in images]


def _dealt(image: Image, counts: Mapping[str, int]) -> Image:
    labels = {one.label for one in image.annotations or ()}
    rarest = min(labels, key=lambda label: (counts[label], label), default="")
    return replace(image, label=rarest)


def planned(
    recipe: PrepareRecipe,
    dataset: Dataset,
    division: Division,
    changes: Sequence[Change],
    windows: Sequence[Sequence[Window | None]],
) -> Iterator[Planned]:
    """The photos to be written, each followed by its copies, in the order of their names.

    Args:
        changes: of copies; they take turns.
        windows: tiles of each photo; None for one that stays whole.
    """
    images = dataset.images
    folders = {} if dataset.boxed else class_folders({image.label or "" for image in images})
    names, number = FreeNames(), 0
    for row in sorted(range(len(images)), key=lambda row: (images[row].name, str(images[row].path))):
        if not division.kept[row]:
            continue
        photo = _photo(recipe, images[row], number, division, row)
        folder = _folder(photo, folders)
        for window in windows[row]:
            if window is not None:
                yield _tile(replace(photo, number=number), window, names, folder)
                number += 1
        if None not in windows[row]:
            continue
        photo = _placed(photo, names, folder, _is_changed(recipe))
        yield photo
        number += 1
        for copy in range(1, int(division.copies[row]) + 1):
            yield _copy(photo, copy, number, names, folder, changes)
            number += 1


def _is_changed(recipe: PrepareRecipe) -> bool:
    return bool(recipe.transform) or recipe.size is not None


def _photo(recipe: PrepareRecipe, image: Image, number: int, division: Division, row: int) -> Planned:
    out = str(Path(image.path).absolute()) if recipe.files is Files.NONE else ""
    return Planned(
        number=number,
        path=str(Path(image.path).absolute()),
        name=image.name,
        out=out,
        sha256=image.sha256 or "",
        label=image.label,
        site=image.site or "",
        sequence=image.sequence or "",
        taken=image.taken.replace(tzinfo=None).isoformat(sep=" ") if image.taken else "",
        part=int(division.part[row]),
        fold=int(division.fold[row]),
        boxes=None if image.annotations is None else [_box(one) for one in image.annotations],
    )


def _box(one: Annotation) -> PlannedBox:
    return one.label, one.box.x, one.box.y, one.box.width, one.box.height


def _folder(photo: Planned, folders: Mapping[str, str]) -> str:
    if not folders:
        return f"{IMAGES}/{photo.place}"
    return f"{photo.place}/{folders[photo.label or '']}"


def _placed(photo: Planned, names: FreeNames, folder: str, changed: bool) -> Planned:
    if photo.out:
        return photo
    source = PurePosixPath(photo.name)
    return replace(photo, out=names.take(folder, safe_name(source.stem), _suffix(source, changed)))


def _tile(photo: Planned, window: Window, names: FreeNames, folder: str) -> Planned:
    """A part of a photo. Parts of one photo are one sequence: a later division does not part them either."""
    source = PurePosixPath(photo.name)
    out = names.take(folder, f"{safe_name(source.stem)}~{window[0]}-{window[1]}", _suffix(source, True))
    return replace(photo, out=out, tile=list(window), sequence=photo.sequence or photo.name)


def _suffix(source: PurePosixPath, changed: bool) -> str:
    suffix = safe_name(f"x{source.suffix}").removeprefix("x") if source.suffix else ""
    return suffix_written(suffix) if changed else suffix


def _copy(
    photo: Planned,
    copy: int,
    number: int,
    names: FreeNames,
    folder: str,
    changes: Sequence[Change],
) -> Planned:
    """A copy; without anything that changes it, the photo named once more. What makes the same picture each
    time has one turn only."""
    if not changes:
        return replace(photo, number=number, copy=copy, made_by=REPEATED, copy_of=photo.out)
    again = [change for change in changes if change.random] if copy > len(changes) else []
    pool = again or changes
    change = pool[(int(photo.sha256[:8] or "0", 16) + copy) % len(pool)]
    own = PurePosixPath(photo.out)
    out = names.take(folder, f"{own.stem}~{copy}-{change.name}", suffix_written(own.suffix))
    return replace(photo, number=number, out=out, copy=copy, made_by=change.text, copy_of=photo.out)


def told_notes(division: Division, say: Say) -> tuple[str, ...]:
    """What a reader should know of the division, in the user's language."""
    told = [say(note) for note in division.notes]
    for part, labels in division.missing.items():
        shown = ", ".join(labels[:_SHOWN]) + (", ..." if len(labels) > _SHOWN else "")
        told.append(
            say("{count} classes have no photo in {part}: {labels}.").format(
                count=len(labels), part=part, labels=shown
            )
        )
    if cut := int((~division.kept).sum()):
        told.append(
            say("{count} training photos were left out, because their classes were cut.").format(count=cut)
        )
    return tuple(told)
