"""The work of an inspection, step by step: count, compare, look through a backbone, study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.backbone import BackboneMaker
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted
from taxolens.data.dataset import Dataset
from taxolens.data.faults import FLAT, find_faults
from taxolens.data.looks import Looks
from taxolens.data.near import Pairs, near_by_hash
from taxolens.data.statistics import count_boxes, count_classes, imbalance
from taxolens.data.timeline import timeline_of
from taxolens.inference.session import SessionEmbedder
from taxolens.probe.background import Background, background_probe
from taxolens.recipes.inspect import InspectRecipe
from taxolens.workflows.backbones import resolve_backbone
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


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every step needs."""

    recipe: InspectRecipe
    home: Path
    maker: Callable[[str], BackboneMaker]
    listener: Listener
    watch: Stopwatch
    say: Say


@dataclass(frozen=True, slots=True)
class _Compared:
    """Copies, and what a backbone has seen, where one was asked."""

    twins: tuple[Twins, ...]
    seen: Seen | None
    backbone: str | None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Photos whose pixels were found damaged only when they were decoded in full."""
        return self.seen.failures if self.seen else ()


def gather(
    recipe: InspectRecipe,
    dataset: Dataset,
    looks: Looks,
    *,
    home: Path,
    maker: Callable[[str], BackboneMaker],
    listener: Listener,
    watch: Stopwatch,
    say: Say,
) -> Findings:
    """Everything that can be found in photos that were looked at.

    Raises:
        UsageError: a backbone that cannot be used.
    """
    desk = _Desk(recipe, home, maker, listener, watch, say)
    images = tuple(dataset.images[row] for row in looks.kept.tolist())
    labels, truth = _classes(images)
    sample = stratified(truth, recipe.sample, recipe.seed)
    compared = _compared(desk, images, looks, sample if len(labels) > 1 else sample[:0])
    units = units_of_study(images, compared.twins)
    background = _background(desk, looks, truth, units, sample, len(labels)) if len(labels) > 1 else None
    study = _studied(desk, compared.seen, truth, labels, units)
    counts = count_classes(images)
    return Findings(
        recipe=recipe,
        name=recipe.source.data.resolve().name,
        made=datetime.now(UTC).astimezone(),
        images=images,
        failures=(*dataset.failures, *looks.failures, *compared.failures),
        labels=labels,
        truth=truth,
        counts=counts,
        imbalance=imbalance(counts.totals, counts.labels),
        counts_of_boxes=count_boxes(images),
        looks=looks,
        faults=find_faults(images, looks),
        box_problems=dataset.problems,
        twins=compared.twins,
        divided=any(image.part for image in images),
        timeline=timeline_of(images),
        background=background,
        study=study,
        backbone=compared.backbone,
        notes=tuple(listener.notes),
        seconds=dict(watch.seconds),
    )


def _classes(images: tuple[Image, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Sorted classes, and int64 [n] which of them each image has; -1: none."""
    labels = tuple(sorted({image.label for image in images if image.label is not None}))
    place: dict[str | None, int] = {label: number for number, label in enumerate(labels)}
    return labels, np.array([place.get(image.label, -1) for image in images], dtype=np.int64)


def _compared(desk: _Desk, images: tuple[Image, ...], looks: Looks, sample: NDArray[np.int64]) -> _Compared:
    with desk.watch.stage(noted("Looking for copies")):
        alike = near_by_hash(looks.phash, looks.dhash, usable=looks.contrast > FLAT)
        pairs = [exact_pairs(images), alike]
    seen, name = None, None
    if desk.recipe.embed:
        seen, name = _seen(desk, images, sample)
        with desk.watch.stage(noted("Looking for copies")):
            pairs.append(_by_content(desk, seen, looks))
    return _Compared(twins_of(images, np.concatenate(pairs)), seen, name)


def _seen(desk: _Desk, images: tuple[Image, ...], sample: NDArray[np.int64]) -> tuple[Seen, str]:
    with desk.watch.stage(noted("Backbone")):
        backbone = resolve_backbone(
            desk.recipe.backbone, home=desk.home, maker=desk.maker, progress=desk.listener, say=desk.say
        )
        embedder = SessionEmbedder(backbone.graph, backbone.identity, backbone.dimension)
    with (
        desk.watch.stage(noted("Looking through the backbone")),
        open_eye(embedder, backbone.preprocess, desk.home) as eye,
    ):
        seen = see(images, sample, desk.recipe, eye, progress=desk.listener, say=desk.say)
    return seen, backbone.name


def _by_content(desk: _Desk, seen: Seen, looks: Looks) -> Pairs:
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
    desk: _Desk,
    looks: Looks,
    truth: NDArray[np.int64],
    units: NDArray[np.int64],
    sample: NDArray[np.int64],
    classes: int,
) -> Background:
    with desk.watch.stage(noted("Looking at the background alone")):
        return background_probe(
            looks.border[sample], truth[sample], classes, groups=units[sample], seed=desk.recipe.seed
        )


def _studied(
    desk: _Desk,
    seen: Seen | None,
    truth: NDArray[np.int64],
    labels: tuple[str, ...],
    units: NDArray[np.int64],
) -> Study | None:
    if seen is None:
        return None
    with desk.watch.stage(noted("Studying the photos")):
        return study_sample(seen, truth, labels, units, desk.recipe, progress=desk.listener, say=desk.say)
