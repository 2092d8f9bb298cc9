"""The page about one detector: what it finds, what it misses, and what it sees that is not there."""

from __future__ import annotations

import math
from collections.abc import Callable

from taxolens.core.texts import Say
from taxolens.evaluation.detection.result import DetectionResult
from taxolens.report.gallery import Budget
from taxolens.report.page import Block, Page, Section
from taxolens.report.panels import Fact, Facts, Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import Wording
from taxolens.workflows.detection_facts import DetectionFacts
from taxolens.workflows.detection_pictures import Closeups, false_finds_section, misses_section
from taxolens.workflows.detection_quality import (
    calibration_section,
    classes_section,
    confusion_section,
    counting_section,
    curves_section,
    errors_section,
    figures_section,
    sizes_section,
)

_MOST_FAILURES = 500


def detection_page(
    facts: DetectionFacts,
    result: DetectionResult,
    closeups: Closeups,
    *,
    say: Say,
    language: str,
    learning: Callable[[Wording], tuple[Section, ...]] | None = None,
) -> str:
    """One self-contained HTML page.

    Args:
        closeups: gives parts of the photos that were judged.
        learning: gives sections on how the detector learnt; None: nothing is known of that.
        language: code for `lang` and for the way numbers are written; `say` speaks it.
    """
    wording = Wording(say, language)
    sections = (
        _honesty_section(facts, wording),
        *detection_sections(facts, result, closeups, wording),
        *(learning(wording) if learning else ()),
        _making_section(facts, result, wording),
    )
    page = Page(
        title=facts.name,
        lead=verdict(result, wording),
        sections=sections,
        eyebrow=say("Report of a training") if learning else say("Report of an evaluation of boxes"),
        meta=_meta(facts, result, wording),
    )
    return page.html(wording)


def detection_sections(
    facts: DetectionFacts, result: DetectionResult, closeups: Closeups, wording: Wording
) -> tuple[Section, ...]:
    """All that is said of the boxes themselves, for any page about a detector."""
    budget = Budget()
    return (
        figures_section(result, wording),
        classes_section(facts, result, wording),
        curves_section(facts, result, wording),
        errors_section(result, wording),
        confusion_section(facts, result, wording),
        misses_section(facts, result, closeups, budget, wording),
        false_finds_section(facts, result, closeups, budget, wording),
        sizes_section(result, wording),
        counting_section(facts, result, wording),
        calibration_section(result, wording),
    )


def verdict(result: DetectionResult, wording: Wording) -> str:
    """The one sentence to take away."""
    found = wording.percent(result.recall.value, 0)
    if not math.isfinite(result.work.precision):
        return wording.say("It found none of the {boxes} boxes.").format(boxes=wording.count(result.true))
    return wording.say(
        "It found {found} of the {boxes} boxes in {n} photos, and {right} of what it found is right; mAP50 is {map50}."
    ).format(
        found=found,
        boxes=wording.count(result.true),
        n=wording.count(result.n),
        right=wording.percent(result.precision.value, 0),
        map50=wording.decimal(result.map50.value),
    )


def _meta(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> tuple[str, ...]:
    say = wording.say
    known = [
        say("Classes: {n}").format(n=wording.count(len(result.labels))),
        say("Photos: {n}").format(n=wording.count(facts.photos)) if facts.photos is not None else "",
        say("Data: {name}").format(name=facts.data) if facts.data else "",
        say("Boxes from: {name}").format(name=facts.source) if facts.source else "",
        say("Detector of {date}").format(date=f"{facts.created:%Y-%m-%d %H:%M}") if facts.created else "",
    ]
    return tuple(fact for fact in known if fact)


def _honesty_section(facts: DetectionFacts, wording: Wording) -> Section:
    say = wording.say
    blocks: list[Block] = []
    text = say("The detector learnt from none of these photos.")
    if facts.unseen is None:
        text = say(
            "Whether the detector learnt from some of these photos is not known here; if it did, it looks too good."
        )
    elif not facts.unseen:
        text = say("The detector learnt from some of these photos, or was chosen by them: it looks too good.")
    if facts.notes:
        blocks.append(Notice(say("Worth knowing"), Tone.CAREFUL, facts.notes))
    if facts.failures:
        blocks += _failures(facts, wording)
    return Section("honesty", say("How honest is this test?"), text, tuple(blocks))


def _failures(facts: DetectionFacts, wording: Wording) -> tuple[Block, Block]:
    say = wording.say
    text = say("Photos that could not be read: {n}. They are in no figure of this page.")
    columns = (Column(say("File")), Column(say("Reason")))
    rows = tuple(Row((Cell(one.name), Cell(say(one.reason)))) for one in facts.failures[:_MOST_FAILURES])
    return (
        Notice(text.format(n=wording.count(len(facts.failures))), Tone.CAREFUL),
        Table(say("Photos that could not be read"), columns, rows),
    )


def _making_section(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Section:
    say = wording.say
    text = say(
        "mAP, AP and AR are those of COCO, equal to pycocotools. Intervals: photos, or groups of them, drawn again and "
        "again, never narrower than Wilson's for so many boxes. Each true box can be found once; further boxes on it are errors."
    )
    known = [
        Fact(say("True boxes"), wording.count(result.true)),
        Fact(say("Found boxes"), wording.count(result.found)),
        Fact(say("Most boxes of one class judged in a photo"), wording.count(result.limit)),
        Fact(say("Found boxes beyond that, left out"), wording.count(result.left_out)),
        Fact(say("Least overlap of a right box (IoU)"), wording.decimal(result.overlap, 2)),
    ]
    if facts.source:
        known.append(Fact(say("File of the found boxes"), facts.source, mono=True))
    if facts.file:
        known += [
            Fact(say("Model file"), facts.file.name),
            Fact(say("Size"), wording.megabytes(facts.file.size)),
            Fact("SHA-256", facts.file.sha256, mono=True),
        ]
    return Section("making", say("How this was counted"), text, (Facts(tuple(known)),))
