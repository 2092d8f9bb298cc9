"""Several models on the same labelled photos: figures, differences that are shown or not, and which to choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.data.dataset import Dataset, load_dataset, named
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.evaluation.rivals import Choice, Contender, choose, rivalries
from taxolens.evaluation.score_spread import score_spread
from taxolens.execution.local import ordered_map
from taxolens.inference.predictor import threads_for
from taxolens.recipes.compare import CompareRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.compare_classes import CommonClasses, common_classes
from taxolens.workflows.compare_document import comparison_document
from taxolens.workflows.compare_facts import Compared, Comparison
from taxolens.workflows.compare_models import Competitor, open_competitors, place_of
from taxolens.workflows.compare_page import comparison_page
from taxolens.workflows.compare_speed import Speed, measure_speeds
from taxolens.workflows.compare_words import told_choice, told_finding
from taxolens.workflows.judging import (
    asked_part,
    check_places,
    exact_rows,
    fingerprint_of,
    groups_of,
    told_unread,
)
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import MODEL, SPLIT, is_run, json_text
from taxolens.workflows.thumbnails import thumbnails_of

_AHEAD = 16
_GONE_ONE = noted("1 photo is left out, because a model learnt from it.")
_GONE = noted("{n} photos are left out, because a model learnt from them.")
_LEFT_OUT_ONE = noted("1 photo of {label} is left out: this class is unknown to {models}.")
_LEFT_OUT = noted("{count} photos of {label} are left out: this class is unknown to {models}.")

Scores = tuple[NDArray[np.float32] | ImageError, ...]


@dataclass(frozen=True, slots=True)
class CompareSummary:
    """What a comparison found, and where it was written."""

    comparison: Comparison
    json: Path | None
    report: Path | None

    def lines(self, say: Say, language: str) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found, wording = self.comparison, Wording(say, language)
        told = [told_finding(one, found.names, wording) for one in found.rivalries]
        told += told_choice(found, wording)
        if found.failures:
            told.append(told_unread(len(found.failures), wording))
        told += [say("The report: {report}").format(report=self.report)] if self.report else []
        told += [say("The figures: {file}").format(file=self.json)] if self.json else []
        return tuple(told)


def compare(
    recipe: CompareRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> CompareSummary:
    """Compares as the recipe says.

    Raises:
        UsageError: models or data cannot be used, or have no class in common.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    check_data(recipe)
    competitors = open_competitors(recipe.models)
    files = [one.predictor.model.path for one in competitors]
    check_places((recipe.json, recipe.report), read=(*recipe.models, *files, recipe.source.data))
    against = place_of(competitors, recipe.against)
    dataset = named(load_dataset(recipe.source, home=home, progress=listener, say=say), recipe.source.data)
    asked = _unseen(recipe, competitors, asked_part(dataset, listener, say), listener, say)
    classes = _classes(recipe, competitors, asked, listener, say)
    images, tables, failures = _answered(recipe, competitors, asked, classes, listener, say)
    _warn_of_learnt(competitors, dataset if asked is dataset else None, images, failures, listener, say)
    answers = [_answers(classes, images, table) for table in tables]
    speeds = _speeds(recipe, competitors, images, listener, say)
    found = Comparison(
        data=recipe.source.data.name,
        against=against,
        models=tuple(
            _compared(recipe, place, one, answers[place], images, speeds)
            for place, one in enumerate(competitors)
        ),
        answers=tuple(answers),
        classes=classes,
        rivalries=rivalries(answers, against),
        choice=_choice(answers, speeds),
        failures=failures,
        notes=tuple(listener.notes),
    )
    _write(recipe, found, images, say)
    return CompareSummary(found, recipe.json, recipe.report)


def check_data(recipe: CompareRecipe) -> None:
    """A run holds a table of photos, but who names runs alone has forgotten the photos.

    Raises:
        UsageError: the data are a run.
    """
    data = recipe.source.data
    if data.is_dir() and is_run(data):
        raise UsageError(
            "The last name, {data}, is a run. Name labelled photos last; those that this run held back are "
            "in {table}",
            data=data,
            table=data / SPLIT,
        )


def _unseen(
    recipe: CompareRecipe, competitors: Sequence[Competitor], dataset: Dataset, progress: Progress, say: Say
) -> Dataset:
    """Without the photos that a model is known to have learnt from, where that was asked for."""
    if not recipe.unseen:
        return dataset
    seen = frozenset[str]().union(*(one.seen for one in competitors))
    kept = tuple(image for image in dataset.images if image.sha256 not in seen)
    gone = len(dataset.images) - len(kept)
    if not kept:
        raise DataError(
            "Every photo of {data} was learnt from by one of the models. Name other photos.",
            data=recipe.source.data,
        )
    progress.note(say(for_count(gone, _GONE_ONE, _GONE)).format(n=gone))
    for one in competitors:
        if not one.seen:
            text = say("What {model} learnt from is not known, so nothing could be left out for it.")
            progress.note(text.format(model=one.name))
    return replace(dataset, images=kept)


