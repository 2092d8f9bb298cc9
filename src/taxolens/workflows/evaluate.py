"""A model on labelled photos: figures and a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError, ImageError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Failure, Image, Part
from taxolens.core.taxonomy import Taxon
from taxolens.core.texts import Say, plain
from taxolens.data.dataset import Dataset, load_dataset, named
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.document import to_json
from taxolens.evaluation.judge import judge
from taxolens.evaluation.result import ClassificationResult
from taxolens.execution.local import ordered_map
from taxolens.inference.predictor import Predictor, open_predictor, threads_for
from taxolens.modelfile.fingerprint import data_fingerprint
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.storage.atomic import written_whole
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_facts import BackboneFacts, FileFacts, HeadFacts, ModelFacts
from taxolens.workflows.model_page import model_page
from taxolens.workflows.run_folder import json_text
from taxolens.workflows.thumbnails import thumbnails_of

_AHEAD = 16


@dataclass(frozen=True, slots=True)
class EvaluateSummary:
    """What an evaluation found.

    Attributes:
        failures: photos that could not be read.
        unknown: photos whose label the model does not know, by label.
    """

    result: ClassificationResult
    failures: tuple[Failure, ...]
    unknown: dict[str, int]
    json: Path | None
    report: Path | None

    def lines(self, say: Say) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found = self.result
        told = [
            say(
                "{n} photos judged: {percent:.1f} % named rightly (95 % interval {low:.1f} to {high:.1f} %), "
                "macro-F1 {f1:.3f}."
            ).format(
                n=found.n,
                percent=100 * found.accuracy.value,
                low=100 * found.accuracy.low,
                high=100 * found.accuracy.high,
                f1=found.macro_f1.value,
            )
        ]
        if self.failures:
            told.append(say("{n} photos could not be read.").format(n=len(self.failures)))
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
    recipe: EvaluateRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> EvaluateSummary:
    """Judges as the recipe says; photos with a label that the model does not know are counted, not judged.

    Raises:
        UsageError: model or data cannot be used, or no label of the data is known to the model.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    _check_places(recipe)
    predictor = open_predictor(recipe.model)
    dataset = load_dataset(recipe.source, home=home, progress=listener, say=say)
    dataset = named(dataset, recipe.source.data)
    asked = _asked(dataset, listener, say)
    truth, unknown = _truth(asked, predictor.card.taxa, recipe)
    for label, count in unknown.items():
        listener.note(
            say("{count} photos of {label} are not judged: the model does not know this class.").format(
                count=count, label=label
            )
        )
    judged = _judged(recipe, predictor, asked, truth, listener, say)
    if asked is dataset and _learnt(dataset, judged.failures) == predictor.card.data_fingerprint:
        listener.note(
            say("The model was made from these very photos: these figures say nothing about new ones.")
        )
    result = _result(recipe, predictor, judged.answers)
    _write(recipe, predictor, judged, result, tuple(listener.notes), say)
    return EvaluateSummary(result, judged.failures, unknown, recipe.json, recipe.report)


def _check_places(recipe: EvaluateRecipe) -> None:
    """A place that cannot be written, or must not be, is told before the work."""
    taken = {recipe.model.resolve(), recipe.source.data.resolve()}
    for place in (recipe.json, recipe.report):
        if place is None:
            continue
        if place.is_dir() or not place.resolve().parent.is_dir():
            raise UsageError(
                "{place} cannot be written there. Name a file in a folder that exists.", place=place
            )
        if place.resolve() in taken:
            raise UsageError("{place} is named twice. Name another file for what is written.", place=place)
        taken.add(place.resolve())


def _asked(dataset: Dataset, progress: Progress, say: Say) -> Dataset:
    """The photos of the test part where the data have one: the others may have been learnt from."""
    tests = tuple(image for image in dataset.images if image.part is Part.TEST)
    others = len(dataset.images) - len(tests)
    if not tests or not others:
        return dataset
    progress.note(
        say("Only the {n} photos of the test part are judged; the {others} others are left out.").format(
            n=len(tests), others=others
        )
    )
    return replace(dataset, images=tests)


def _learnt(dataset: Dataset, failures: Sequence[Failure]) -> str:
    """The fingerprint that a training on these data would write; it leaves out what it cannot read."""
    failed = {failure.name for failure in failures}
    return data_fingerprint(
        (image.sha256 or "", image.label or "") for image in dataset.images if image.name not in failed
    )


