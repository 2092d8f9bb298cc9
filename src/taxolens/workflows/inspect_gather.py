"""The work of an inspection, step by step: count, compare, look through a backbone, study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import Dataset
from taxolens.data.faults import FLAT, find_faults
from taxolens.data.looks import Looks
from taxolens.data.near import Pairs, near_by_hash
from taxolens.data.statistics import count_boxes, count_classes, count_shown, imbalance
from taxolens.data.timeline import timeline_of
from taxolens.probe.background import Background, background_probe
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.inspect_alike import Alike, alike_in
from taxolens.workflows.inspect_backbone import Glass
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_sample import stratified
from taxolens.workflows.inspect_study import Study, study_sample
from taxolens.workflows.inspect_twins import (
    MOST_BY_CONTENT,
    Twins,
    content_pairs,
    exact_pairs,
    twins_of,
    units_of_study,
)
from taxolens.workflows.inspect_vectors import Seen, see
from taxolens.workflows.lesson import open_eye
from taxolens.workflows.listener import Listener
from taxolens.workflows.stopwatch import Stopwatch

_MOST_BY_BACKGROUND = 50
"""Classes that a forest tells apart by their background: its time and memory grow with their number."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs.

    Attributes:
        home: folder of the memory of embeddings.
        glass: the backbone to look through; None: files and pixels are judged alone.
    """

    recipe: InspectRecipe
    home: Path
    glass: Glass | None
    listener: Listener
    watch: Stopwatch
    say: Say


@dataclass(frozen=True, slots=True)
class _Compared:
    """Copies, and what a backbone has seen, where one was asked."""

    twins: tuple[Twins, ...]
    seen: Seen | None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Photos whose pixels were found damaged only when they were decoded in full."""
        return self.seen.failures if self.seen else ()


def gather(desk: Desk, dataset: Dataset, looks: Looks) -> Findings:
    """Everything that can be found in photos that were looked at."""
    recipe, glass = desk.recipe, desk.glass
    images = tuple(dataset.images[row] for row in looks.kept.tolist())
    labels, truth = _classes(images)
    tellable = len(labels) > 1
    sample = stratified(truth if tellable else np.zeros_like(truth), recipe.sample, recipe.seed)
    if tellable:
        _tell_classes(desk, len(np.unique(truth[sample])), len(labels))
    compared = _compared(desk, images, looks, sample)
    units = units_of_study(images, compared.twins)
    background = _background(desk, looks, truth, units, sample, len(labels)) if tellable else None
    study = _studied(desk, compared.seen, truth, labels, units) if tellable else None
    counts, shown = count_classes(images), count_shown(images)
    weighed = counts if shown is None else shown
    return Findings(
        recipe=recipe,
        name=name_of(recipe.source.data.resolve()),
        made=datetime.now(UTC).astimezone(),
        images=images,
        failures=(*dataset.failures, *looks.failures, *compared.failures),
        labels=labels,
        truth=truth,
        counts=counts,
        shown=shown,
        imbalance=imbalance(weighed.totals, weighed.labels),
        counts_of_boxes=count_boxes(images),
        looks=looks,
        faults=find_faults(images, looks),
        box_problems=dataset.problems,
        twins=compared.twins,
        divided=any(image.part for image in images),
        timeline=timeline_of(images),
        background=background,
        study=study,
        alike=None if tellable else _alike(desk, compared.seen),
        backbone=glass.name if glass else None,
        hints=glass.hints if glass else (),
        notes=tuple(note for note in desk.listener.notes if glass is None or note not in glass.hints),
        seconds=dict(desk.watch.seconds),
    )


def name_of(data: Path) -> str:
    """What the page is called: a table is mostly called as all tables are, so its folder is named too."""
    return f"{data.parent.name}/{data.name}" if data.suffix.lower() in (".csv", ".json") else data.name


def _classes(images: tuple[Image, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Sorted classes, and int64 [n] which of them each image has; -1: none."""
    labels = tuple(sorted({image.label for image in images if image.label is not None}))
    place: dict[str | None, int] = {label: number for number, label in enumerate(labels)}
    return labels, np.array([place.get(image.label, -1) for image in images], dtype=np.int64)


def _compared(desk: Desk, images: tuple[Image, ...], looks: Looks, sample: NDArray[np.int64]) -> _Compared:
    with desk.watch.stage(noted("Looking for copies")):
        alike = near_by_hash(looks.phash, looks.dhash, usable=looks.contrast > FLAT)
        pairs = [exact_pairs(images), alike]
    seen = _seen(desk, desk.glass, images, sample) if desk.glass else None
    with desk.watch.stage(noted("Looking for copies")):
        if seen is not None:
            pairs.append(_by_content(desk, seen, looks))
        return _Compared(twins_of(images, np.concatenate(pairs)), seen)


def _seen(desk: Desk, glass: Glass, images: tuple[Image, ...], sample: NDArray[np.int64]) -> Seen:
    with (
        desk.watch.stage(noted("Looking through the backbone")),
        open_eye(glass.embedder(), glass.backbone.preprocess, desk.home) as eye,
    ):
        return see(images, sample, desk.recipe, eye, progress=desk.listener, say=desk.say)


def _by_content(desk: Desk, seen: Seen, looks: Looks) -> Pairs:
    if len(seen.kept) > MOST_BY_CONTENT:
        desk.listener.note(
            desk.say(
                "Near copies were looked for by pattern alone: {n} photos are too many to compare each with "
                "each by content."
            ).format(n=len(seen.kept))
        )
        return np.empty((0, 2), dtype=np.int64)
    return content_pairs(seen, looks)


def _background(
    desk: Desk,
    looks: Looks,
    truth: NDArray[np.int64],
    units: NDArray[np.int64],
    sample: NDArray[np.int64],
    classes: int,
) -> Background:
    some = stratified(truth[sample], len(sample), desk.recipe.seed, classes=_MOST_BY_BACKGROUND)
    rows = sample[some]
    present, own = np.unique(truth[rows], return_inverse=True)
    with desk.watch.stage(noted("Looking at the background alone")):
        found = background_probe(
            looks.border[rows],
            own.astype(np.int64),
            len(present),
            groups=units[rows],
            seed=desk.recipe.seed,
        )
    per_class = np.full(classes, np.nan)
    per_class[present] = found.per_class
    return replace(found, per_class=per_class)


def _tell_classes(desk: Desk, studied: int, classes: int) -> None:
    """A reader must know that a part of the classes is easier to tell apart than all of them."""
    if studied < classes:
        told = desk.say(
            "{n} of {total} classes are studied, drawn by lot: all of them together are harder to tell apart."
        )
        desk.listener.note(told.format(n=studied, total=classes))
    if min(studied, classes) > _MOST_BY_BACKGROUND:
        told = desk.say("The background is looked at in {n} classes, drawn by lot.")
        desk.listener.note(told.format(n=_MOST_BY_BACKGROUND))


def _studied(
    desk: Desk,
    seen: Seen | None,
    truth: NDArray[np.int64],
    labels: tuple[str, ...],
    units: NDArray[np.int64],
) -> Study | None:
    if seen is None:
        return None
    with desk.watch.stage(noted("Studying the photos")):
        return study_sample(seen, truth, labels, units, desk.recipe, progress=desk.listener, say=desk.say)


def _alike(desk: Desk, seen: Seen | None) -> Alike | None:
    if seen is None:
        return None
    with desk.watch.stage(noted("Studying the photos")):
        return alike_in(seen, desk.recipe, progress=desk.listener, say=desk.say)