def _classes(
    recipe: CompareRecipe, competitors: Sequence[Competitor], dataset: Dataset, progress: Progress, say: Say
) -> CommonClasses:
    counts = dict(sorted(Counter(image.label or "" for image in dataset.images).items()))
    found = common_classes(counts, [one.predictor.card.taxa for one in competitors])
    if not found.common:
        raise DataError(
            "No class of {data} is known to all of these models. It has {found}.",
            data=recipe.source.data,
            found=", ".join(list(counts)[:10]),
        )
    for one in found.left_out:
        progress.note(
            say(for_count(one.photos, _LEFT_OUT_ONE, _LEFT_OUT)).format(
                count=one.photos,
                label=one.label,
                models=", ".join(competitors[place].name for place in one.unknown_to),
            )
        )
    for competitor, further in zip(competitors, found.further, strict=True):
        if further:
            progress.note(
                say(
                    "{model} also answers with classes that not all models know ({classes}); "
                    "here such an answer is wrong."
                ).format(model=competitor.name, classes=_listed(further))
            )
    return found


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _answered(
    recipe: CompareRecipe,
    competitors: Sequence[Competitor],
    dataset: Dataset,
    classes: CommonClasses,
    progress: Progress,
    say: Say,
) -> tuple[tuple[Image, ...], list[NDArray[np.float64]], tuple[Failure, ...]]:
    """The photos that all models could look at, each model's scores, and the photos that could not be read."""
    images = [image for image in dataset.images if image.label in classes.truth]
    megapixels = recipe.source.max_megapixels

    def look(image: Image) -> list[NDArray[np.float32]] | ImageError:
        try:
            return [one.predictor.scores(image.path, max_megapixels=megapixels) for one in competitors]
        except ImageError as error:
            return error

    for one in competitors:
        one.predictor.start()
    workers = threads_for(recipe.workers)
    found = ordered_map(look, images, workers=workers, window=workers * _AHEAD)
    told = list(progress.track(found, what=say("Looking at photos"), total=len(images)))
    failed = [
        Failure(image.path, image.name, one.code, one.told())
        for image, one in zip(images, told, strict=True)
        if isinstance(one, ImageError)
    ]
    read = [(image, one) for image, one in zip(images, told, strict=True) if not isinstance(one, ImageError)]
    if not read:
        raise DataError("No photo of {data} could be read. Name other photos.", data=recipe.source.data)
    tables = [
        classes.table(place, exact_rows(np.stack([scores[place] for _, scores in read])))
        for place in range(len(competitors))
    ]
    return tuple(image for image, _ in read), tables, (*dataset.failures, *failed)


def _answers(classes: CommonClasses, images: Sequence[Image], table: NDArray[np.float64]) -> Answers:
    return Answers(
        labels=classes.labels,
        names=tuple(image.name for image in images),
        truth=np.array([classes.truth[image.label or ""] for image in images], dtype=np.int64),
        probabilities=table,
        groups=groups_of(images),
    )


def _warn_of_learnt(
    competitors: Sequence[Competitor],
    whole: Dataset | None,
    images: Sequence[Image],
    failures: Sequence[Failure],
    progress: Progress,
    say: Say,
) -> None:
    """Says which figures are too good.

    Args:
        whole: all photos of the source, where all are judged: only they have a fingerprint.
    """
    fingerprint = fingerprint_of(whole, failures) if whole else None
    for one in competitors:
        learnt = _learnt(one, images)
        if learnt:
            progress.note(
                say(
                    "{model} learnt from {learnt} of these {n} photos: its figures are too good. "
                    "Add --unseen to leave them out."
                ).format(model=one.name, learnt=learnt, n=len(images))
            )
        elif fingerprint and not one.seen and fingerprint == one.predictor.card.data_fingerprint:
            progress.note(
                say(
                    "{model} was made from these very photos: its figures say nothing about new ones."
                ).format(model=one.name)
            )


def _learnt(competitor: Competitor, images: Sequence[Image]) -> int:
    return sum(image.sha256 in competitor.seen for image in images)


def _speeds(
    recipe: CompareRecipe,
    competitors: Sequence[Competitor],
    images: Sequence[Image],
    progress: Progress,
    say: Say,
) -> tuple[Speed, ...] | None:
    if not recipe.timed:
        return None
    return measure_speeds(
        [one.predictor for one in competitors],
        [image.path for image in images],
        most=recipe.timed,
        max_megapixels=recipe.source.max_megapixels,
        progress=progress,
        say=say,
    )


def _choice(answers: Sequence[Answers], speeds: Sequence[Speed] | None) -> Choice | None:
    if speeds is None:
        return None
    contenders = [
        Contender(float((one.probabilities.argmax(axis=1) == one.truth).mean()), speed.whole.value)
        for one, speed in zip(answers, speeds, strict=True)
    ]
    return choose(contenders, answers)


def _compared(
    recipe: CompareRecipe,
    place: int,
    competitor: Competitor,
    answers: Answers,
    images: Sequence[Image],
    speeds: Sequence[Speed] | None,
) -> Compared:
    card = competitor.predictor.card
    return Compared(
        name=competitor.name,
        run=competitor.run,
        card=card,
        file=competitor.asked.name if competitor.run is None else f"{competitor.run.resolve().name}/{MODEL}",
        sha256=competitor.predictor.model.sha256,
        size=competitor.size,
        result=_result(recipe, competitor, answers),
        scores=score_spread(answers),
        speed=speeds[place] if speeds else None,
        learnt=_learnt(competitor, images),
    )


def _result(recipe: CompareRecipe, competitor: Competitor, answers: Answers) -> ClassificationResult:
    card = competitor.predictor.card
    return judge(
        answers,
        precision=recipe.precision,
        temperature=card.temperature,
        conformal_quantile=None,
        conformal_coverage=None,
    )


def _write(recipe: CompareRecipe, found: Comparison, images: Sequence[Image], say: Say) -> None:
    if recipe.json:
        with written_whole(recipe.json) as file:
            file.write(json_text(comparison_document(found)).encode())
    if recipe.report:
        pictures = thumbnails_of(images, recipe.source.max_megapixels)
        page = comparison_page(found, pictures, say=say, language=recipe.language)
        with written_whole(recipe.report) as file:
            file.write(page.encode())
