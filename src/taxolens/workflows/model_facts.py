"""What is to be said of a model beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Failure
from taxolens.core.trainer import Epoch
from taxolens.evaluation.result import Mistake
from taxolens.recipes.split import SplitBy
from taxolens.workflows.shrink_facts import ShrinkFacts


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Photos of one class in each part of the split."""

    label: str
    train: int
    val: int
    test: int


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """How the photos were divided.

    Attributes:
        by: what was really kept on one side; never "auto".
        train: share in percent.
        val: share in percent.
        test: share in percent.
        units: how many sites, sequences, dates or single photos were dealt out; None where not counted.
    """

    by: SplitBy
    train: float
    val: float
    test: float
    seed: int
    units: int | None = None


@dataclass(frozen=True, slots=True)
class DuplicateFacts:
    """Photos that are byte for byte the same.

    Attributes:
        groups: how many such sets there are.
        photos: how many photos are in them.
        contradictions: file names of each set whose photos bear different labels.
    """

    groups: int
    photos: int
    contradictions: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class BackboneFacts:
    """What the model sees with; `hint` says where a better one can be had."""

    name: str
    dimension: int | None = None
    licence: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """How the head was fitted: C of the logistic regression, temperature, how rare classes count."""

    regularisation: float | None = None
    temperature: float | None = None
    class_weight: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A network that was trained as a whole.

    Attributes:
        parameters: how many numbers it is made of.
        multiplications: for one photo; None where not counted.
        epochs: how the training went.
        best: number of the epoch that was kept.
        examples: uint8 [k, height, width, 3], training photos as the network saw them.
    """

    name: str
    licence: str | None
    parameters: int
    multiplications: int | None
    epochs: tuple[Epoch, ...]
    best: int
    examples: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LookFacts:
    """An answer and a JPEG of its photo, dark where covering the photo changes nothing."""

    answer: Mistake
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """Two ways that must give the same answers.

    Attributes:
        n: photos compared.
        agreement: share with the same best answer, 0..1.
        largest_difference: between probabilities; None where not measured.
    """

    n: int
    agreement: float
    largest_difference: float | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The model file: its name, size in bytes and hash."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command worth typing, and what it does, in the reader's language."""

    purpose: str
    line: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Everything that a page says of a model beside its results; what is not known is left out.

    Attributes:
        name: of the model.
        created: when it was made.
        data: name of the photos' source.
        photos: how many photos the source held, readable or not.
        boxes: how many boxes of these photos are the examples; None: whole photos are.
        counts: photos by class and part.
        split: how the photos were divided; None: the model was judged on photos given for that, and
            nobody says whether it has seen them before.
        notes: sentences about the data or the split that must not be missed, in the reader's language.
        names: label to the name in the reader's language.
        precision: accuracy that automatic acceptance is to reach, 0..1.
        unsure: score below which the model itself answers "unsure".
        conformal_quantile: largest 1 - probability that a label in a conformal set may have.
        parity: the written file against the trained head.
        decode: scaled decoding against full decoding.
        looks: some answers with what they hang on.
        seconds: stage to seconds, in order.
    """

    name: str
    created: datetime | None = None
    task: str = "classify"
    data: str | None = None
    photos: int | None = None
    boxes: int | None = None
    counts: tuple[ClassCounts, ...] = ()
    split: SplitFacts | None = None
    duplicates: DuplicateFacts | None = None
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    backbone: BackboneFacts | None = None
    head: HeadFacts | None = None
    network: NetworkFacts | None = None
    shrunk: ShrinkFacts | None = None
    precision: float | None = None
    unsure: float | None = None
    conformal_quantile: float | None = None
    parity: AgreementFacts | None = None
    decode: AgreementFacts | None = None
    looks: tuple[LookFacts, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    file: FileFacts | None = None
    next_steps: tuple[NextStep, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
