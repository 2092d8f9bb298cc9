"""A detector on photos whose boxes are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from taxolens.core.errors import DataError, ImageError
from taxolens.core.geometry import Box
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.evaluation.detection.answers import Scene, ScoredBox
from taxolens.evaluation.detection.naming import Namings, naming_result, namings
from taxolens.execution.local import ordered_map
from taxolens.formats.upright import read_header
from taxolens.imaging.container import DAMAGED
from taxolens.inference.decoders.registry import DECODERS
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import threads_for
from taxolens.inference.row import Boxes
from taxolens.modelfile.peek import peek_card
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.workflows.detection_evaluate import (
    DetectionSummary,
    check_boxed,
    classes_of,
    groups_named,
    judge_found,
)
from taxolens.workflows.detection_facts import DetectionFacts
from taxolens.workflows.judging import asked_part, check_places, classes_meant
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_facts import FileFacts
from taxolens.workflows.prepared_tile import tile_of
from taxolens.workflows.run_folder import MODEL, is_run
from taxolens.workflows.run_record import held_back_by, learnt_from

LEAST_SURE = 0.001
"""Boxes from this score on are judged, as other programs do it: average precision looks at the unsure ones too."""

_NAMED_FROM = 0.05
_AHEAD = 16
_LEARNT = noted(
    "The detector learnt from {learnt} of these {n} photos, or was chosen by them: its figures are too good. "
    "Judge it on others."
)
_UNKNOWN = noted("Boxes of classes that the model does not know, which are not judged: {names}.")


def evaluate_detector(
    recipe: EvaluateRecipe,
    predictor: DetectorPredictor,
    *,
    home: Path,
    progress: Progress | None = None,
    say: Say = plain,
) -> DetectionSummary:
    """Judges a detector by the boxes that it finds in photos; each box counts under its best class.

    Raises:
        UsageError: the data cannot be used, or the detector knows none of their classes.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    check_places((recipe.json, recipe.report), read=(recipe.model, recipe.source.data))
    dataset = load_dataset(recipe.source, home=home, progress=listener, say=say)
    check_boxed(dataset, recipe.source.data)
    asked = asked_part(dataset, listener, say)
    images = tuple(image for image in asked.images if image.annotations is not None)
    classes = _known(recipe, predictor, dataset, listener, say)
    scenes, failed = scenes_of(recipe, unhesitating(predictor), images, classes, listener, say)
    card, model = predictor.card, predictor.model
    unseen = _unseen(recipe, images, listener, say)
    facts = DetectionFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=len(dataset.images) + len(dataset.failures),
        failures=(*dataset.failures, *failed),
        names=_names(predictor, classes, recipe.language),
        unseen=unseen,
        file=FileFacts(model.path.name, len(model.graph), model.sha256),
    )
    named = None if recipe.one_class else named_of(predictor, scenes, classes)
    naming = naming_result(named, card.temperature) if named is not None else None
    return judge_found(recipe, scenes, images, facts, classes, listener, say, naming=naming)


def _unseen(recipe: EvaluateRecipe, images: Sequence[Image], listener: Listener, say: Say) -> bool | None:
    """Whether a detector is judged on photos that are new to it; None where nobody knows: its file lies in no run, or
    tiles and photos, which have other bytes, would have to be compared."""
    run = recipe.model.parent
    if recipe.model.name != MODEL or not is_run(run):
        return None
    seen = learnt_from(run)
    learnt = sum(image.sha256 in seen for image in images)
    if learnt:
        listener.note(say(_LEARNT).format(learnt=learnt, n=len(images)))
        return False
    held_back = set(held_back_by(run).values()) if seen else set()
    known = all(image.sha256 in held_back for image in images)
    card = peek_card(recipe.model)
    cut = (card is not None and card.input.tile is not None) or tile_of(recipe.source.data) is not None
    return True if seen and (known or not cut) else None


