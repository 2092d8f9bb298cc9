"""A model on labelled photos: figures and a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.taxonomy import Role, Taxon, usual_role
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.data.crops import failure_of, looked_at
from taxolens.data.dataset import Dataset, load_dataset, named
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.document import to_json
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.execution.local import ordered_map
from taxolens.inference.cascade_predictor import CascadePredictor
from taxolens.inference.predictor import Predictor, open_predictor, threads_for
from taxolens.modelfile.pipeline import crop_of
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.crops import boxes_among, photos_among, photos_as_groups, with_crops
from taxolens.workflows.judging import (
    asked_part,
    check_places,
    classes_meant,
    exact_rows,
    fingerprint_of,
    groups_of,
    told_unread,
)
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_facts import BackboneFacts, FileFacts, HeadFacts, ModelFacts
from taxolens.workflows.model_page import model_page
from taxolens.workflows.run_folder import json_text
from taxolens.workflows.thumbnails import thumbnails_of

_AHEAD = 16
_JUDGED_ONE = noted("1 photo judged: {accuracy} named correctly (95% interval {range}), macro-F1 {f1}.")
_JUDGED = noted("{n} photos judged: {accuracy} named correctly (95% interval {range}), macro-F1 {f1}.")
_BOX_ONE = noted("1 box judged: {accuracy} named correctly (95% interval {range}), macro-F1 {f1}.")
_BOXES = noted("{n} boxes judged: {accuracy} named correctly (95% interval {range}), macro-F1 {f1}.")
_CASCADE = noted(
    "Boxes are found by {detector} and named by {model}; a photo is judged by the surest name among its boxes."
)
_UNKNOWN_BOX_ONE = noted("1 box of {label} is not judged: the model does not know this class.")
_UNKNOWN_BOXES = noted("{count} boxes of {label} are not judged: the model does not know this class.")
_UNKNOWN_ONE = noted("1 photo of {label} is not judged: the model does not know this class.")
_UNKNOWN = noted("{count} photos of {label} are not judged: the model does not know this class.")


@dataclass(frozen=True, slots=True)
class EvaluateSummary:
    """What an evaluation found.

    Attributes:
        failures: photos that could not be read.
        unknown: photos whose label the model does not know, by label.
        of_boxes: boxes were judged, not whole photos.
    """

    result: ClassificationResult
    failures: tuple[Failure, ...]
    unknown: dict[str, int]
    json: Path | None
    report: Path | None
    of_boxes: bool = False

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found, say = self.result, wording.say
        one, many = (_BOX_ONE, _BOXES) if self.of_boxes else (_JUDGED_ONE, _JUDGED)
        told = [
            say(for_count(found.n, one, many)).format(
                n=wording.count(found.n),
                accuracy=wording.percent(found.accuracy.value),
                range=wording.percent_range(found.accuracy.low, found.accuracy.high),
                f1=wording.decimal(found.macro_f1.value),
            )
        ]
        if self.failures:
            told.append(told_unread(len(self.failures), wording))
        told += [say("The report: {report}").format(report=self.report)] if self.report else []
        told += [say("The figures: {file}").format(file=self.json)] if self.json else []
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Judged:
    """The photos that could be judged, and those that could not."""

    images: tuple[Image, ...]
    answers: Answers
    failures: tuple[Failure, ...]


def evaluate(
    recipe: EvaluateRecipe,
    predictor: Predictor | CascadePredictor | None = None,
    *,
    home: Path,
    progress: Progress | None = None,
    say: Say = plain,
) -> EvaluateSummary:
    """Judges as the recipe says; photos with a label that the model does not know are counted, not judged.

    Args:
        predictor: the model of the recipe, where it is open already. A cascade is judged by what it says of a photo as
            a whole: the surest name among its boxes, or blank.

    Raises:
        UsageError: model or data cannot be used, or no label of the data is known to the model.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    read = (recipe.model, recipe.source.data, *([recipe.detector] if recipe.detector else []))
    check_places((recipe.json, recipe.report), read=read)
    predictor = predictor or open_predictor(recipe.model)
    if isinstance(predictor, CascadePredictor):
        finder = predictor.detector.card.name
        listener.note(say(_CASCADE).format(detector=finder, model=predictor.card.name))
    dataset = _examples(recipe, predictor, home, listener, say)
    asked = asked_part(dataset, listener, say)
    truth, unknown = _truth(asked, predictor.card.taxa, recipe)
    one, many = (_UNKNOWN_BOX_ONE, _UNKNOWN_BOXES) if recipe.crops else (_UNKNOWN_ONE, _UNKNOWN)
    for label, count in unknown.items():
        listener.note(say(for_count(count, one, many)).format(count=count, label=label))
    judged = _judged(recipe, predictor, asked, truth, listener, say)
    if asked is dataset and fingerprint_of(dataset, judged.failures) == predictor.card.data_fingerprint:
        listener.note(
            say("The model was made from these very photos: these figures say nothing about new ones.")
        )
    result = _result(recipe, predictor, judged.answers)
    _write(recipe, predictor, judged, result, tuple(listener.notes), say)
    return EvaluateSummary(result, judged.failures, unknown, recipe.json, recipe.report, recipe.crops)


def _examples(
    recipe: EvaluateRecipe,
    predictor: Predictor | CascadePredictor,
    home: Path,
    progress: Progress,
    say: Say,
) -> Dataset:
    """The photos that have a class, or the boxes, as the model learnt to see them."""
    dataset = load_dataset(recipe.source, home=home, progress=progress, say=say)
    if not recipe.crops:
        return named(dataset, recipe.source.data)
    rule = crop_of(predictor.card)
    return with_crops(dataset, recipe.source.data, rule, workers=recipe.workers, progress=progress, say=say)


