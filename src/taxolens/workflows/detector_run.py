"""A trained detector to its run folder: model file, weights, figures, tables and report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taxolens.core.records import Part
from taxolens.core.texts import Say, noted
from taxolens.data.split import write_split
from taxolens.evaluation.detection.document import to_json
from taxolens.recipes.parse import recipe_document
from taxolens.report.chart import Chart
from taxolens.report.curves import Series, line_chart
from taxolens.report.page import Section
from taxolens.report.panels import Command, Commands, Fact, Facts
from taxolens.report.wording import Wording
from taxolens.tracking.history import write_epochs
from taxolens.workflows.detection_facts import DetectionFacts
from taxolens.workflows.detection_page import detection_page
from taxolens.workflows.detection_pictures import Closeups
from taxolens.workflows.detection_samples import samples_section
from taxolens.workflows.detector_training import WEIGHTS, SchooledDetector
from taxolens.workflows.listener import Listener
from taxolens.workflows.model_facts import FileFacts
from taxolens.workflows.run_facts import next_steps
from taxolens.workflows.run_folder import HISTORY, METRICS, MODEL, RECIPE, REPORT, SPLIT, write_json
from taxolens.workflows.shrink_facts import ShrinkFacts
from taxolens.workflows.shrink_words import shrink_section

_UNSEEN = noted(
    "The weights of epoch {best} were kept, which found most in the validation photos. The figures at the top are "
    "of other photos."
)
_WHERE, _WHETHER, _WHAT = noted("where it is"), noted("whether something is there"), noted("what it is")
_PARTS_OF_LOSS = {
    "iou": _WHERE,
    "box": _WHERE,
    "l1": _WHERE,
    "dfl": _WHERE,
    "obj": _WHETHER,
    "cls": _WHAT,
    "teacher": noted("as the teacher"),
}
_SEEN = noted(
    "The weights of epoch {best} were kept, which found most in the validation photos. The figures at the top are "
    "of these photos too, and therefore too good."
)


def write_detector_run(
    schooled: SchooledDetector,
    folder: Path,
    seconds: Mapping[str, float],
    listener: Listener,
    say: Say,
    *,
    shrunk: ShrinkFacts | None = None,
) -> None:
    """Fills a run folder.

    Args:
        shrunk: what it gained and lost, if it was made smaller.
    """
    recipe, lesson, trained = schooled.recipe, schooled.lesson, schooled.trained
    (folder / MODEL).write_bytes(schooled.model.graph)
    (folder / f"{WEIGHTS}{trained.suffix}").write_bytes(trained.weights)
    figures = _figures(schooled, seconds)
    write_json(folder / METRICS, figures | ({"shrunk": shrunk.document()} if shrunk else {}))
    write_json(folder / RECIPE, recipe_document(recipe))
    write_epochs(trained.epochs, folder / HISTORY)
    write_split(lesson.split, lesson.images, folder / SPLIT)
    judged = lesson.of(Part.TEST) or lesson.of(Part.VAL)
    tried = Closeups(lesson.of(Part.VAL), max_megapixels=recipe.source.max_megapixels)
    page = detection_page(
        _facts(schooled, tuple(listener.notes)),
        schooled.result,
        Closeups(judged, max_megapixels=recipe.source.max_megapixels),
        say=say,
        language=recipe.language,
        learning=lambda wording: (
            *_shrunk(shrunk, wording),
            *samples_section(schooled.best, schooled.worst, tried, wording),
            *_learning(schooled, seconds, wording),
        ),
    )
    (folder / REPORT).write_text(page, encoding="utf-8")


def _shrunk(facts: ShrinkFacts | None, wording: Wording) -> tuple[Section, ...]:
    section = shrink_section(facts, wording)
    return (section,) if section else ()


def _figures(schooled: SchooledDetector, seconds: Mapping[str, float]) -> dict[str, Any]:
    """`metrics.json`: the figures of an evaluation and how they came about."""
    recipe, lesson, trained, parity = schooled.recipe, schooled.lesson, schooled.trained, schooled.parity
    return {
        **to_json(schooled.result),
        "split": {
            "by": lesson.split.by.value,
            "seed": recipe.split.seed,
            **{part.value: len(lesson.of(part)) for part in Part},
            "duplicate_groups": len(lesson.split.duplicates),
        },
        "network": {
            "name": recipe.detector.network.name,
            "parameters": trained.parameters,
            "multiplications": trained.multiplications,
            "epochs": len(trained.epochs),
            "best_epoch": trained.best,
        },
        "parity": {
            "photos": parity.photos,
            "boxes": parity.boxes,
            "largest_pixels": parity.pixels,
            "largest_score": parity.score,
        },
        "failures": [{"file": one.name, "code": one.code, "reason": one.reason} for one in schooled.failures],
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }


def _facts(schooled: SchooledDetector, notes: tuple[str, ...]) -> DetectionFacts:
    recipe, lesson, model = schooled.recipe, schooled.lesson, schooled.model
    remark = (recipe.remark,) if recipe.remark else ()
    return DetectionFacts(
        name=model.card.name,
        created=model.card.created_at,
        data=recipe.source.data.name,
        photos=len(lesson.images) + len(lesson.dataset.failures),
        failures=schooled.failures,
        notes=(*remark, *notes),
        names={taxon.id: taxon.name(recipe.language) for taxon in model.card.taxa},
        unseen=bool(lesson.of(Part.TEST)),
        file=FileFacts(MODEL, len(model.graph), model.sha256),
    )


def _learning(
    schooled: SchooledDetector, seconds: Mapping[str, float], wording: Wording
) -> tuple[Section, ...]:
    """How it learnt, and what to do next."""
    say, trained = wording.say, schooled.trained
    text = say(_UNSEEN if schooled.lesson.of(Part.TEST) else _SEEN).format(best=trained.best)
    blocks = (
        _losses(schooled, wording),
        _precisions(schooled, wording),
        Facts(_made_of(schooled, seconds, wording)),
    )
    steps = tuple(Command(one.purpose, one.line) for one in next_steps(schooled.recipe, say)[:2])
    return (
        Section("learning", say("How it learnt"), text, blocks),
        Section("next", say("What to do next"), blocks=(Commands(steps),)),
    )


def _losses(schooled: SchooledDetector, wording: Wording) -> Chart:
    say, epochs = wording.say, schooled.trained.epochs
    names = tuple(dict.fromkeys(name for one in epochs for name in one.losses))
    return line_chart(
        [
            Series(
                _part_of_loss(name, say),
                tuple((float(one.number), one.losses.get(name, 0.0)) for one in epochs),
            )
            for name in names
        ],
        wording,
        title=say("Loss"),
        reading=say("Lower is better: of where boxes are, of whether there is anything, and of what it is."),
        x_title=say("Epoch"),
        y_title=say("Loss"),
    )


def _part_of_loss(name: str, say: Say) -> str:
    """What a part of the loss is of, and what the training library calls it."""
    meaning = _PARTS_OF_LOSS.get(name)
    return f"{say(meaning)} ({name})" if meaning else name


def _precisions(schooled: SchooledDetector, wording: Wording) -> Chart:
    say, epochs = wording.say, schooled.trained.epochs
    points = [(float(one.number), one.map50, one.map50_95) for one in epochs]
    return line_chart(
        [
            Series("mAP50", tuple((x, y) for x, y, _ in points if y is not None)),
            Series("mAP50-95", tuple((x, y) for x, _, y in points if y is not None)),
        ],
        wording,
        title=say("Boxes of validation that are found"),
        reading=say(
            "Higher is better. The training library's own figures, on the photos that chose the epoch."
        ),
        x_title=say("Epoch"),
        y_title="mAP",
        floor=0.0,
        ceiling=1.0,
    )


def _made_of(schooled: SchooledDetector, seconds: Mapping[str, float], wording: Wording) -> tuple[Fact, ...]:
    say, trained, parity = wording.say, schooled.trained, schooled.parity
    known = [
        Fact(say("Network"), schooled.recipe.detector.network.name),
        Fact(say("Side of the input in pixels"), wording.count(schooled.recipe.detector.side)),
        Fact(say("Parameters"), wording.count(trained.parameters)),
        Fact(say("Epochs"), wording.count(len(trained.epochs))),
    ]
    if trained.multiplications is not None:
        millions = wording.count(round(trained.multiplications / 1e6))
        known.append(Fact(say("Multiplications for a photo, in millions"), millions))
    if trained.licence:
        known.append(Fact(say("Licence of the weights"), trained.licence))
    known.append(
        Fact(
            say("Boxes of the model file, compared with those of the training library"),
            say("{boxes} in {photos} photos: edges {pixels} pixels apart at most, scores {score}").format(
                boxes=wording.count(parity.boxes),
                photos=wording.count(parity.photos),
                pixels=wording.decimal(parity.pixels, 3),
                score=wording.decimal(parity.score, 4),
            ),
        )
    )
    known += [Fact(say(stage), wording.duration(spent)) for stage, spent in seconds.items()]
    return tuple(known)
