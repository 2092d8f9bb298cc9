"""What every judging of a model on labelled photos needs: which photos, which classes, what belongs together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import UsageError
from taxolens.core.progress import Progress
from taxolens.core.records import Failure, Image, Part
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say, for_count, noted
from taxolens.data.crops import photo_of
from taxolens.data.dataset import Dataset
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.report.wording import Wording

_UNREAD_ONE = noted("1 photo could not be read.")
_UNREAD = noted("{n} photos could not be read.")


def check_places(written: Iterable[Path | None], *, read: Iterable[Path]) -> None:
    """A place that cannot be written, or must not be, is told before the work.

    Raises:
        UsageError: a folder is not there, or a place is also read, or named twice.
    """
    taken = {place.resolve() for place in read}
    for place in written:
        if place is None:
            continue
        if place.is_dir() or not place.resolve().parent.is_dir():
            raise UsageError(
                "{place} cannot be written there. Name a file in a folder that exists.", place=place
            )
        if place.resolve() in taken:
            raise UsageError("{place} is named twice. Name another file for what is written.", place=place)
        taken.add(place.resolve())


def told_unread(n: int, wording: Wording) -> str:
    """How many photos could not be read."""
    return wording.say(for_count(n, _UNREAD_ONE, _UNREAD)).format(n=wording.count(n))


def asked_part(dataset: Dataset, progress: Progress, say: Say) -> Dataset:
    """The photos of the test part where the data have one: the others may have been learnt from."""
    tests = tuple(image for image in dataset.images if image.part is Part.TEST)
    others = len(dataset.images) - len(tests)
    if not tests or not others:
        return dataset
    progress.note(
        say("Only the {n} photos of the test part are judged; the {others} others are left out.").format(
            n=len(tests), others=others
        )
    )
    return replace(dataset, images=tests)


def fingerprint_of(dataset: Dataset, failures: Sequence[Failure]) -> str:
    """The fingerprint that a training on these data would write; it leaves out what it cannot read."""
    failed = {failure.name for failure in failures}
    return data_fingerprint(
        (image.sha256 or "", image.label or "")
        for image in dataset.images
        if photo_of(image).name not in failed
    )


def classes_meant(labels: Iterable[str], taxa: Sequence[Taxon]) -> dict[str, int]:
    """What the labels of a data set are among a model's classes; labels that it does not know are left out.

    A label means the class with this id, else with this id in other letters, else with this other name.
    """
    ids, folded, names = _tables(taxa)
    found = {
        label: ids.get(label, folded.get(label.casefold(), names.get(label.casefold()))) for label in labels
    }
    return {label: index for label, index in found.items() if index is not None}


def _tables(taxa: Sequence[Taxon]) -> tuple[dict[str, int], dict[str, int | None], dict[str, int | None]]:
    """What a data set may call each class: its id, its id in other letters, its other names.

    What two classes are called means neither (None): a wrong truth is worse than none.
    """
    ids = {taxon.id: index for index, taxon in enumerate(taxa)}
    folded: dict[str, int | None] = {}
    names: dict[str, int | None] = {}
    for index, taxon in enumerate(taxa):
        _claim(folded, taxon.id, index)
        for name in filter(None, (*taxon.names.values(), taxon.scientific)):
            _claim(names, name, index)
    return ids, folded, names


def _claim(table: dict[str, int | None], name: str, index: int) -> None:
    key = name.casefold()
    table[key] = index if table.get(key, index) == index else None


def exact_rows(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows that sum to one; float32 does so only nearly."""
    exact = scores.astype(np.float64)
    return np.asarray(exact / exact.sum(axis=1, keepdims=True))


def groups_of(images: Sequence[Image]) -> NDArray[np.int64] | None:
    """Sites where several are known, else sequences, else nothing."""
    for known in ([image.site for image in images], [image.sequence for image in images]):
        if all(known) and 1 < len(set(known)) < len(known):
            return np.unique([name or "" for name in known], return_inverse=True)[1].astype(np.int64)
    return None
