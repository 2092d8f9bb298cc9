"""What a page says of how good a model is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from taxolens.evaluation.result import (
    ClassificationResult,
    ClassResult,
    CoveragePoint,
    Interval,
    ReliabilityBin,
)
from taxolens.report.bars import Bar, Bars, count_bars
from taxolens.report.chart import Chart
from taxolens.report.curves import AcceptPoint, coverage_chart
from taxolens.report.heatmap import MOST_NAMED, confusion_chart, confusion_table, confusions
from taxolens.report.page import Block, Pair, Section
from taxolens.report.panels import Notice, Tile, Tiles, Tone
from taxolens.report.reliability import ScoreBin, reliability_chart
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.model_facts import ModelFacts

SMALL_SUPPORT = 20
"""Classes with fewer photos are greyed: their figures rest on too little."""

_MOST_BARS = 12
_MOST_PAIRS = 30


def figures_section(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Section:
    """The figures to quote, each with its interval."""
    say = wording.say
    tiles = [
        _share_tile(
            say("Named correctly (accuracy)"),
            result.accuracy,
            say("Share of all photos whose name is right."),
            wording,
        ),
        _share_tile(
            say("Class mean (macro F1)"),
            result.macro_f1,
            say("Rare classes count as much as common ones; low when some classes are often missed."),
            wording,
        ),
    ]
    if len(result.labels) > 5:
        meaning = say("The right name is among the five best answers.")
        tiles.append(_share_tile(say("Among the five best (top 5)"), result.top5, meaning, wording))
    tiles += [_automatic_tile(facts, result, wording), *_plain_tiles(facts, result, wording)]
    return Section("figures", say("Key figures"), blocks=(Tiles(tuple(tiles)),))


def _share_tile(name: str, figure: Interval, meaning: str, wording: Wording) -> Tile:
    bar = ShareBar(figure.value, figure.low, figure.high) if math.isfinite(figure.value) else None
    return Tile(name, wording.percent(figure.value), wording.interval(figure.low, figure.high), meaning, bar)


def _automatic_tile(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Tile:
    say = wording.say
    name = say("Can be accepted unseen")
    if result.automatic is None:
        return Tile(name, MISSING, meaning=say("No score is high enough to be trusted without looking."))
    point = result.automatic
    detail = say("{accuracy} of these are right")
    if facts.precision is not None:
        detail = say("{accuracy} of these are right (asked: {precision})")
    detail = detail.format(
        accuracy=wording.percent(point.accuracy), precision=wording.percent(facts.precision or 0.0, 0)
    )
    meaning = say("Share of photos that need no look when scores of at least {threshold} are accepted.")
    told = meaning.format(threshold=wording.decimal(point.threshold, 3))
    return Tile(name, wording.percent(point.coverage), detail, told, ShareBar(point.coverage))


def _plain_tiles(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> tuple[Tile, Tile]:
    say = wording.say
    calibration = Tile(
        say("Calibration error (ECE)"),
        wording.percent(result.calibration.ece),
        say("log loss {loss}").format(loss=wording.decimal(result.loss, 3)),
        say("By how much its scores miss the share that is right, on average; smaller is better."),
    )
    meaning = say("Each photo counts as independent of the others.")
    detail = ""
    if result.groups is not None:
        detail = say("Independent groups among them: {n}").format(n=wording.count(result.groups))
        meaning = say("Intervals treat the photos of one site or sequence as one observation.")
    if facts.boxes is not None and result.groups is not None:
        meaning = say("Intervals treat the boxes of one photo, site or sequence as one observation.")
    name = say("Photos judged") if facts.boxes is None else say("Boxes judged")
    return calibration, Tile(name, wording.count(result.n), detail, meaning)


def automatic_section(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Section:
    """What can be accepted without a person looking."""
    say = wording.say
    text = say(
        "Every answer comes with a score. Accept only high scores, and fewer answers are wrong, "
        "but more photos are left for a person to look at."
    )
    automatic = _accept_point(result.automatic) if result.automatic else None
    chart = coverage_chart(
        [_accept_point(point) for point in result.coverage],
        wording,
        title=say("Photos accepted and answers that are right"),
        reading=say(
            "Read from right to left: the fewer photos are accepted, the more of their names are right. "
            "The ring is the recommended point; it was chosen on these very photos, so expect a little less on others."
        ),
        automatic=automatic,
        asked=facts.precision,
    )
    blocks = _advice(facts, result, wording)
    if chart.figures is not None and chart.figures.rows:
        table = replace(chart.figures, caption=say("What each score would bring"), hidden_caption=False)
        blocks.append(Pair((replace(chart, figures=None), table)))
    return Section("automatic", say("What can be accepted unseen"), text, tuple(blocks))


def _accept_point(point: CoveragePoint) -> AcceptPoint:
    return AcceptPoint(point.threshold, point.coverage, point.accuracy)


def _advice(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> list[Block]:
    say, point = wording.say, result.automatic
    advice: list[Block] = []
    if point is None:
        text = say("At no score are enough answers right. Let a person look at every photo.")
        advice.append(Notice(text, Tone.CAREFUL))
    else:
        text = say(
            "Accept answers with a score of at least {threshold}: {coverage} of the photos need no look, "
            "and {accuracy} of their names are right."
        )
        fields = {
            "threshold": wording.decimal(point.threshold, 3),
            "coverage": wording.percent(point.coverage),
            "accuracy": wording.percent(point.accuracy),
        }
        advice.append(Notice(text.format(**fields), Tone.GOOD))
    if facts.unsure is not None:
        advice.append(Notice(_told_unsure(facts.unsure, result.coverage, wording)))
    return advice


def _told_unsure(unsure: float, coverage: Sequence[CoveragePoint], wording: Wording) -> str:
    """How the model's own threshold, chosen on other photos, does on these."""
    say = wording.say
    answered = [point for point in coverage if point.threshold >= unsure]
    threshold = wording.decimal(unsure, 3)
    if not answered:
        return say('The model itself says "unsure" below a score of {threshold}.').format(threshold=threshold)
    last = max(answered, key=lambda point: point.coverage)
    return say(
        'The model itself says "unsure" below a score of {threshold}. On these photos it then names '
        "{coverage}, and {accuracy} of these names are right."
    ).format(
        threshold=threshold, coverage=wording.percent(last.coverage), accuracy=wording.percent(last.accuracy)
    )


