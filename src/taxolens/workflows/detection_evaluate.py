"""Found boxes on photos whose boxes are known: figures and a page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError
from taxolens.core.progress import Progress, Silent
from taxolens.core.records import Annotation, Failure, Image
from taxolens.core.taxonomy import Role, Taxon, usual_role
from taxolens.core.texts import Say, for_count, noted, plain
from taxolens.data.dataset import Dataset, load_dataset
from taxolens.evaluation.detection.answers import Scene, ScoredBox
from taxolens.evaluation.detection.document import to_json
from taxolens.evaluation.detection.judge import judge_scenes
from taxolens.evaluation.detection.result import DetectionResult, NamingResult
from taxolens.execution.local import ordered_map
from taxolens.formats.boxes import box_within
from taxolens.formats.coco_found import FoundBox, FoundPhoto
from taxolens.formats.upright import read_header
from taxolens.imaging.container import DAMAGED
from taxolens.inference.predictor import threads_for
from taxolens.recipes.evaluate import EvaluateRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.detection_facts import DetectionFacts
from taxolens.workflows.detection_naming import told_naming
from taxolens.workflows.detection_page import detection_page
from taxolens.workflows.detection_pictures import Closeups
from taxolens.workflows.detection_results import FoundFile, Matching, matching, read_found
from taxolens.workflows.judging import asked_part, check_places, classes_meant, told_unread
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import json_text

_AHEAD = 16
_NAMED = 8
_ANYTHING = noted("anything")
_JUDGED_ONE = noted(
    "1 photo with {boxes} boxes judged: mAP50 {map50} (95% interval {range}), mAP50-95 {map}."
)
_JUDGED = noted("{n} photos with {boxes} boxes judged: mAP50 {map50} (95% interval {range}), mAP50-95 {map}.")
_WORK = noted("From a score of {score}: {recall} of the boxes found, {precision} of what is found is right.")
_UNMATCHED = noted(
    "Photos that {file} names and the data do not hold, which are left out: {count} ({names})."
)
_UNSEEN = noted("Photos of the data that {file} does not name, which are not judged: {count} ({names}).")
_EMPTY = noted("Photos of the data that {file} has no box for, which count as looked at: {count}.")
_STRANGE = noted("Found boxes of classes that the data do not have, which are left out: {names}.")
_NEVER = noted("Classes of the data that {file} never names, all of whose boxes count as missed: {names}.")
_ALONE = noted(
    "The folders in {file} are not those of the data: photos were matched by their file names alone."
)


@dataclass(frozen=True, slots=True)
class DetectionSummary:
    """What a judgement of boxes found.

    Attributes:
        failures: photos that could not be read, by the detector or here.
    """

    result: DetectionResult
    failures: tuple[Failure, ...]
    json: Path | None
    report: Path | None

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        found, say = self.result, wording.say
        told = [
            say(for_count(found.n, _JUDGED_ONE, _JUDGED)).format(
                n=wording.count(found.n),
                boxes=wording.count(found.true),
                map50=wording.decimal(found.map50.value),
                range=say("{low} to {high}").format(
                    low=wording.decimal(found.map50.low), high=wording.decimal(found.map50.high)
                ),
                map=wording.decimal(found.map50_95.value),
            ),
            self._told_work(wording),
        ]
        if found.naming is not None:
            told.append(told_naming(found.naming, wording))
        if self.failures:
            told.append(told_unread(len(self.failures), wording))
        told += [say("The report: {report}").format(report=self.report)] if self.report else []
        told += [say("The figures: {file}").format(file=self.json)] if self.json else []
        return tuple(told)

    def _told_work(self, wording: Wording) -> str:
        found = self.result
        if not math.isfinite(found.work.precision):
            return wording.say("No box was found that counts.")
        return wording.say(_WORK).format(
            score=wording.decimal(found.work.score),
            recall=wording.percent(found.recall.value),
            precision=wording.percent(found.precision.value),
        )


def evaluate_found(
    recipe: EvaluateRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> DetectionSummary:
    """Judges the boxes that any program found; `recipe.model` is its file (MegaDetector, SpeciesNet, COCO).

    Photos are matched by name. Boxes of classes that the data do not know, and photos that one side does not
    name, are left out and told.

    Raises:
        UsageError: file or data cannot be used, or nothing in them belongs together.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    check_places((recipe.json, recipe.report), read=(recipe.model, recipe.source.data))
    if not recipe.model.is_file():
        raise DataError("{data} is not there. Check the path.", data=recipe.model)
    dataset = load_dataset(recipe.source, home=home, progress=listener, say=say)
    check_boxed(dataset, recipe.source.data)
    asked = asked_part(dataset, listener, say)
    file = read_found(recipe.model, dataset, recipe.source.data)
    images = tuple(image for image in asked.images if image.annotations is not None)
    scenes, failed = _scenes(recipe, images, file, listener, say)
    return judge_found(
        recipe,
        scenes,
        images,
        DetectionFacts(
            name=file.detector or recipe.model.name,
            source=recipe.model.name,
            data=recipe.source.data.name,
            photos=len(dataset.images) + len(dataset.failures),
            failures=(*dataset.failures, *failed),
        ),
        classes_of(dataset),
        listener,
        say,
    )