def _known(
    recipe: EvaluateRecipe, predictor: DetectorPredictor, dataset: Dataset, listener: Listener, say: Say
) -> tuple[str, ...]:
    """The classes of the data that the detector can know; all of them where names do not count."""
    classes = classes_of(dataset)
    if recipe.one_class:
        return classes
    known = classes_meant(classes, predictor.card.taxa)
    if not known:
        raise DataError(
            "The model knows none of the classes in {data}: {found}. It knows {known}.",
            data=recipe.source.data,
            found=", ".join(classes[:10]),
            known=", ".join(predictor.labels[:10]),
        )
    true = Counter(one.label for image in dataset.images for one in image.annotations or ())
    strange = [f"{name} ({true[name]})" for name in classes if name not in known]
    if strange:
        listener.note(say(_UNKNOWN).format(names=", ".join(strange)))
    return tuple(name for name in classes if name in known)


def unhesitating(predictor: DetectorPredictor) -> DetectorPredictor:
    """The same detector, keeping even the boxes that it hardly believes in."""
    card = predictor.card
    thresholds = card.thresholds.model_copy(update={"conservative": LEAST_SURE})
    card = card.model_copy(update={"thresholds": thresholds})
    return DetectorPredictor(replace(predictor.model, card=card), predictor.engine)


def scenes_of(
    recipe: EvaluateRecipe,
    predictor: DetectorPredictor,
    images: Sequence[Image],
    classes: Sequence[str],
    listener: Listener,
    say: Say,
    *,
    what: str | None = None,
) -> tuple[tuple[Scene, ...], tuple[Failure, ...]]:
    """What a detector finds in photos, beside what is there; and the photos that could not be read.

    Args:
        classes: of the photos' boxes; what the detector calls otherwise keeps its own label.
        what: is being done, for those who watch; None: looking at photos.

    Raises:
        DataError: none could be read.
    """
    labels = _labels(predictor, classes)

    def scene(image: Image) -> Scene | ImageError:
        try:
            boxes = predictor.boxes(image.path, max_megapixels=recipe.source.max_megapixels)
        except ImageError as error:
            return error
        header = read_header(image.path)
        if header is None:
            return ImageError("damaged", DAMAGED)
        return Scene(image.name, *header.upright, image.annotations or (), _scored(boxes, labels))

    predictor.start()
    workers = threads_for(recipe.workers)
    looked = ordered_map(scene, images, workers=workers, window=workers * _AHEAD)
    told = list(listener.track(looked, what=what or say("Looking at photos"), total=len(images)))
    failed = tuple(
        Failure(image.path, image.name, one.code, one.told())
        for image, one in zip(images, told, strict=True)
        if isinstance(one, ImageError)
    )
    read = [(image, one) for image, one in zip(images, told, strict=True) if isinstance(one, Scene)]
    if not read:
        raise DataError("No photo of {data} could be read. Name other photos.", data=recipe.source.data)
    groups = groups_named([image for image, _ in read])
    scenes = tuple(replace(one, group=group) for (_, one), group in zip(read, groups, strict=True))
    return scenes, failed


def named_of(predictor: DetectorPredictor, scenes: Sequence[Scene], classes: Sequence[str]) -> Namings | None:
    """The boxes of scenes that lie on true ones, by whose class scores names are judged; None where the detector tells
    the best class of each box only."""
    if not DECODERS[predictor.card.output.decoder].all_classes:
        return None
    return namings(scenes, _labels(predictor, classes))


def _scored(boxes: Boxes, labels: Sequence[str]) -> tuple[ScoredBox, ...]:
    best = boxes.scores.argmax(axis=1)
    return tuple(
        ScoredBox(
            labels[kind],
            _box(*place),
            float(scores[kind]),
            scores.copy() if scores[kind] >= _NAMED_FROM else None,
        )
        for place, scores, kind in zip(boxes.places.tolist(), boxes.scores, best.tolist(), strict=True)
    )


def _box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x, y, min(width, 1 - x), min(height, 1 - y))


def _labels(predictor: DetectorPredictor, classes: Sequence[str]) -> tuple[str, ...]:
    """What the data call each class of the detector; its own label where they have no such class."""
    meant = classes_meant(classes, predictor.card.taxa)
    named = {number: name for name, number in meant.items()}
    return tuple(named.get(number, label) for number, label in enumerate(predictor.labels))


def _names(predictor: DetectorPredictor, classes: Sequence[str], language: str) -> dict[str, str]:
    taxa = predictor.card.taxa
    return {name: taxa[number].name(language) for name, number in classes_meant(classes, taxa).items()}
