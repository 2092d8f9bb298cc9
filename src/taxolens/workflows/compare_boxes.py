"""Several detectors on the same photos with boxes: figures, and differences that are shown or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.evaluation.detection.answers import BoxAnswers, Scene, gathered
from taxolens.evaluation.detection.judge import judge_boxes
from taxolens.evaluation.detection.paired import compare_boxes
from taxolens.inference.detector import DetectorPredictor
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.recipes.compare import CompareRecipe
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.compare_boxes_facts import BoxComparison, BoxContender, BoxRivalry
from taxolens.workflows.compare_boxes_page import box_comparison_page
from taxolens.workflows.compare_boxes_words import told_rivalry
from taxolens.workflows.compare_models import Entrant, entrants, place_of
from taxolens.workflows.compare_speed import Speed, measure_speeds
from taxolens.workflows.detection_evaluate import check_boxed, classes_of
from taxolens.workflows.detection_model import scenes_of, unhesitating
from taxolens.workflows.judging import asked_part, check_places, classes_meant, told_unread
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import json_text

_LEARNT = noted(
    "{model} learnt from {learnt} of these {n} photos: its figures are too good. Add --unseen to leave them out."
)
_UNKNOWN = noted("Boxes of {label} are left out: this class is unknown to one of the models.")


@dataclass(frozen=True, slots=True)
class BoxCompareSummary:
    """What a comparison found, and where it was written."""

    comparison: BoxComparison
    json: Path | None
    report: Path | None

    def lines(self, say: Say, language: str) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found, wording = self.comparison, Wording(say, language)
        told = [told_rivalry(one, found.names, wording) for one in found.rivalries]
        if found.failures:
            told.append(told_unread(len(found.failures), wording))
        told += [say("The report: {report}").format(report=self.report)] if self.report else []
        told += [say("The figures: {file}").format(file=self.json)] if self.json else []
        return tuple(told)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A detector with the boxes that it found."""

    entrant: Entrant
    predictor: DetectorPredictor
    answers: BoxAnswers


def compare_detectors(
    recipe: CompareRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> BoxCompareSummary:
    """Compares detectors as the recipe says.

    Raises:
        UsageError: models or data cannot be used, or have no class in common.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    named = entrants(recipe.models)
    check_places((recipe.json, recipe.report), read=(*recipe.models, recipe.source.data))
    against = place_of(named, recipe.against)
    predictors = [DetectorPredictor(read_model(one.file, task=Task.DETECT)) for one in named]
    dataset = load_dataset(recipe.source, home=home, progress=listener, say=say)
    check_boxed(dataset, recipe.source.data)
    dataset = _judged(recipe, named, asked_part(dataset, listener, say), listener, say)
    images, classes = dataset.images, _classes(recipe, predictors, dataset, listener, say)
    opened, failures = _answered(recipe, named, predictors, images, classes, listener, say)
    speeds = _speeds(recipe, opened, images, listener, say)
    found = _comparison(recipe, against, opened, images, speeds)
    found = replace(found, failures=(*dataset.failures, *failures), notes=tuple(listener.notes))
    _write(recipe, found, say)
    return BoxCompareSummary(found, recipe.json, recipe.report)


def _judged(
    recipe: CompareRecipe, named: Sequence[Entrant], dataset: Dataset, listener: Listener, say: Say
) -> Dataset:
    """Photos with boxes; without those that a model learnt from, where that was asked for."""
    images = tuple(image for image in dataset.images if image.annotations is not None)
    seen = frozenset[str]().union(*(one.seen for one in named)) if recipe.unseen else frozenset[str]()
    kept = tuple(image for image in images if image.sha256 not in seen)
    if not kept:
        raise DataError(
            "Every photo of {data} was learnt from by one of the models. Name other photos.",
            data=recipe.source.data,
        )
    for one in named:
        learnt = sum(image.sha256 in one.seen for image in kept)
        if learnt:
            listener.note(say(_LEARNT).format(model=one.name, learnt=learnt, n=len(kept)))
    return replace(dataset, images=kept)


def _classes(
    recipe: CompareRecipe,
    predictors: Sequence[DetectorPredictor],
    dataset: Dataset,
    listener: Listener,
    say: Say,
) -> tuple[str, ...]:
    """The classes of the boxes that all detectors know."""
    there = classes_of(dataset)
    known = [classes_meant(there, one.card.taxa) for one in predictors]
    common = tuple(label for label in there if all(label in one for one in known))
    if not common:
        raise DataError(
            "No class of {data} is known to all of these models. It has {found}.",
            data=recipe.source.data,
            found=", ".join(there[:10]),
        )
    for label in there:
        if label not in common:
            listener.note(say(_UNKNOWN).format(label=label))
    return common


def _answered(
    recipe: CompareRecipe,
    named: Sequence[Entrant],
    predictors: Sequence[DetectorPredictor],
    images: Sequence[Image],
    classes: tuple[str, ...],
    listener: Listener,
    say: Say,
) -> tuple[list[_Opened], tuple[Failure, ...]]:
    """What each detector finds in the photos that all could read."""
    told: list[tuple[Scene, ...]] = []
    failures: dict[str, Failure] = {}
    asked = EvaluateRecipe(recipe.models[0], recipe.source, workers=recipe.workers)
    for one, predictor in zip(named, predictors, strict=True):
        scenes, failed = scenes_of(
            asked, unhesitating(predictor), images, classes, listener, say, what=one.name
        )
        told.append(scenes)
        failures.update({failure.name: failure for failure in failed})
    kept = [tuple(scene for scene in scenes if scene.name not in failures) for scenes in told]
    return [
        _Opened(one, predictor, gathered(scenes, classes))
        for one, predictor, scenes in zip(named, predictors, kept, strict=True)
    ], tuple(failures.values())


def _speeds(
    recipe: CompareRecipe, opened: Sequence[_Opened], images: Sequence[Image], listener: Listener, say: Say
) -> tuple[Speed, ...] | None:
    if not recipe.timed:
        return None
    read = set(opened[0].answers.names)
    return measure_speeds(
        [one.predictor for one in opened],
        [image.path for image in images if image.name in read],
        most=recipe.timed,
        max_megapixels=recipe.source.max_megapixels,
        progress=listener,
        say=say,
    )


def _comparison(
    recipe: CompareRecipe,
    against: int,
    opened: Sequence[_Opened],
    images: Sequence[Image],
    speeds: tuple[Speed, ...] | None,
) -> BoxComparison:
    models = tuple(
        BoxContender(
            name=one.entrant.name,
            card=one.predictor.card,
            sha256=one.predictor.model.sha256,
            size=len(one.predictor.model.graph),
            result=judge_boxes(one.answers, precision=recipe.precision),
            speed=speeds[place] if speeds else None,
            learnt=sum(image.sha256 in one.entrant.seen for image in images),
        )
        for place, one in enumerate(opened)
    )
    rivalries = tuple(
        BoxRivalry(
            against,
            place,
            compare_boxes(
                opened[against].answers,
                one.answers,
                scores=(models[against].result.work.score, models[place].result.work.score),
            ),
        )
        for place, one in enumerate(opened)
        if place != against
    )
    return BoxComparison(recipe.source.data.name, against, models, rivalries)


def _write(recipe: CompareRecipe, found: BoxComparison, say: Say) -> None:
    if recipe.json:
        with written_whole(recipe.json) as file:
            file.write(json_text(found.document()).encode())
    if recipe.report:
        with written_whole(recipe.report) as file:
            file.write(box_comparison_page(found, say=say, language=recipe.language).encode())