def check_boxed(dataset: Dataset, data: Path) -> None:
    """Boxes are judged by boxes.

    Raises:
        DataError: the data have none.
    """
    if not dataset.boxed or not any(image.annotations for image in dataset.images):
        raise DataError(
            "{data} has no boxes, and found boxes are judged by true ones. Name data with boxes: a set in YOLO or "
            "COCO format.",
            data=data,
        )


def classes_of(dataset: Dataset) -> tuple[str, ...]:
    """The classes of boxes in the order of the data; those that no box has are left out."""
    used = Counter(one.label for image in dataset.images for one in image.annotations or ())
    return tuple(name for name in dict.fromkeys((*dataset.classes, *used)) if used[name])


def groups_named(images: Sequence[Image]) -> list[str | None]:
    """Sites where all photos have one and there are several, else sequences."""
    sites = [image.site for image in images]
    return sites if all(sites) and len(set(sites)) > 1 else [image.sequence for image in images]


def judge_found(
    recipe: EvaluateRecipe,
    scenes: Sequence[Scene],
    images: Sequence[Image],
    facts: DetectionFacts,
    classes: Sequence[str],
    listener: Listener,
    say: Say,
    *,
    naming: NamingResult | None = None,
) -> DetectionSummary:
    """Judges photos with their true and found boxes, and writes what the recipe asks for.

    Args:
        scenes: with the labels of the data, or of the detector; see `_same_names`.
        classes: of the data.
        naming: what is known of the class distributions of boxes.

    Raises:
        DataError: the detector names none of the classes.
        OutputError: a file cannot be written.
    """
    labels, named = _same_names(recipe, scenes, classes, facts.source or facts.name, listener, say)
    result = judge_scenes(named, labels, score=recipe.score, precision=recipe.precision)
    result = replace(result, naming=naming)
    facts = replace(facts, notes=tuple(listener.notes))
    if recipe.json:
        failures = [{"file": one.name, "code": one.code, "reason": one.reason} for one in facts.failures]
        with written_whole(recipe.json) as out:
            out.write(json_text({**to_json(result), "failures": failures}).encode())
    if recipe.report:
        closeups = Closeups(images, max_megapixels=recipe.source.max_megapixels)
        page = detection_page(facts, result, closeups, say=say, language=recipe.language)
        with written_whole(recipe.report) as out:
            out.write(page.encode())
    return DetectionSummary(result, facts.failures, recipe.json, recipe.report)


def _scenes(
    recipe: EvaluateRecipe, images: Sequence[Image], file: FoundFile, listener: Listener, say: Say
) -> tuple[tuple[Scene, ...], tuple[Failure, ...]]:
    """Photos that are in the data and in the file, and those of them that could not be read."""
    met = matching(images, file.photos)
    _check_met(recipe, images, file, met)
    _tell_apart(recipe.model.name, images, file, met, listener, say)
    judged = [number for number in range(len(images)) if number in met.found or not file.lists_all]
    workers = threads_for(recipe.workers)
    paths = [images[number].path for number in judged]
    headers = ordered_map(read_header, paths, workers=workers, window=workers * _AHEAD)
    told = listener.track(headers, what=say("Reading sizes of photos"), total=len(paths))
    groups = groups_named([images[number] for number in judged])
    scenes, failures = [], []
    for number, header, group in zip(judged, told, groups, strict=True):
        image, photo = images[number], met.found.get(number)
        if header is None or (photo is not None and photo.failure is not None):
            why = photo.failure if photo is not None and photo.failure is not None else DAMAGED
            failures.append(Failure(image.path, image.name, "unreadable", why))
        else:
            scenes.append(_scene(image, photo, header.upright, group))
    if not scenes:
        raise DataError("No photo of {data} could be read. Name other photos.", data=recipe.source.data)
    return tuple(scenes), tuple(failures)


