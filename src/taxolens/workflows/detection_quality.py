"""What a page says of how good a detector is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from taxolens.core.texts import Say, noted
from taxolens.evaluation.detection.result import (
    BoxClassResult,
    CountResult,
    CurvePoint,
    DetectionResult,
    ErrorKind,
    SizeResult,
    WorkingPoint,
)
from taxolens.evaluation.result import Calibration, Interval
from taxolens.report.bars import Bar, Bars
from taxolens.report.chart import Chart
from taxolens.report.columns import columns_chart
from taxolens.report.curves import Series, line_chart
from taxolens.report.heatmap import MOST_NAMED, confusion_chart
from taxolens.report.named_map import MapWords
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice, Tile, Tiles, Tone
from taxolens.report.reliability import ScoreBin, reliability_chart
from taxolens.report.table import Cell, Column, Row, ShareBar, Table, text_rows
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.detection_facts import DetectionFacts
from taxolens.workflows.detection_naming import naming_blocks

FEW_BOXES = 20
"""Classes with fewer true boxes are greyed: their figures rest on too little."""

_MOST_CURVES = 5
_MOST_COLUMNS = 15

_SIZE_NAMES = {
    "small": (noted("small"), noted("up to 32 × 32 pixels")),
    "medium": (noted("medium"), noted("up to 96 × 96 pixels")),
    "large": (noted("large"), noted("above 96 × 96 pixels")),
}
_MEANINGS = {
    ErrorKind.LABEL: noted("At the right place, under another name."),
    ErrorKind.PLACE: noted("The right name, but the box lies badly."),
    ErrorKind.BOTH: noted("Another name, and the box lies badly."),
    ErrorKind.DUPLICATE: noted("A second box for something that has one already."),
    ErrorKind.BACKGROUND: noted("A box where nothing of the kind is."),
    ErrorKind.MISSED: noted("No box near it, under any name."),
}
_OF_NAMES = (ErrorKind.LABEL, ErrorKind.BOTH)
"""What cannot happen where there is one class."""


def figures_section(result: DetectionResult, wording: Wording) -> Section:
    """The figures to quote."""
    say = wording.say
    tiles = (
        _figure_tile(
            say("mAP50"),
            result.map50,
            say(
                "The usual figure for detectors: mean over classes, a box is right if it overlaps the true one by half."
            ),
            wording,
        ),
        _figure_tile(
            say("mAP50-95"),
            result.map50_95,
            say("The same, and boxes must fit ever more closely."),
            wording,
        ),
        _share_tile(
            say("Found (recall)"), result.recall, say("Share of the true boxes that are found."), wording
        ),
        _share_tile(
            say("Trustworthy (precision)"),
            result.precision,
            say("Share of the found boxes that are right, name and place."),
            wording,
        ),
        _count_tile(result.counting[0], wording),
        _plain_tile(result, wording),
    )
    return Section("figures", say("Key figures"), _told_work(result, wording), (Tiles(tiles),))


def _told_work(result: DetectionResult, wording: Wording) -> str:
    say = wording.say
    score = wording.decimal(result.work.score)
    if not math.isfinite(result.work.precision):
        return say("No box was found that counts.")
    if result.chosen:
        text = say(
            "Where boxes are counted, those with a score of at least {score} count, which on these photos balances "
            "misses and false finds best (F1 {f1}); expect a little less on others. mAP looks at all scores."
        )
    else:
        text = say(
            "Where boxes are counted, those with a score of at least {score} count (F1 {f1}). mAP looks at all scores."
        )
    return text.format(score=score, f1=wording.decimal(result.work.f1))


def _figure_tile(name: str, figure: Interval, meaning: str, wording: Wording) -> Tile:
    say = wording.say
    spread = say("{low} to {high}").format(low=wording.decimal(figure.low), high=wording.decimal(figure.high))
    detail = say("95% interval {range}").format(range=spread)
    return Tile(name, wording.decimal(figure.value), detail, meaning, _bar(figure))


def _share_tile(name: str, figure: Interval, meaning: str, wording: Wording) -> Tile:
    if not math.isfinite(figure.value):
        return Tile(name, MISSING, wording.say("nothing was found"), meaning)
    return Tile(
        name, wording.percent(figure.value), wording.interval(figure.low, figure.high), meaning, _bar(figure)
    )


def _bar(figure: Interval) -> ShareBar | None:
    return ShareBar(figure.value, figure.low, figure.high) if math.isfinite(figure.value) else None


def _count_tile(every: CountResult, wording: Wording) -> Tile:
    say = wording.say
    detail = say("{exact} of the photos counted exactly").format(exact=wording.percent(every.exact))
    meaning = say("By how many boxes the count of a photo is off, on average.")
    return Tile(
        say("Counting error per photo"),
        wording.decimal(every.error, 2),
        detail,
        meaning,
    )


def _plain_tile(result: DetectionResult, wording: Wording) -> Tile:
    say = wording.say
    meaning = say("Each photo counts as independent of the others.")
    detail = say("True boxes: {n}").format(n=wording.count(result.true))
    if result.groups is not None:
        detail += " · " + say("Independent groups among them: {n}").format(n=wording.count(result.groups))
        meaning = say("Intervals treat the photos of one site or sequence as one observation.")
    return Tile(say("Photos judged"), wording.count(result.n), detail, meaning)


def classes_section(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Section:
    """How each class fares."""
    say = wording.say
    blocks: list[Block] = []
    judged = [one for one in result.classes if one.support]
    few = sum(one.support < FEW_BOXES for one in judged)
    if few:
        text = say("Greyed classes have fewer than {n} true boxes: their figures may be luck. Classes: {few}")
        blocks.append(Notice(text.format(n=FEW_BOXES, few=wording.count(few)), Tone.CAREFUL))
    blocks.append(_class_table(facts, judged, wording))
    absent = [facts.name_of(one.label) for one in result.classes if not one.support]
    if absent:
        text = say("Classes without a true box in these photos, of which nothing is known here: {names}.")
        blocks.append(Notice(text.format(names=", ".join(absent)), Tone.PLAIN))
    text = say("Recall and precision count boxes from a score of {score}; AP50 looks at all scores.")
    return Section(
        "classes", say("Class by class"), text.format(score=wording.decimal(result.work.score)), tuple(blocks)
    )


def _class_table(facts: DetectionFacts, classes: Sequence[BoxClassResult], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Class")),
        Column(say("True boxes"), numeric=True),
        Column(
            say("AP50"),
            numeric=True,
            explanation=say("Area under the curve of precision by recall, at an overlap of half."),
        ),
        Column(
            say("AP50-95"), numeric=True, explanation=say("The same, and boxes must fit ever more closely.")
        ),
        Column(
            say("Found (recall)"), numeric=True, explanation=say("Share of the true boxes that are found.")
        ),
        Column(
            say("Trustworthy (precision)"),
            numeric=True,
            explanation=say("Share of the found boxes that are right, name and place."),
        ),
        Column(
            say("Best score"),
            numeric=True,
            explanation=say("The score from which boxes of this class should count, for the best F1."),
        ),
    )
    rows = tuple(
        Row(
            (
                _name_cell(one.label, facts),
                Cell(wording.count(one.support), one.support),
                _figure_cell(one.ap50, wording),
                Cell(wording.decimal(one.ap50_95), one.ap50_95),
                _share_cell(one.recall, wording),
                _share_cell(one.precision, wording),
                Cell(wording.decimal(one.best.score), one.best.score)
                if one.best
                else Cell(MISSING, math.nan),
            ),
            weak=one.support < FEW_BOXES,
        )
        for one in classes
    )
    return Table(say("All classes, with 95% intervals"), columns, rows)


def _name_cell(label: str, facts: DetectionFacts) -> Cell:
    name = facts.name_of(label)
    return Cell(name, detail=label if name != label else "")


def _figure_cell(figure: Interval, wording: Wording) -> Cell:
    spread = wording.say("{low} to {high}").format(
        low=wording.decimal(figure.low, 2), high=wording.decimal(figure.high, 2)
    )
    return Cell(wording.decimal(figure.value), figure.value, spread, _bar(figure))


def _share_cell(figure: Interval, wording: Wording) -> Cell:
    known = math.isfinite(figure.value)
    return Cell(
        wording.percent(figure.value),
        figure.value,
        wording.percent_range(figure.low, figure.high) if known else "",
    )


def curves_section(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Section:
    """Precision by recall, and what two scores would bring."""
    say = wording.say
    title = say("Which score should count?")
    if not result.found:
        none = say("Nothing was found at any score, so none can be recommended.")
        return Section("curves", title, blocks=(Notice(none, Tone.CAREFUL),))
    blocks: list[Block] = [_score_table(result, wording)]
    if any(one.best for one in result.classes):
        blocks.append(_curves(facts, result, wording))
    return Section("curves", title, blocks=tuple(blocks))


def _curves(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Chart:
    say = wording.say
    judged = [one for one in result.classes if one.curve]
    worst = sorted(judged, key=lambda one: (one.ap50.value, one.label))[:_MOST_CURVES]
    lines = [Series(facts.name_of(one.label), _points(one.curve)) for one in worst]
    if len(judged) > 1:
        mean = Series(say("mean of all classes"), _points(result.curve))
        lines.insert(0, mean)
    title = say("Precision by recall")
    if len(judged) > len(worst):
        title = say("Precision by recall: the mean, and the classes that fare worst")
    return line_chart(
        lines,
        wording,
        title=title,
        reading=say(
            "From left to right the score that counts is lowered: more is found, and more of it is wrong. "
            "The further a line reaches to the upper right, the better."
        ),
        x_title=say("Found (recall)"),
        y_title=say("Trustworthy (precision)"),
        percent=True,
        x_percent=True,
    )


def _points(points: Sequence[CurvePoint]) -> tuple[tuple[float, float], ...]:
    """As far as the class was found at all, and the step down behind it."""
    reached = sum(at.precision > 0 for at in points)
    return tuple((at.recall, at.precision) for at in points[: reached + 1])


def _score_table(result: DetectionResult, wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Boxes that count")),
        Column(say("From a score of"), numeric=True),
        Column(say("Found (recall)"), numeric=True),
        Column(say("Trustworthy (precision)"), numeric=True),
        Column(say("F1"), numeric=True),
    )
    chosen = say("Best balance (F1)") if result.chosen else say("Counted on this page")
    precise = say("At least {precision} right").format(precision=wording.percent(result.asked, 0))
    rows = [_score_row(chosen, result.work, wording)]
    if result.precise is not None:
        rows.append(_score_row(precise, result.precise, wording))
    else:
        rows.append((precise, say("no score does it"), MISSING, MISSING, MISSING))
    return Table(say("What two scores would bring, all classes together"), columns, text_rows(rows))


def _score_row(name: str, point: WorkingPoint, wording: Wording) -> tuple[str, ...]:
    shares = (wording.percent(point.recall), wording.percent(point.precision))
    return (name, wording.decimal(point.score), *shares, wording.decimal(point.f1))


def sizes_section(result: DetectionResult, wording: Wording) -> Section:
    """Whether small things are missed."""
    say = wording.say
    bars = tuple(
        Bar(
            say(_SIZE_NAMES[one.name][0]),
            one.recall.value if math.isfinite(one.recall.value) else 0.0,
            wording.percent(one.recall.value),
            one.recall.low if one.support else None,
            one.recall.high if one.support else None,
            weak=one.support < FEW_BOXES,
        )
        for one in result.sizes
    )
    reading = say("Sizes are those of COCO, in pixels of the photo. The thin line is the 95% interval.")
    return Section(
        "sizes",
        say("Small and large"),
        blocks=(
            Bars(say("True boxes that are found, by size"), reading, bars),
            _size_table(result.sizes, wording),
        ),
    )


def _size_table(sizes: Sequence[SizeResult], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Size")),
        Column(say("True boxes"), numeric=True),
        Column(say("Found (recall)"), numeric=True),
        Column(
            say("COCO AR"),
            numeric=True,
            explanation=say("Recall however low the score, mean over classes and overlaps of 0.50 to 0.95."),
        ),
        Column(say("COCO AP"), numeric=True, explanation=say("mAP50-95 of the things of this size alone.")),
    )
    rows = tuple(
        Row(
            (
                Cell(say(_SIZE_NAMES[one.name][0]), detail=say(_SIZE_NAMES[one.name][1])),
                Cell(wording.count(one.support), one.support),
                _share_cell(one.recall, wording),
                Cell(wording.decimal(one.average_recall), one.average_recall),
                Cell(wording.decimal(one.average_precision), one.average_precision),
            ),
            weak=one.support < FEW_BOXES,
        )
        for one in sizes
    )
    return Table(say("Figures by size"), columns, rows)


def confusion_section(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Section:
    """What was found for what, with a place for nothing."""
    say = wording.say
    nothing = say("(nothing)")
    labels = (*(facts.name_of(label) for label in result.labels), nothing)
    title = say("Confusion matrix with background")
    chart = confusion_chart(
        labels,
        result.confusion,
        wording,
        title=title,
        reading=say(
            "Each row holds the true boxes of one class, each column what was found there; blue on the diagonal is "
            "right. The last column holds what was missed, the last row boxes where nothing of the kind is."
        ),
        words=_map_words(wording.say),
    )
    chart = replace(chart, figures=_confusion_table(labels, result.confusion, title, wording))
    pairs = _pairs(labels, result.confusion)
    blocks: list[Block] = [chart]
    if pairs:
        columns = (Column(say("True name")), Column(say("Was called")), Column(say("Boxes"), numeric=True))
        rows = text_rows([(truth, called, wording.count(count)) for count, truth, called in pairs[:30]])
        table = Table(say("The most frequent confusions of names"), columns, rows, tall=14)
        blocks = [table, chart] if len(labels) > MOST_NAMED else [chart, table]
    text = say(
        "Boxes with a score of at least {score} that overlap by {overlap} or more. A box of the right class is "
        "preferred where several lie on one thing."
    ).format(score=wording.decimal(result.work.score), overlap=wording.decimal(result.overlap, 2))
    return Section("confusion", say("What is taken for what"), text, tuple(blocks))


def _map_words(say: Say) -> MapWords:
    return MapWords(
        say("Truth"),
        say("Found"),
        say("{truth} found as {answer}: {count} of {n} ({share})"),
        say("Found and named correctly"),
        say("Taken for another, missed, or not there"),
    )


def _confusion_table(
    labels: Sequence[str], matrix: Sequence[Sequence[int]], title: str, wording: Wording
) -> Table:
    say = wording.say
    columns = (
        Column(say("True name")),
        Column(say("Boxes"), numeric=True),
        Column(say("Found and named correctly"), numeric=True),
        Column(say("Found as")),
    )
    rows = []
    for i, row in enumerate(matrix):
        others = sorted(((count, j) for j, count in enumerate(row) if count and j != i), reverse=True)
        told = ", ".join(f"{labels[j]} ({wording.count(count)})" for count, j in others)
        rows.append((labels[i], wording.count(sum(row)), wording.count(row[i]), told))
    return Table(title, columns, text_rows(rows), hidden_caption=True)


def _pairs(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[tuple[int, str, str]]:
    """Names that were taken for each other, the most frequent first."""
    inner = range(len(labels) - 1)
    found = [(matrix[i][j], labels[i], labels[j]) for i in inner for j in inner if i != j and matrix[i][j]]
    return sorted(found, key=lambda pair: (-pair[0], pair[1], pair[2]))


def errors_section(result: DetectionResult, wording: Wording) -> Section:
    """Which kinds of errors there are, and which one it pays to mend."""
    say = wording.say
    columns = (
        Column(say("Kind of error")),
        Column(say("Boxes"), numeric=True),
        Column(
            say("Costs"),
            numeric=True,
            explanation=say("By how much mAP would rise if there were no such errors, at any score."),
        ),
    )
    shown = [one for one in result.errors if len(result.labels) > 1 or one.kind not in _OF_NAMES]
    most = max((one.lost for one in shown), default=0.0)
    rows = tuple(
        Row(
            (
                Cell(say(one.kind.value), detail=say(_MEANINGS[one.kind])),
                Cell(wording.count(one.count), one.count),
                Cell(
                    wording.decimal(one.lost),
                    one.lost,
                    bar=ShareBar(max(one.lost, 0.0) / most) if most > 0 else None,
                ),
            )
        )
        for one in shown
    )
    text = say(
        "After TIDE (Bolya et al. 2020). Boxes are counted from the score of {score}; what a kind costs is counted at "
        "all scores: by how much mAP would rise without it. The costs do not add up, for one error may hide another."
    ).format(score=wording.decimal(result.work.score))
    table = Table(say("Kinds of errors"), columns, rows)
    return Section("errors", say("What goes wrong"), text, (table,))


def counting_section(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Section:
    """How far counts are off."""
    say = wording.say
    every = result.counting[0]
    more = (
        say("On average {n} too many in a photo.")
        if every.bias > 0
        else say("On average {n} too few in a photo.")
    )
    told = (
        more.format(n=wording.decimal(abs(every.bias), 2))
        if round(every.bias, 2)
        else say("On average neither too many nor too few.")
    )
    chart = columns_chart(
        _differences(every, wording),
        wording,
        title=say("Boxes found less true boxes, photo by photo"),
        reading=say(
            "The column at 0 holds the photos whose count is exact; to its right too much was found."
        ),
        x_title=say("Found less true"),
        unit=say("Photos"),
    )
    return Section("counting", say("Counting"), told, (chart, _count_table(facts, result, wording)))


def _differences(every: CountResult, wording: Wording) -> list[tuple[str, int]]:
    """Every difference from the lowest to the highest; far ones are put together at the ends."""
    counts: dict[int, int] = {}
    for difference, photos in every.differences:
        held = max(-_MOST_COLUMNS, min(_MOST_COLUMNS, difference))
        counts[held] = counts.get(held, 0) + photos
    low, high = min([*counts, -1]), max([*counts, 1])
    return [(_difference_name(at, wording), counts.get(at, 0)) for at in range(low, high + 1)]


def _difference_name(difference: int, wording: Wording) -> str:
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    bound = ("≤ " if difference < 0 else "≥ ") if abs(difference) == _MOST_COLUMNS else ""
    return f"{bound}{sign}{wording.count(abs(difference))}"


def _count_table(facts: DetectionFacts, result: DetectionResult, wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Class")),
        Column(say("Photos"), numeric=True, explanation=say("Photos that have such a box, true or found.")),
        Column(say("Bias"), numeric=True, explanation=say("Mean of found less true; above 0: too many.")),
        Column(say("Mean error"), numeric=True, explanation=say("Mean of the difference without its sign.")),
        Column(say("Counted exactly"), numeric=True),
    )
    rows = tuple(
        Row(
            (
                Cell(say("all together") if one.label is None else facts.name_of(one.label)),
                Cell(wording.count(one.images), one.images),
                Cell(_signed(one.bias, wording), one.bias),
                Cell(wording.decimal(one.error, 2), one.error),
                Cell(
                    wording.percent(one.exact),
                    one.exact,
                    bar=ShareBar(one.exact) if math.isfinite(one.exact) else None,
                ),
            )
        )
        for one in result.counting
        if one.images and not (one.label is not None and len(result.labels) == 1)
    )
    return Table(say("Counting, class by class"), columns, rows)


def _signed(value: float, wording: Wording) -> str:
    if not math.isfinite(value):
        return MISSING
    text = wording.decimal(abs(value), 2)
    return text if not round(value, 2) else ("+" if value > 0 else "−") + text


def calibration_section(result: DetectionResult, wording: Wording) -> Section:
    """Whether scores mean what they say."""
    say, title = wording.say, wording.say("What a score means")
    if not result.calibration.bins:
        none = say("Nothing was found at any score, so nothing can be said of scores.")
        return Section("calibration", title, blocks=(Notice(none, Tone.CAREFUL),))
    bins = [ScoreBin(b.low, b.high, b.confidence, b.accuracy, b.count) for b in result.calibration.bins]
    chart: Chart = reliability_chart(
        bins,
        wording,
        title=say("Scores and boxes that are right"),
        reading=say(
            "On the dashed line, of boxes with a score of 80% four in five are right; below the line the detector is "
            "too sure of itself, above it too modest. Beneath: how many boxes had each score."
        ),
        unit=say("Boxes"),
        axes=(say("Score of the box"), say("Boxes that are right")),
    )
    blocks = (chart, *naming_blocks(result, wording))
    return Section("calibration", title, _told_calibration(result.calibration, wording), blocks)


def _told_calibration(found: Calibration, wording: Wording) -> str:
    """How far scores are from the truth: of all boxes, and without the many that no detector believes in itself."""
    say = wording.say
    told = say("Calibration error of all found boxes: {ece}.").format(ece=wording.percent(found.ece))
    sure = [one for one in found.bins if one.low > 0]
    boxes = sum(one.count for one in sure)
    if not boxes or len(sure) == len(found.bins):
        return told
    gap = sum(one.count * abs(one.accuracy - one.confidence) for one in sure) / boxes
    more = say("Of the {n} boxes with a score of at least {least}, which say more: {ece}.").format(
        n=wording.count(boxes),
        least=wording.percent(min(one.low for one in sure), 0),
        ece=wording.percent(gap),
    )
    return f"{told} {more}"
