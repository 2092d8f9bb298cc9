"""From a lesson to a head that knows how sure it is, and to the file in which it stands on its backbone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image, Part
from taxolens.core.texts import Say
from taxolens.data.crops import looked_at, was_seen_scaled
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.calibration import conformal_quantile, unsure_threshold
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.export.parity import Parity, compare, prove
from taxolens.imaging.preprocess import Preprocess
from taxolens.inference.predictor import Predictor
from taxolens.inference.session import Session
from taxolens.modelfile.read import ModelFile
from taxolens.probe.graft import head_of
from taxolens.probe.head import Head, fit_head, refit_head
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.divided import Divided, answers_on
from taxolens.workflows.lesson import Lesson

_MOST_COMPARED = 200
_MOST_REPEATED = 64


@dataclass(frozen=True, slots=True)
class Taught:
    """A head and what validation says of its answers.

    Attributes:
        unsure: score below which the answer is "unsure".
        quantile: of the conformal sets.
    """

    head: Head
    unsure: float
    quantile: float


def teach(recipe: TrainRecipe, lesson: Lesson, *, progress: Progress, say: Say) -> Taught:
    """Fits the head on the training part; temperature, threshold and quantile on validation.

    The head that is kept has then learnt from validation too. It is a little better than the one on which
    threshold and quantile were chosen, so these are a little on the careful side; the held-back part judges it.
    """
    train, val = lesson.rows(Part.TRAIN), lesson.rows(Part.VAL)
    views = lesson.extra.reshape(-1, lesson.vectors.shape[1])
    whose = np.concatenate([train, np.repeat(train, lesson.extra.shape[1])])
    head = fit_head(
        np.concatenate([lesson.vectors[train], views]),
        lesson.truth[whose],
        lesson.vectors[val],
        lesson.truth[val],
        classes=len(lesson.labels),
        class_weight=recipe.class_weight,
        groups=lesson.split.groups[whose],
        progress=progress,
        say=say,
    )
    believed = head.probabilities(lesson.vectors[val])
    if len(val):
        # Validation has said what it had to say; its photos are too few and too dear not to be learnt from.
        head = refit_head(
            head,
            np.concatenate([lesson.vectors[train], views, lesson.vectors[val]]),
            lesson.truth[np.concatenate([whose, val])],
            classes=len(lesson.labels),
            class_weight=recipe.class_weight,
        )
    return Taught(
        head=head,
        unsure=unsure_threshold(believed, lesson.truth[val], recipe.precision),
        quantile=conformal_quantile(believed, lesson.truth[val], recipe.coverage),
    )


def held_back(lesson: Lesson, head: Head) -> Answers:
    """The head's answers on the part that nothing was chosen on."""
    test = lesson.rows(Part.TEST)
    return answers_on(lesson, test, head.probabilities(lesson.vectors[test]))


def judged(recipe: TrainRecipe, answers: Answers, taught: Taught) -> ClassificationResult:
    """What these answers are worth."""
    return judge(
        answers,
        precision=recipe.precision,
        temperature=taught.head.temperature,
        conformal_quantile=taught.quantile,
        conformal_coverage=recipe.coverage,
        seed=recipe.split.seed,
    )


def prove_parity(recipe: TrainRecipe, lesson: Lesson, head: Head, model: ModelFile) -> tuple[Parity, int]:
    """The written file against the trained head, on every validation photo (where there are none: test, train).

    Photos that were embedded in this run are given to the file as they lie on the disk. Of those whose
    embedding was remembered from an earlier run, which did the same with the same backbone, 64 are; the
    others enter the file's graph at the embedding.

    Returns:
        the agreement, and how many photos went through the whole file.

    Raises:
        ParityError: they disagree.
    """
    rows = next(filter(len, (lesson.rows(part) for part in (Part.VAL, Part.TEST, Part.TRAIN))))
    written = _from_embeddings(lesson.vectors[rows], model)
    fresh = np.flatnonzero(lesson.fresh[rows])
    chosen = np.concatenate([fresh, np.flatnonzero(~lesson.fresh[rows])[:_MOST_REPEATED]])
    written[chosen] = _answers(recipe, [lesson.images[row] for row in rows[chosen]], model)
    if np.isnan(written).any():
        raise DataError(
            "Photos went away while the model was trained. Keep them where they are and train again."
        )
    return prove(head.probabilities(lesson.vectors[rows]), written), len(chosen)


def _from_embeddings(vectors: NDArray[np.float32], model: ModelFile) -> NDArray[np.float32]:
    """What the file's own head makes of embeddings, float32 [n, c]."""
    head = Session(head_of(model.graph))
    return np.array([head(vector) for vector in vectors], dtype=np.float32).reshape(
        -1, len(model.card.classes)
    )


def decode_agreement(recipe: TrainRecipe, lesson: Divided, model: ModelFile) -> Parity:
    """Scaled against full decoding on held-back photos where the two differ, at most 200 of them."""
    rule = model.card.preprocess
    images = [lesson.images[row] for row in lesson.rows(Part.TEST)]
    most = recipe.source.max_megapixels
    differing = list(islice((image for image in images if _was_scaled(image, rule, most)), _MOST_COMPARED))
    whole = model.card.changed(input=model.card.input.model_copy(update={"scaled_decode": 0}))
    full = replace(model, card=whole)
    return compare(_answers(recipe, differing, model), _answers(recipe, differing, full))


def _was_scaled(image: Image, rule: Preprocess, max_megapixels: float) -> bool:
    """A photo that went away since it was embedded cannot be compared."""
    try:
        return was_seen_scaled(image, rule, max_megapixels=max_megapixels)
    except ImageError:
        return False


def _answers(recipe: TrainRecipe, images: list[Image], model: ModelFile) -> NDArray[np.float32]:
    """A model file's probabilities, float32 [n, c], each photo decoded anew; NaN where it cannot be read."""
    predictor = Predictor(model)
    predictor.start()
    found = looked_at(
        images,
        predictor.named,
        model.card.preprocess,
        workers=recipe.workers,
        max_megapixels=recipe.source.max_megapixels,
    )
    table = np.full((len(images), len(predictor.labels)), np.nan, dtype=np.float32)
    for row, answer in enumerate(found):
        if not isinstance(answer, ImageError):
            table[row] = answer
    return table