def _scene(image: Image, photo: FoundPhoto | None, size: tuple[int, int], group: str | None) -> Scene:
    width, height = size
    within = (photo.size if photo is not None else None) or (float(width), float(height))
    found = [_scored(box, within) for box in photo.boxes] if photo is not None else []
    kept = tuple(box for box in found if box is not None)
    return Scene(image.name, width, height, image.annotations or (), kept, group)


def _scored(found: FoundBox, size: tuple[float, float]) -> ScoredBox | None:
    """A box cut to the photo; None where nothing of it lies there."""
    left, top, width, height = found.edges
    across, down = (1.0, 1.0) if found.relative else size
    box = box_within(left / across, top / down, (left + width) / across, (top + height) / down)
    return ScoredBox(found.label, box, found.score) if box is not None else None


def _check_met(recipe: EvaluateRecipe, images: Sequence[Image], file: FoundFile, met: Matching) -> None:
    if met.found or (not file.photos and not file.lists_all):
        return
    raise DataError(
        "No photo that {file} names is in {data}. The file names {found}; the data hold {known}. Photos are "
        "matched by the end of their path.",
        file=recipe.model,
        data=recipe.source.data,
        found=", ".join(photo.name for photo in file.photos[:2]) or "–",
        known=", ".join(image.name for image in images[:2]) or "–",
    )


def _tell_apart(
    file_name: str, images: Sequence[Image], file: FoundFile, met: Matching, listener: Listener, say: Say
) -> None:
    if met.by_file_name:
        listener.note(say(_ALONE).format(file=file_name))
    if met.strangers:
        listener.note(
            say(_UNMATCHED).format(file=file_name, count=len(met.strangers), names=_some(met.strangers))
        )
    unnamed = [image.name for number, image in enumerate(images) if number not in met.found]
    if unnamed and file.lists_all:
        listener.note(say(_UNSEEN).format(file=file_name, count=len(unnamed), names=_some(unnamed)))
    elif unnamed:
        listener.note(say(_EMPTY).format(file=file_name, count=len(unnamed)))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _same_names(
    recipe: EvaluateRecipe,
    scenes: Sequence[Scene],
    classes: Sequence[str],
    file: str,
    listener: Listener,
    say: Say,
) -> tuple[tuple[str, ...], tuple[Scene, ...]]:
    """One name for each class on both sides, and the photos with these names.

    Raises:
        DataError: nothing that was found is called as anything in the data.
    """
    counts = Counter(box.label for scene in scenes for box in scene.found)
    if recipe.one_class:
        return _as_one(scenes, classes, counts, file, listener, say)
    meant = classes_meant(counts, [Taxon(name) for name in classes])
    if counts and not meant:
        raise DataError(
            "{file} calls nothing as {data} does: it says {found}, and the data say {known}. With --one-class "
            "boxes are judged whatever they are called.",
            file=recipe.model,
            data=recipe.source.data,
            found=", ".join(list(counts)[:10]),
            known=", ".join(classes[:10]),
        )
    _tell_classes(
        Counter({label: count for label, count in counts.items() if label not in meant}),
        _STRANGE,
        file,
        listener,
        say,
    )
    true = Counter(one.label for scene in scenes for one in scene.truth)
    never = {name: true[name] for number, name in enumerate(classes) if number not in meant.values()}
    _tell_classes(+Counter(never), _NEVER if counts else "", file, listener, say)
    return tuple(classes), tuple(
        replace(
            scene,
            found=tuple(
                replace(box, label=classes[meant[box.label]]) for box in scene.found if box.label in meant
            ),
        )
        for scene in scenes
    )


def _tell_classes(counts: Counter[str], text: str, file: str, listener: Listener, say: Say) -> None:
    if counts and text:
        named = [f"{label} ({count})" for label, count in counts.most_common()]
        listener.note(say(text).format(file=file, names=_some(named)))


def _as_one(
    scenes: Sequence[Scene],
    classes: Sequence[str],
    counts: Counter[str],
    file: str,
    listener: Listener,
    say: Say,
) -> tuple[tuple[str, ...], tuple[Scene, ...]]:
    """All boxes under one name. People and vehicles that a detector tells from animals are left out, unless the
    data have such a class too."""
    known = {usual_role(name) for name in classes}
    strange = {label for label in counts if usual_role(label) in _NO_ANIMALS - known}
    _tell_classes(Counter({label: counts[label] for label in strange}), _STRANGE, file, listener, say)
    one = say(_ANYTHING)
    return (one,), tuple(
        replace(
            scene,
            truth=tuple(Annotation(one, each.box) for each in scene.truth),
            found=tuple(replace(box, label=one) for box in scene.found if box.label not in strange),
        )
        for scene in scenes
    )


_NO_ANIMALS = frozenset({Role.PERSON, Role.VEHICLE, Role.BLANK})
