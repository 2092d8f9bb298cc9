"""The page about one model: what it can be trusted with, and where that is known from."""

from __future__ import annotations

import math

from taxolens.core.texts import Say
from taxolens.evaluation.result import ClassificationResult
from taxolens.report.gallery import Budget, Thumbnails
from taxolens.report.page import Page, Section
from taxolens.report.wording import Wording
from taxolens.workflows.model_facts import ModelFacts
from taxolens.workflows.model_learning import learning_section
from taxolens.workflows.model_origin import data_section, honesty_section, making_section, next_section
from taxolens.workflows.model_pictures import errors_section, looks_section, sample_section
from taxolens.workflows.model_quality import (
    automatic_section,
    calibration_section,
    classes_section,
    conformal_section,
    confusion_section,
    figures_section,
)
from taxolens.workflows.shrink_words import shrink_section


def model_page(
    facts: ModelFacts,
    result: ClassificationResult,
    thumbnails: Thumbnails,
    *,
    say: Say,
    language: str,
) -> str:
    """One self-contained HTML page.

    Args:
        facts: what is known of the model beside its results.
        thumbnails: gives a small JPEG of an image by its name in `result`; None where there is none.
        language: code for `lang` and for the way numbers are written; `say` speaks it.
    """
    wording = Wording(say, language)
    budget = Budget()
    sections: list[Section | None] = [
        honesty_section(facts, wording),
        figures_section(facts, result, wording),
    ]
    if result.n:
        sections += [
            shrink_section(facts.shrunk, wording),
            automatic_section(facts, result, wording),
            classes_section(facts, result, wording),
            confusion_section(facts, result, wording),
            errors_section(facts, result, thumbnails, budget, wording),
            sample_section(facts, result, thumbnails, budget, wording),
            looks_section(facts, wording),
            calibration_section(facts, result, wording),
            conformal_section(result, wording),
        ]
    sections += [
        learning_section(facts, wording),
        data_section(facts, wording),
        making_section(facts, wording),
        next_section(facts, wording),
    ]
    page = Page(
        title=facts.name,
        lead=verdict(facts, result, wording),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Report of a training") if facts.split else say("Report of an evaluation"),
        meta=_meta(facts, result, wording),
    )
    return page.html(wording)


def verdict(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> str:
    """The one sentence to take away."""
    say = wording.say
    if not result.n or not math.isfinite(result.accuracy.value):
        return say("No photo could be judged, so nothing is known of how good this model is.")
    accuracy = result.accuracy
    numbers = {
        "n": wording.count(result.n),
        "accuracy": wording.percent(accuracy.value),
        "range": wording.percent_range(accuracy.low, accuracy.high),
    }
    if result.n == 1:
        right = say("It was judged on a single photo and named it correctly. That says next to nothing.")
        wrong = say(
            "It was judged on a single photo and did not name it correctly. That says next to nothing."
        )
        return right if accuracy.value == 1 else wrong
    if facts.boxes is not None:
        template = _verdict_on_boxes(facts, say)
    elif facts.split:
        template = say(
            "On {n} photos it had never seen, it named {accuracy} correctly (95% interval {range})."
        )
    else:
        template = say("On these {n} photos, it named {accuracy} correctly (95% interval {range}).")
    return template.format(**numbers)


def _verdict_on_boxes(facts: ModelFacts, say: Say) -> str:
    if facts.split:
        return say("On {n} boxes it had never seen, it named {accuracy} correctly (95% interval {range}).")
    return say("On these {n} boxes, it named {accuracy} correctly (95% interval {range}).")


def _meta(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> tuple[str, ...]:
    say = wording.say
    known = [
        say("Classes: {n}").format(n=wording.count(len(result.labels))),
        say("Photos: {n}").format(n=wording.count(facts.photos)) if facts.photos is not None else "",
        say("Boxes: {n}").format(n=wording.count(facts.boxes)) if facts.boxes is not None else "",
        say("Data: {name}").format(name=facts.data) if facts.data else "",
        say("Backbone: {name}").format(name=facts.backbone.name) if facts.backbone else "",
        say("Network: {name}").format(name=facts.network.name) if facts.network else "",
        f"{facts.created:%Y-%m-%d %H:%M}" if facts.created else "",
    ]
    return tuple(fact for fact in known if fact)