def _truth(
    dataset: Dataset, taxa: Sequence[Taxon], recipe: EvaluateRecipe
) -> tuple[dict[str, int], dict[str, int]]:
    """Label to class of the model, and how many photos have a label that it does not know."""
    counts = Counter(image.label or "" for image in dataset.images)
    ids, folded, names = _tables(taxa)
    found = {
        label: ids.get(label, folded.get(label.casefold(), names.get(label.casefold()))) for label in counts
    }
    truth = {label: index for label, index in found.items() if index is not None}
    if not truth:
        raise DataError(
            "The model knows none of the classes in {data}: {found}. It knows {known}.",
            data=recipe.source.data,
            found=", ".join(sorted(counts)[:10]),
            known=", ".join(taxon.id for taxon in taxa[:10]),
        )
    return truth, {label: count for label, count in sorted(counts.items()) if label not in truth}


def _tables(taxa: Sequence[Taxon]) -> tuple[dict[str, int], dict[str, int | None], dict[str, int | None]]:
    """What a data set may call each class: its id, its id in other letters, its other names.

    What two classes are called means neither (None): a wrong truth is worse than none.
    """
    ids = {taxon.id: index for index, taxon in enumerate(taxa)}
    folded: dict[str, int | None] = {}
    names: dict[str, int | None] = {}
    for index, taxon in enumerate(taxa):
        _claim(folded, taxon.id, index)
        for name in filter(None, (*taxon.names.values(), taxon.scientific)):
            _claim(names, name, index)
    return ids, folded, names


def _claim(table: dict[str, int | None], name: str, index: int) -> None:
    key = name.casefold()
    table[key] = index if table.get(key, index) == index else None


def _judged(
    recipe: EvaluateRecipe,
    predictor: Predictor,
    dataset: Dataset,
    truth: dict[str, int],
    progress: Progress,
    say: Say,
) -> Judged:
    images = [image for image in dataset.images if image.label in truth]

    def scores(image: Image) -> NDArray[np.float32] | ImageError:
        try:
            return predictor.scores(image.path, max_megapixels=recipe.source.max_megapixels)
        except ImageError as error:
            return error

    predictor.start()
    workers = threads_for(recipe.workers)
    found = ordered_map(scores, images, workers=workers, window=workers * _AHEAD)
    told = list(progress.track(found, what=say("Looking at photos"), total=len(images)))
    read = [(image, one) for image, one in zip(images, told, strict=True) if not isinstance(one, ImageError)]
    failed = [
        Failure(image.path, image.name, one.code, one.told())
        for image, one in zip(images, told, strict=True)
        if isinstance(one, ImageError)
    ]
    if not read:
        raise DataError("No photo of {data} could be read. Name other photos.", data=recipe.source.data)
    answers = Answers(
        labels=predictor.labels,
        names=tuple(image.name for image, _ in read),
        truth=np.array([truth[image.label or ""] for image, _ in read], dtype=np.int64),
        probabilities=_rows(np.stack([one for _, one in read])),
        groups=_groups([image for image, _ in read]),
    )
    return Judged(tuple(image for image, _ in read), answers, (*dataset.failures, *failed))


def _rows(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows that sum to one; float32 does so only nearly."""
    exact = scores.astype(np.float64)
    return np.asarray(exact / exact.sum(axis=1, keepdims=True))


def _groups(images: Sequence[Image]) -> NDArray[np.int64] | None:
    """Sites where several are known, else sequences, else nothing."""
    for known in ([image.site for image in images], [image.sequence for image in images]):
        if all(known) and 1 < len(set(known)) < len(known):
            return np.unique([name or "" for name in known], return_inverse=True)[1].astype(np.int64)
    return None


def _result(recipe: EvaluateRecipe, predictor: Predictor, answers: Answers) -> ClassificationResult:
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
    predictor: Predictor,
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
    recipe: EvaluateRecipe, predictor: Predictor, judged: Judged, notes: tuple[str, ...]
) -> ModelFacts:
    card, model = predictor.card, predictor.model
    return ModelFacts(
        name=card.name,
        created=card.created_at,
        data=recipe.source.data.name,
        photos=len(judged.images) + len(judged.failures),
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