def _truth(
    dataset: Dataset, taxa: Sequence[Taxon], recipe: EvaluateRecipe
) -> tuple[dict[str, int], dict[str, int]]:
    """Label to class of the model, and how many photos have a label that it does not know."""
    counts = Counter(image.label or "" for image in dataset.images)
    truth = classes_meant(counts, taxa) | _blanks_meant(counts, taxa)
    if not truth:
        raise DataError(
            "The model knows none of the classes in {data}: {found}. It knows {known}.",
            data=recipe.source.data,
            found=", ".join(sorted(counts)[:10]),
            known=", ".join(taxon.id for taxon in taxa[:10]),
        )
    return truth, {label: count for label, count in sorted(counts.items()) if label not in truth}


def _blanks_meant(labels: Iterable[str], taxa: Sequence[Taxon]) -> dict[str, int]:
    """Whatever a data set calls photos of nothing is the model's class of nothing, where it has one."""
    known = {taxon.id for taxon in taxa}
    blank = next((index for index, taxon in enumerate(taxa) if taxon.role is Role.BLANK), None)
    if blank is None:
        return {}
    return {label: blank for label in labels if label not in known and usual_role(label) is Role.BLANK}


def _judged(
    recipe: EvaluateRecipe,
    predictor: Predictor | CascadePredictor,
    dataset: Dataset,
    truth: dict[str, int],
    progress: Progress,
    say: Say,
) -> Judged:
    images = [image for image in dataset.images if image.label in truth]

    predictor.start()
    found = _scores(recipe, predictor, images)
    told = list(progress.track(found, what=say("Looking at photos"), total=len(images)))
    read = [(image, one) for image, one in zip(images, told, strict=True) if not isinstance(one, ImageError)]
    failed = dict.fromkeys(
        failure_of(image, one) for image, one in zip(images, told, strict=True) if isinstance(one, ImageError)
    )
    if not read:
        raise DataError("No photo of {data} could be read. Name other photos.", data=recipe.source.data)
    answers = Answers(
        labels=predictor.labels,
        names=tuple(image.name for image, _ in read),
        truth=np.array([truth[image.label or ""] for image, _ in read], dtype=np.int64),
        probabilities=exact_rows(np.stack([one for _, one in read])),
        groups=_together([image for image, _ in read]),
    )
    return Judged(tuple(image for image, _ in read), answers, (*dataset.failures, *failed))


def _scores(
    recipe: EvaluateRecipe, predictor: Predictor | CascadePredictor, images: Sequence[Image]
) -> Iterator[NDArray[np.float32] | ImageError]:
    """What the model says of each, in order."""
    most = recipe.source.max_megapixels
    if recipe.crops and isinstance(predictor, Predictor):
        rule = predictor.card.preprocess
        return looked_at(images, predictor.named, rule, workers=recipe.workers, max_megapixels=most)

    def scores(image: Image) -> NDArray[np.float32] | ImageError:
        try:
            return predictor.scores(image.path, max_megapixels=most)
        except ImageError as error:
            return error

    workers = threads_for(recipe.workers)
    return ordered_map(scores, images, workers=workers, window=workers * _AHEAD)


def _together(images: Sequence[Image]) -> NDArray[np.int64] | None:
    known = groups_of(images)
    return photos_as_groups(images) if known is None else known


def _result(
    recipe: EvaluateRecipe, predictor: Predictor | CascadePredictor, answers: Answers
) -> ClassificationResult:
    card = predictor.card
    return judge(
        answers,
        precision=recipe.precision,
        temperature=card.temperature,
        conformal_quantile=card.conformal.quantile if card.conformal else None,
        conformal_coverage=card.conformal.coverage if card.conformal else None,
    )


def _write(
    recipe: EvaluateRecipe,
    predictor: Predictor | CascadePredictor,
    judged: Judged,
    result: ClassificationResult,
    notes: tuple[str, ...],
    say: Say,
) -> None:
    if recipe.json:
        failures = [{"file": one.name, "code": one.code, "reason": one.reason} for one in judged.failures]
        with written_whole(recipe.json) as file:
            file.write(json_text({**to_json(result), "failures": failures}).encode())
    if recipe.report:
        facts = _facts(recipe, predictor, judged, notes)
        page = model_page(facts, result, thumbnails_of(judged.images), say=say, language=recipe.language)
        with written_whole(recipe.report) as file:
            file.write(page.encode())


def _facts(
    recipe: EvaluateRecipe, predictor: Predictor | CascadePredictor, judged: Judged, notes: tuple[str, ...]
) -> ModelFacts:
    card, model = predictor.card, predictor.model
    return ModelFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=photos_among(judged.images) + len(judged.failures),
        boxes=boxes_among(judged.images),
        failures=judged.failures,
        notes=notes,
        backbone=BackboneFacts(card.backbone.name, licence=card.backbone.licence) if card.backbone else None,
        head=HeadFacts(temperature=card.temperature),
        precision=recipe.precision,
        unsure=card.thresholds.unsure,
        conformal_quantile=card.conformal.quantile if card.conformal else None,
        file=FileFacts(model.path.name, len(model.graph), model.sha256),
        names=MappingProxyType({taxon.id: taxon.name(recipe.language) for taxon in card.taxa}),
    )