def classes_section(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Section:
    """How each class fares."""
    say = wording.say
    blocks: list[Block] = []
    few = sum(1 for each in result.classes if each.support < SMALL_SUPPORT)
    if few:
        text = say(
            "Greyed classes have fewer than {n} photos in this test: their figures may be luck. Classes: {few}"
        )
        told = text.format(n=SMALL_SUPPORT, few=wording.count(few))
        blocks.append(Notice(told, Tone.CAREFUL))
    blocks += [_recall_bars(facts, result.classes, wording), _class_table(facts, result.classes, wording)]
    text = say(
        "Two questions for each class: how many of its photos are found (recall), and how far can the name "
        "be trusted when it is given (precision)?"
    )
    return Section("classes", say("Class by class"), text, tuple(blocks))


def _recall_bars(facts: ModelFacts, classes: Sequence[ClassResult], wording: Wording) -> Bars:
    say = wording.say
    judged = [each for each in classes if each.support and math.isfinite(each.recall.value)]
    worst = sorted(judged, key=lambda each: (each.recall.value, each.label))[:_MOST_BARS]
    title = say("Photos of each class that are found")
    if len(judged) > len(worst):
        title = say("The classes that are missed most often")
    bars = tuple(
        Bar(
            facts.names.get(each.label, each.label),
            each.recall.value,
            wording.percent(each.recall.value),
            each.recall.low,
            each.recall.high,
            weak=each.support < SMALL_SUPPORT,
        )
        for each in worst
    )
    return Bars(title, say("The thin line is the 95% interval: the longer it is, the less is known."), bars)


def _class_table(facts: ModelFacts, classes: Sequence[ClassResult], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Class")),
        Column(say("Photos"), numeric=True, explanation=say("Photos of this class in the test.")),
        Column(
            say("Found (recall)"),
            numeric=True,
            explanation=say("Of its photos, the share that got its name."),
        ),
        Column(
            say("Trustworthy (precision)"),
            numeric=True,
            explanation=say("Of the photos that got its name, the share that are really it."),
        ),
        Column(say("F1"), numeric=True, explanation=say("Balance of the two, as one figure.")),
    )
    rows = tuple(
        Row(
            (
                _name_cell(each.label, facts),
                Cell(wording.count(each.support), each.support),
                *(_share_cell(figure, wording) for figure in (each.recall, each.precision, each.f1)),
            ),
            weak=each.support < SMALL_SUPPORT,
        )
        for each in classes
    )
    return Table(say("All classes, with 95% intervals"), columns, rows)


def _name_cell(label: str, facts: ModelFacts) -> Cell:
    name = facts.names.get(label, label)
    return Cell(name, detail=label if name != label else "")


def _share_cell(figure: Interval, wording: Wording) -> Cell:
    known = math.isfinite(figure.value)
    interval = wording.percent_range(figure.low, figure.high) if math.isfinite(figure.low) else ""
    bar = ShareBar(figure.value, figure.low, figure.high) if known else None
    return Cell(wording.percent(figure.value), figure.value, interval, bar)


def confusion_section(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Section:
    """What was taken for what."""
    say = wording.say
    labels = tuple(facts.names.get(label, label) for label in result.labels)
    pairs = confusions(labels, result.confusion)
    chart = confusion_chart(
        labels,
        result.confusion,
        wording,
        title=say("Confusion matrix"),
        reading=say(
            "Each row holds the photos of one class, each column what they were called; "
            "blue on the diagonal is right, orange beside it is an error."
        ),
    )
    blocks: list[Block] = [chart]
    if pairs:
        table = confusion_table(pairs[:_MOST_PAIRS], wording, caption=say("The most frequent confusions"))
        blocks = [table, chart] if len(labels) > MOST_NAMED else [chart, table]
    else:
        blocks.insert(0, Notice(say("Nothing was confused with anything else."), Tone.GOOD))
    return Section("confusion", say("What is taken for what"), blocks=tuple(blocks))


def calibration_section(facts: ModelFacts, result: ClassificationResult, wording: Wording) -> Section:
    """Whether the scores mean what they say, before the temperature and with it."""
    say = wording.say
    del facts
    reading = say(
        "On the dashed line, a score of 80% is right in 80 of 100 cases; below the line the model is too sure of "
        "itself, above it too modest. Beneath: how many photos had each score."
    )
    text = say("Calibration error: {ece}.").format(ece=wording.percent(result.calibration.ece))
    after = _reliability(result.calibration.bins, say("Scores as the model gives them"), reading, wording)
    if result.before is None:
        return Section("calibration", say("What a score means"), text, (after,))
    text = say(
        "The scores were calibrated on other photos. Calibration error before: {before}, after: {after}."
    ).format(before=wording.percent(result.before.ece), after=wording.percent(result.calibration.ece))
    if result.calibration.ece > result.before.ece:
        text += " " + say(
            "Here it did not help: the photos on which it was chosen were few, or unlike these. "
            "More validation photos mend that."
        )
    before = _reliability(result.before.bins, say("Before calibration"), "", wording)
    after = _reliability(result.calibration.bins, say("After calibration"), "", wording)
    return Section("calibration", say("What a score means"), text + " " + reading, (Pair((before, after)),))


def _reliability(bins: Sequence[ReliabilityBin], title: str, reading: str, wording: Wording) -> Chart:
    own = [ScoreBin(b.low, b.high, b.confidence, b.accuracy, b.count) for b in bins]
    return reliability_chart(own, wording, title=title, reading=reading)


def conformal_section(result: ClassificationResult, wording: Wording) -> Section | None:
    """How the sets of possible names did."""
    conformal = result.conformal
    if conformal is None:
        return None
    say = wording.say
    text = say(
        "Instead of one name the model can give a set of names that holds the true one as often as was asked. "
        "The promise holds for photos like these; a new place or camera can break it."
    )
    tiles = Tiles(
        (
            Tile(
                say("Sets that hold the true name"),
                wording.percent(conformal.found),
                say("asked: {precision}").format(precision=wording.percent(conformal.asked, 0)),
                bar=ShareBar(conformal.found),
            ),
            Tile(say("Names in a set, on average"), wording.decimal(conformal.mean_size, 2)),
        )
    )
    sizes = [
        (say("Names: {n}").format(n=wording.count(size)), count)
        for size, count in enumerate(conformal.sizes)
        if count
    ]
    reading = say("One name is a clear answer; several are the candidates among which a person decides.")
    bars = count_bars(sizes[:_MOST_BARS], wording, title=say("How many names the sets hold"), reading=reading)
    return Section("conformal", say("Sets of possible names"), text, (tiles, bars))
