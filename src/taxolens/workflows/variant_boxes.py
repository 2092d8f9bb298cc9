"""Where variants of a detector are made and asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx

from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say
from taxolens.evaluation.detection.answers import BoxAnswers, Scene, gathered
from taxolens.evaluation.detection.gate import judge_box_candidate
from taxolens.evaluation.detection.judge import judge_boxes
from taxolens.evaluation.detection.paired import compare_boxes
from taxolens.evaluation.detection.working import score_like
from taxolens.evaluation.gate import Gated, GateRule
from taxolens.export.quantise import OF_DETECTORS, Photo, tail_of
from taxolens.imaging.decode import decode, fit_picture
from taxolens.imaging.photograph import Photograph
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.tensor import to_tensor
from taxolens.modelfile.card import Card
from taxolens.modelfile.read import ModelFile
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.recipes.variant import VariantRecipe
from taxolens.workflows.detection_model import scenes_of, unhesitating
from taxolens.workflows.listener import Listener
from taxolens.workflows.variant_facts import Candidate, Way
from taxolens.workflows.variant_photos import VariantPhotos


@dataclass(frozen=True, slots=True)
class BoxBench:
    """Where variants of a detector are made and asked.

    Attributes:
        recipe: that asked for variants.
        photos: that all of them answer.
        rule: what a candidate may lose.
        score: from which the original's boxes count when they are looked for by size; of a variant from there on, where
            it shows as many.
    """

    recipe: VariantRecipe
    photos: VariantPhotos
    rule: GateRule
    score: float
    progress: Listener
    say: Say
    operators: Sequence[str] = OF_DETECTORS

    def ask(self, way: Way, model: ModelFile, original: Candidate | None = None) -> Candidate:
        """The boxes that a model finds.

        Raises:
            ModelError: its graph cannot be run, or answers with something else.
        """
        scenes, _ = self._scenes(way, model)
        answers = gathered(scenes, self.photos.classes)
        same = 1.0 if original is None else _agreement(boxes_found(original), answers, self.score)
        return Candidate(way, model, answers, judge_boxes(answers, score=self.score).map50, same)

    def ask_original(self, model: ModelFile) -> tuple[BoxBench, Candidate]:
        """The boxes of the model itself, and the bench with the photos that it could read.

        Raises:
            DataError: it could read none, or none has a box.
            ModelError: its graph cannot be run.
        """
        scenes, failed = self._scenes(Way(), model)
        unread = {one.name for one in failed}
        for name in sorted(unread):
            self.progress.note(self.say("{name} could not be read.").format(name=name))
        judged = tuple(image for image in self.photos.judged if image.name not in unread)
        bench = replace(
            self, photos=replace(self.photos, judged=judged, truth=self.photos.truth[: len(judged)])
        )
        answers = gathered(scenes, self.photos.classes)
        found = judge_boxes(answers, score=self.score)
        return bench, Candidate(Way(), model, answers, found.map50, 1.0)

    def verdict(self, original: Candidate, candidate: Candidate, faster: float) -> Gated:
        """Whether a candidate may take the original's place."""
        first, second = boxes_found(original), boxes_found(candidate)
        scores = self.score, score_like(first.score, self.score, second.score)
        return judge_box_candidate(first, second, scores=scores, faster=faster, rule=self.rule)

    def kept_float(self, network: onnx.ModelProto) -> tuple[str, ...]:
        """Names of nodes that are never computed in whole numbers: what makes boxes and scores."""
        return tail_of(network)

    def tensor(self, image: Image, card: Card) -> Photo:
        """A photo as a network takes it.

        Raises:
            ImageError: it cannot be read.
        """
        megapixels, tile = self.recipe.source.max_megapixels, card.input.tile
        if tile is None:
            return to_tensor(decode(image.path, card.preprocess, max_megapixels=megapixels), card.input)
        picture = Photograph(image.path, max_megapixels=megapixels).picture()
        windows = tile.tiling.windows(*picture.size)
        left, top, width, height = windows[int((image.sha256 or "0")[:8], 16) % len(windows)]
        part = picture.crop((left, top, left + width, top + height))
        return to_tensor(fit_picture(part, card.preprocess).pixels, card.input)

    def _scenes(self, way: Way, model: ModelFile) -> tuple[tuple[Scene, ...], tuple[Failure, ...]]:
        recipe = EvaluateRecipe(model.path, self.recipe.source, workers=self.recipe.workers)
        return scenes_of(
            recipe,
            unhesitating(DetectorPredictor(model)),
            self.photos.judged,
            self.photos.classes,
            self.progress,
            self.say,
            what=way.told(self.say),
        )


def _agreement(first: BoxAnswers, second: BoxAnswers, score: float) -> float:
    """Share of the true boxes of which both say the same, found or not."""
    scores = score, score_like(first.score, score, second.score)
    found = compare_boxes(first, second, scores=scores).sizes[0].outcomes
    return (found.both + found.neither) / found.n if found.n else 1.0


def boxes_found(candidate: Candidate) -> BoxAnswers:
    """The boxes of a detector."""
    if not isinstance(candidate.answers, BoxAnswers):
        raise TypeError(candidate.way)
    return candidate.answers
