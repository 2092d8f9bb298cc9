"""The page about several detectors on the same photos."""

from __future__ import annotations

import math

from taxolens.core.texts import Say
from taxolens.evaluation.detection.paired import SizeChange
from taxolens.evaluation.result import Interval
from taxolens.evaluation.rivals import Finding
from taxolens.report.chart import Chart
from taxolens.report.dots import Dot, dot_chart
from taxolens.report.page import Block, Page, Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.compare_boxes_facts import BoxComparison, BoxRivalry
from taxolens.workflows.compare_boxes_words import box_table, told_rivalry
from taxolens.workflows.detection_quality import FEW_BOXES

_MOST_FAILURES = 100
_TONES = {Finding.BETTER: Tone.GOOD, Finding.WORSE: Tone.CAREFUL, Finding.NO_DIFFERENCE: Tone.PLAIN}


def box_comparison_page(found: BoxComparison, *, say: Say, language: str) -> str:
    """One self-contained HTML page."""
    wording = Wording(say, language)
    result = found.models[0].result
    sections = (
        _verdict(found, wording),
        _figures(found, wording),
        _sizes(found, wording),
        _classes(found, wording),
    )
    return Page(
        title=" · ".join(found.names)
        if len(found.models) < 4
        else say("{n} models").format(n=len(found.models)),
        lead=told_rivalry(found.rivalries[0], found.names, wording),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Report of a comparison"),
        meta=(
            say("Models: {n}").format(n=wording.count(len(found.models))),
            say("Photos: {n}").format(n=wording.count(result.n)),
            say("Boxes: {n}").format(n=wording.count(result.true)),
            say("Data: {name}").format(name=found.data),
        ),
    ).html(wording)


def _verdict(found: BoxComparison, wording: Wording) -> Section:
    say = wording.say
    blocks: list[Block] = []
    if len(found.rivalries) > 1:  # of one, the page says it at its top
        blocks = [
            Notice(told_rivalry(one, found.names, wording), _TONES[one.finding]) for one in found.rivalries
        ]
    if found.notes:
        blocks.append(Notice(say("Worth knowing"), Tone.CAREFUL, found.notes))
    if found.failures:
        blocks += _failures(found, wording)
    text = say(
        "Both detectors are judged on the same photos, which are drawn again and again for both together. A difference "
        "counts as shown when the 95% interval of these draws leaves out zero."
    )
    return Section("verdict", say("What is shown"), text, tuple(blocks))


def _failures(found: BoxComparison, wording: Wording) -> tuple[Block, Block]:
    say = wording.say
    text = say("Photos that could not be read: {n}. They are in no figure of this page.")
    columns = (Column(say("File")), Column(say("Reason")))
    rows = tuple(Row((Cell(one.name), Cell(say(one.reason)))) for one in found.failures[:_MOST_FAILURES])
    return (
        Notice(text.format(n=wording.count(len(found.failures))), Tone.CAREFUL),
        Table(say("Photos that could not be read"), columns, rows),
    )


def _figures(found: BoxComparison, wording: Wording) -> Section:
    say = wording.say
    return Section("figures", say("Figures"), blocks=(_dots(found, wording), box_table(found, wording)))


def _dots(found: BoxComparison, wording: Wording) -> Chart:
    dots = [
        Dot(one.name, one.result.map50.value, one.result.map50.low, one.result.map50.high, place)
        for place, one in enumerate(found.models)
    ]
    return dot_chart(
        dots,
        wording,
        title="mAP50",
        reading=wording.say("The line is the 95% interval: the longer it is, the less is known."),
        x_title="mAP50",
        write=wording.percent,
        floor=0.0,
        ceiling=1.0,
    )


def _sizes(found: BoxComparison, wording: Wording) -> Section | None:
    say = wording.say
    names = {"small": say("Small"), "medium": say("Medium"), "large": say("Large")}
    columns = (
        Column(say("Boxes")),
        Column(say("Boxes, all"), numeric=True),
        Column(say("Found by both"), numeric=True),
        Column(say("By the first alone"), numeric=True),
        Column(say("By the second alone"), numeric=True),
    )
    tables = tuple(
        Table(
            f"{found.names[one.first]} · {found.names[one.second]}",
            columns,
            tuple(_size_row(names[size.name], size, wording) for size in _with_boxes(one)),
        )
        for one in found.rivalries
    )
    text = say("Small is up to 32 × 32 pixels of the photo, large from 96 × 96 on.")
    return Section("sizes", say("Boxes found, by size"), text, tables)


def _with_boxes(rivalry: BoxRivalry) -> tuple[SizeChange, ...]:
    return tuple(one for one in rivalry.paired.sizes[1:] if one.outcomes.n)


def _size_row(name: str, size: SizeChange, wording: Wording) -> Row:
    found = size.outcomes
    counts = (found.n, found.both, found.only_first, found.only_second)
    return Row((Cell(name), *(Cell(wording.count(one), one) for one in counts)))


def _classes(found: BoxComparison, wording: Wording) -> Section | None:
    """AP50 of every class; left out where there is one class."""
    say, labels = wording.say, found.models[0].result.labels
    if len(labels) < 2:
        return None
    columns = (
        Column(say("Class")),
        Column(say("Boxes"), numeric=True),
        *(Column(name, numeric=True) for name in found.names),
    )
    rows = tuple(
        Row(
            (
                Cell(label),
                Cell(
                    wording.count(found.models[0].result.classes[place].support),
                    found.models[0].result.classes[place].support,
                ),
                *(
                    _average(one.result.classes[place].ap50, one.result.classes[place].support, wording)
                    for one in found.models
                ),
            ),
            weak=found.models[0].result.classes[place].support < FEW_BOXES,
        )
        for place, label in enumerate(labels)
    )
    text = say(
        "Area under the curve of precision by recall, at an overlap of half, with its 95% interval. Greyed classes have "
        "fewer than {n} true boxes: their figures may be luck."
    ).format(n=FEW_BOXES)
    return Section("classes", say("Class by class"), text, (Table("AP50", columns, rows),))


def _average(figure: Interval, support: int, wording: Wording) -> Cell:
    if not support:
        return Cell(MISSING, math.nan)
    return Cell(wording.percent(figure.value), figure.value, wording.percent_range(figure.low, figure.high))
