"""How many photos and boxes there are of what, how far classes are from balance, how numbers are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Image
from taxolens.core.texts import noted

FEW = 20
"""Photos of a class below which it can hardly be learnt and not be judged."""

UNEVEN = 3.0
"""Largest class by smallest from which on balancing is worth a thought."""

VERY_UNEVEN = 10.0
"""Largest class by smallest from which on rare classes are forgotten unless something is done."""

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

_BINS = 30
_TRIMMED = (0.005, 0.995)
_ALIKE = 1e-9
"""Values nearer to each other than this differ by rounding alone; bins between them would have no width."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each class.

    Attributes:
        labels: c classes, sorted.
        totals: int64 [c].
        groups: g groups, sorted: sites where they are known, else outermost folders; empty where neither is.
        table: int64 [g, c].
    """

    labels: tuple[str, ...]
    totals: NDArray[np.int64]
    groups: tuple[str, ...]
    table: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence to be translated.

    Attributes:
        template: English, with named fields; its own key for translation.
        fields: values for the template.
    """

    template: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Imbalance:
    """How far classes are from having the same number of photos. Classes without photos do not count.

    Attributes:
        ratio: photos of the largest class by photos of the smallest; 1 is even.
        effective: number of equally large classes that would be as diverse, exp(entropy): the Hill number
            of order 1 (Hill 1973), as ecologists count species.
        gini: 0 even .. 1 all in one class.
        smallest: its label; empty where there are no classes.
        largest: its label.
        advice: what to do, the weightiest first.
    """

    ratio: float
    effective: float
    gini: float
    smallest: str
    largest: str
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the values of one property are spread.

    Attributes:
        name: of the property, stable.
        counts: int64 [b]; values beyond the outermost edges are counted in the outermost bins.
        edges: float64 [b + 1]; without the outermost half percent at either end, lest one odd value squeeze
            the others into one bin.
        quantiles: float64 [7], at 0, 5, 25, 50, 75, 95 and 100 %.
    """

    name: str
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    quantiles: NDArray[np.float64]


def count_classes(images: Sequence[Image]) -> Counts:
    """Photos per class, and per site or outermost folder; photos without a class are not counted."""
    pairs = Counter(
        (image.site or (image.groups[0] if image.groups else ""), image.label)
        for image in images
        if image.label is not None
    )
    return _counts(pairs)


def count_boxes(images: Sequence[Image]) -> Counts | None:
    """Boxes per class, and per site or outermost folder; None where no photo says anything of boxes."""
    if all(image.annotations is None for image in images):
        return None
    pairs = Counter(
        (image.site or (image.groups[0] if image.groups else ""), annotation.label)
        for image in images
        for annotation in image.annotations or ()
    )
    return _counts(pairs)


def count_shown(images: Sequence[Image]) -> Counts | None:
    """Photos that show each class in a box, and per site or outermost folder; a photo may show several.

    None where no photo says anything of boxes, or photos have a class that is not the one of all their boxes.
    """
    if all(image.annotations is None for image in images):
        return None
    pairs: Counter[tuple[str, str]] = Counter()
    for image in images:
        labels = {annotation.label for annotation in image.annotations or ()}
        if image.label is not None and labels != {image.label}:
            return None
        group = image.site or (image.groups[0] if image.groups else "")
        pairs.update((group, label) for label in labels)
    return _counts(pairs)


def _counts(pairs: Mapping[tuple[str, str], int]) -> Counts:
    labels = tuple(sorted({label for _, label in pairs}))
    groups = tuple(sorted({group for group, _ in pairs if group}))
    column, row = {label: k for k, label in enumerate(labels)}, {group: g for g, group in enumerate(groups)}
    totals = np.zeros(len(labels), dtype=np.int64)
    table = np.zeros((len(groups), len(labels)), dtype=np.int64)
    for (group, label), count in pairs.items():
        totals[column[label]] += count
        if group:
            table[row[group], column[label]] += count
    return Counts(labels, totals, groups, table)


def imbalance(totals: NDArray[np.int64], labels: Sequence[str]) -> Imbalance:
    """How far classes are from balance, and what to do about it.

    Args:
        totals: int64 [c], photos per class.
        labels: c names.
    """
    present = np.flatnonzero(totals)
    if not len(present):
        return Imbalance(1.0, 0.0, 0.0, "", "", ())
    counts = np.asarray(totals, dtype=np.float64)[present]
    share = counts / counts.sum()
    smallest, largest = labels[present[counts.argmin()]], labels[present[counts.argmax()]]
    ratio = float(counts.max() / counts.min())
    effective = float(np.exp(-(share * np.log(share)).sum()))
    few = [labels[k] for k in present[np.argsort(counts, kind="stable")] if totals[k] < FEW]
    advice = _advice(ratio, few, smallest, largest, len(present))
    return Imbalance(ratio, effective, _gini(counts), smallest, largest, advice)


def _gini(counts: NDArray[np.float64]) -> float:
    ordered = np.sort(counts)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def _advice(ratio: float, few: list[str], smallest: str, largest: str, classes: int) -> tuple[Advice, ...]:
    if classes < 2:
        return (_told(_ONE_CLASS, label=largest),)
    advice = []
    if few:
        shown = ", ".join(few[:5])
        advice.append(_told(_FEW_MANY if len(few) > 5 else _FEW, n=len(few), least=FEW, labels=shown))
    if ratio >= VERY_UNEVEN:
        advice.append(_told(_VERY_UNEVEN, smallest=smallest, largest=largest))
        advice.append(_told(_JUDGE))
    elif ratio >= UNEVEN:
        advice.append(_told(_UNEVEN, smallest=smallest))
    return tuple(advice) or (_told(_EVEN),)


def _told(template: str, **fields: object) -> Advice:
    return Advice(template, MappingProxyType(fields))


_ONE_CLASS = noted(
    "There is only one class, {label}: add photos of something else, photos of nothing will do."
)
_FEW = noted(
    "Fewer than {least} photos: {labels}. Collect more before you trust what is said of them, or join them with a "
    "related class."
)
_FEW_MANY = noted(
    "{n} classes have fewer than {least} photos, among them {labels}. Collect more before you trust what is said "
    "of them, or join them with related classes."
)
_VERY_UNEVEN = noted(
    "Left alone, a model forgets {smallest} in favour of {largest}: weigh the classes when training "
    "(--class-weight balanced), fill the small ones with changed copies (taxolens prepare --balance), best of all "
    "collect more."
)
_UNEVEN = noted(
    "The classes are somewhat uneven: weighing them when training (--class-weight balanced) helps {smallest}."
)
_JUDGE = noted("Judge a model by its macro-F1, not by its accuracy, which the large classes decide.")
_EVEN = noted("The classes are even enough: nothing needs to be done.")


def box_distributions(images: Iterable[Image]) -> tuple[Distribution, ...]:
    """Of the boxes' widths, heights and areas (each 0..1 of their photo), and of boxes per photo."""
    per_photo: list[int] = []
    sizes: list[tuple[float, float]] = []
    for image in images:
        if image.annotations is not None:
            per_photo.append(len(image.annotations))
            sizes.extend((one.box.width, one.box.height) for one in image.annotations)
    size = np.asarray(sizes, dtype=np.float64).reshape(-1, 2)
    return (
        distribution("box_width", size[:, 0]),
        distribution("box_height", size[:, 1]),
        distribution("box_area", size[:, 0] * size[:, 1]),
        distribution("boxes_per_photo", np.asarray(per_photo, dtype=np.float64)),
    )


def distribution(name: str, values: NDArray[np.floating]) -> Distribution:
    """A histogram of 30 equal bins, and quantiles. Without values, all is zero.

    Args:
        values: float [n].
    """
    if not len(values):
        return Distribution(name, np.zeros(1, np.int64), np.array([0.0, 1.0]), np.zeros(len(QUANTILES)))
    low, high = (float(end) for end in np.quantile(values, _TRIMMED))
    if high - low <= _ALIKE * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(values, low, high), bins=_BINS, range=(low, high))
    return Distribution(name, counts.astype(np.int64), edges, np.quantile(values, QUANTILES))
