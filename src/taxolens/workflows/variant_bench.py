"""Where variants of a classifier are made and asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.gate import Gated, GateRule, Verdict, judge_candidate
from taxolens.evaluation.judge import judge
from taxolens.export.quantise import OPERATORS, Photo
from taxolens.imaging.decode import decode
from taxolens.inference.predictor import Predictor
from taxolens.inference.tensor import to_tensor
from taxolens.modelfile.card import Card
from taxolens.modelfile.read import ModelFile
from taxolens.workflows.judging import exact_rows, groups_of
from taxolens.workflows.variant_facts import Candidate, Way
from taxolens.workflows.variant_photos import VariantPhotos

_PRECISION = 0.95  # of automatic acceptance, which is not looked at here


class Bench(Protocol):
    """Where variants are made and asked.

    Attributes:
        photos: that all of them answer.
        operators: kinds of nodes that are computed in whole numbers.
    """

    @property
    def photos(self) -> VariantPhotos: ...
    @property
    def rule(self) -> GateRule: ...
    @property
    def operators(self) -> Sequence[str]: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def say(self) -> Say: ...

    def ask(self, way: Way, model: ModelFile, original: Candidate | None = None) -> Candidate:
        """The answers of a model.

        Raises:
            ModelError: its graph cannot be run, or answers with something else.
        """

    def verdict(self, original: Candidate, candidate: Candidate, faster: float) -> Gated:
        """Whether a candidate may take the original's place."""

    def kept_float(self, network: onnx.ModelProto) -> tuple[str, ...]:
        """Names of nodes that are never computed in whole numbers."""

    def tensor(self, image: Image, card: Card) -> Photo:
        """A photo as a network takes it.

        Raises:
            ImageError: it cannot be read.
        """


def loses(bench: Bench, original: Candidate, candidate: Candidate) -> bool:
    """Whether a candidate is out already, however fast it may be."""
    return bench.verdict(original, candidate, np.inf).verdict is Verdict.LOSES


def samples_for(bench: Bench, card: Card) -> list[Photo]:
    """Photos to take ranges from, as the network takes them.

    Raises:
        DataError: none could be read.
    """
    images = bench.photos.calibrating
    found: list[Photo] = []
    for image in bench.progress.track(images, what=bench.say("Measuring ranges"), total=len(images)):
        with suppress(ImageError):
            found.append(bench.tensor(image, card))
    if not found:
        raise DataError("None of the photos to measure ranges on could be read. Name other photos.")
    return found


@dataclass(frozen=True, slots=True)
class ClassBench:
    """Where variants of a classifier are made and asked.

    Attributes:
        photos: that all of them answer.
        rule: what a candidate may lose.
        max_megapixels: photos that announce more pixels are left out.
        workers: photos worked on at once; 0: one per processor.
    """

    photos: VariantPhotos
    rule: GateRule
    max_megapixels: float
    workers: int
    progress: Progress
    say: Say
    operators: Sequence[str] = OPERATORS

    def ask(self, way: Way, model: ModelFile, original: Candidate | None = None) -> Candidate:
        """The answers of a model.

        Raises:
            ModelError: its graph cannot be run, or answers with something else.
        """
        return self._candidate(way, model, self._table(way, model), original)

    def ask_original(self, model: ModelFile) -> tuple[ClassBench, Candidate]:
        """The answers of the model itself, and the bench with the photos that it could read.

        Raises:
            DataError: it could read none.
            ModelError: its graph cannot be run.
        """
        way = Way()
        table = self._table(way, model)
        read: NDArray[np.bool_] = np.asarray(np.isfinite(table).all(axis=1))
        if not read.any():
            raise DataError("None of the photos could be read. Name other photos.")
        photos, unread = (
            self.photos,
            [image for image, ok in zip(self.photos.judged, read, strict=True) if not ok],
        )
        for image in unread:
            self.progress.note(self.say("{name} could not be read.").format(name=image.name))
        judged = tuple(image for image, ok in zip(photos.judged, read, strict=True) if ok)
        bench = replace(self, photos=replace(photos, judged=judged, truth=photos.truth[read]))
        return bench, bench._candidate(way, model, table[read], None)

    def _table(self, way: Way, model: ModelFile) -> NDArray[np.float32]:
        paths = [image.path for image in self.photos.judged]
        return Predictor(model).probabilities(
            self.progress.track(paths, what=way.told(self.say), total=len(paths)),
            workers=self.workers,
            max_megapixels=self.max_megapixels,
        )

    def _candidate(
        self, way: Way, model: ModelFile, table: NDArray[np.float32], original: Candidate | None
    ) -> Candidate:
        answers = Answers(
            labels=model.card.labels,
            names=tuple(image.name for image in self.photos.judged),
            truth=self.photos.truth,
            probabilities=exact_rows(table),
            groups=groups_of(self.photos.judged),
        )
        found = judge(
            answers,
            precision=_PRECISION,
            temperature=None,
            conformal_quantile=None,
            conformal_coverage=None,
        )
        same = 1.0 if original is None else _agreement(_answers(original), answers)
        return Candidate(way, model, answers, found.accuracy, same)

    def verdict(self, original: Candidate, candidate: Candidate, faster: float) -> Gated:
        """Whether a candidate may take the original's place."""
        return judge_candidate(_answers(original), _answers(candidate), faster=faster, rule=self.rule)

    def kept_float(self, network: onnx.ModelProto) -> tuple[str, ...]:
        """Names of nodes that are never computed in whole numbers: none."""
        del network
        return ()

    def tensor(self, image: Image, card: Card) -> Photo:
        """A photo as a network takes it.

        Raises:
            ImageError: it cannot be read.
        """
        pixels = decode(image.path, card.preprocess, max_megapixels=self.max_megapixels)
        return to_tensor(pixels, card.input)


def _agreement(first: Answers, second: Answers) -> float:
    return float(np.mean(first.probabilities.argmax(axis=1) == second.probabilities.argmax(axis=1)))


def _answers(candidate: Candidate) -> Answers:
    if not isinstance(candidate.answers, Answers):
        raise TypeError(candidate.way)
    return candidate.answers
