"""Faster variants of a model, made one after the other, each with its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError, TaxolensError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.gate import GateRule, judge_candidate
from taxolens.evaluation.judge import judge
from taxolens.export.correction import corrected, noise_of
from taxolens.export.fold import folded
from taxolens.export.integers import integers_here
from taxolens.export.quantise import Photo, layers_of, named, quantised
from taxolens.export.resized import resized
from taxolens.imaging.decode import decode
from taxolens.inference.predictor import Predictor
from taxolens.inference.tensor import to_tensor
from taxolens.modelfile.card import LEAST_SIDE, Card
from taxolens.modelfile.read import ModelFile, model_from_bytes
from taxolens.modelfile.write import model_bytes
from taxolens.workflows.judging import exact_rows, groups_of
from taxolens.workflows.variant_facts import Candidate, Refused, Way
from taxolens.workflows.variant_photos import VariantPhotos

_SMALLER = (6 / 7, 5 / 7, 4 / 7, 3 / 7)  # 224 becomes 192, 160, 128, 96
_STEP = 8
_PRECISION = 0.95  # of automatic acceptance, which is not looked at here
_FLOATS = (0, 1, 2, 4, 8)
_LOOKED_AT = 16  # photos that tell which layers lose most


@dataclass(frozen=True, slots=True)
class Bench:
    """Where variants are made and asked.

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

    def ask(self, way: Way, model: ModelFile, original: Candidate | None = None) -> Candidate:
        """The answers of a model.

        Raises:
            ModelError: its graph cannot be run, or answers with something else.
        """
        return self._candidate(way, model, self._table(way, model), original)

    def ask_original(self, model: ModelFile) -> tuple[Bench, Candidate]:
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
        same = 1.0 if original is None else _agreement(original.answers, answers)
        return Candidate(way, model, answers, found.accuracy, same)

    def loses(self, original: Candidate, candidate: Candidate) -> bool:
        """Whether a candidate is out already, however fast it may be."""
        gated = judge_candidate(original.answers, candidate.answers, faster=np.inf, rule=self.rule)
        return gated.lost > self.rule.most_lost + 1e-9


def variants_of(
    original: Candidate, bases: Sequence[tuple[Way, ModelFile]], bench: Bench, *, smaller: int, integers: bool
) -> Iterator[Candidate | Refused]:
    """Everything that can be made of the original and of other models that may take its place.

    Args:
        original: with its answers.
        bases: other models of the same classes.
        smaller: how many smaller inputs to try; a smaller one than one that loses too much is not.
        integers: also make whole numbers of each that loses little.
    """
    for way, model in ((original.way, original.model), *bases):
        yield from _of_base(way, model, original, bench, smaller=smaller, integers=integers)


def _of_base(
    way: Way, model: ModelFile, original: Candidate, bench: Bench, *, smaller: int, integers: bool
) -> Iterator[Candidate | Refused]:
    for side in (None, *_sides(model.card)[:smaller]):
        floats = original if model is original.model and side is None else None
        if floats is None:
            found = _tried(replace(way, side=side), model, original, bench)
            yield found
            if isinstance(found, Refused) or bench.loses(original, found):
                return
            floats = found
        if integers:
            yield _integers(floats, original, bench)


def _tried(way: Way, model: ModelFile, original: Candidate, bench: Bench) -> Candidate | Refused:
    """A float variant with its answers."""
    try:
        made = _at_side(way, model, original) if way.side else model
    except TaxolensError:
        return Refused(
            way, bench.say("The network cannot take photos of this size: it is tied to that of the original.")
        )
    try:
        return bench.ask(way, made, original)
    except TaxolensError as error:
        return Refused(way, error.told(bench.say))


def _at_side(way: Way, model: ModelFile, original: Candidate) -> ModelFile:
    width, height = way.side or (0, 0)
    card = model.card
    graph = resized(model.graph, height=height, width=width, layout=card.input.layout)
    return _model(folded(graph.SerializeToString()), _card(card, way, original), model)


def _integers(floats: Candidate, original: Candidate, bench: Bench) -> Candidate | Refused:
    """In whole numbers, with as many of the worst layers kept float as it takes to lose little."""
    way, kinds = replace(floats.way, integers=integers_here().name), integers_here()
    try:
        network = named(folded(floats.model.graph))
        samples = _samples(bench, floats.model.card)
        first = corrected(network, quantised(network, samples, kinds), samples)
        worst = [one.layer for one in noise_of(network, first, samples[:_LOOKED_AT])]
        found = _asked(way, first, floats, original, bench)
        for keep in _FLOATS[1:]:
            if not bench.loses(original, found) or keep >= len(layers_of(network)):
                break
            graph = corrected(network, quantised(network, samples, kinds, keep=worst[:keep]), samples)
            found = _asked(replace(way, floats=keep), graph, floats, original, bench)
        return found
    except TaxolensError as error:
        return Refused(way, error.told(bench.say))
    # The quantiser's refusals of odd graphs have no base of their own; a way that fails is one way less.
    except Exception as error:
        return Refused(way, str(error).splitlines()[0] if str(error) else type(error).__name__)


def _asked(
    way: Way, graph: onnx.ModelProto, floats: Candidate, original: Candidate, bench: Bench
) -> Candidate:
    model = _model(graph, _card(floats.model.card, way, original), floats.model)
    return bench.ask(way, model, original)


def _samples(bench: Bench, card: Card) -> list[Photo]:
    """Photos as the network takes them."""
    images = bench.photos.calibrating
    found: list[Photo] = []
    for image in bench.progress.track(images, what=bench.say("Measuring ranges"), total=len(images)):
        with suppress(ImageError):
            pixels = decode(image.path, card.preprocess, max_megapixels=bench.max_megapixels)
            found.append(to_tensor(pixels, card.input))
    if not found:
        raise DataError("None of the photos to measure ranges on could be read. Name other photos.")
    return found


def _card(card: Card, way: Way, original: Candidate) -> Card:
    given = card.input.changed(width=way.side[0], height=way.side[1]) if way.side else card.input
    return card.model_copy(
        update={"input": given, "variant_of": original.model.sha256, "metrics": (), "notes": ()}
    )


def _model(graph: onnx.ModelProto, card: Card, of: ModelFile) -> ModelFile:
    return model_from_bytes(model_bytes(graph, card), of.path)


def _sides(card: Card) -> list[tuple[int, int]]:
    """Smaller inputs of the same shape, in whole eights."""
    width, height = card.input.width, card.input.height
    found = [
        tuple(max(1, round(side * share / _STEP)) * _STEP for side in (width, height)) for share in _SMALLER
    ]
    return [
        (wide, high)
        for wide, high in dict.fromkeys(found)
        if wide < width and high < height and min(wide, high) >= LEAST_SIDE
    ]


def _agreement(first: Answers, second: Answers) -> float:
    return float(np.mean(first.probabilities.argmax(axis=1) == second.probabilities.argmax(axis=1)))


def recarded(model: ModelFile, card: Card) -> bytes:
    """The same network with another card."""
    return model_bytes(onnx.load_from_string(model.graph), card)
