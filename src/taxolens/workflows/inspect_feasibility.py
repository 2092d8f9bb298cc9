"""What a page says of whether this can be learnt."""

from __future__ import annotations

import numpy as np

from taxolens.data.statistics import FEW
from taxolens.report.bars import Bar, Bars
from taxolens.report.curves import Series, line_chart
from taxolens.report.heatmap import confusion_chart
from taxolens.report.named_map import MapWords
from taxolens.report.page import Block, Pair, Section
from taxolens.report.panels import Notice, Tile, Tiles, Tone
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_study import Study

_MOST_CLASSES = 40
_MOST_PAIRS = 20
_TONES = {"easy": Tone.GOOD, "feasible": Tone.GOOD, "hard": Tone.CAREFUL, "not_yet": Tone.BAD}


def feasibility_section(found: Findings, wording: Wording) -> Section | None:
    """Is this learnable, with how many photos, what will be confused, what to collect next."""
    study, say = found.study, wording.say
    if study is None:
        return None
    text = say(
        "Each photo is turned into numbers by {backbone}, which was not made for your classes. If photos of one "
        "class lie together in these numbers, a model learns them from few photos."
    ).format(backbone=found.backbone or "")
    if len(study.rows) < found.read:
        text += " " + say("Studied on {n} photos of {total}, drawn by lot from every class.").format(
            n=wording.count(len(study.rows)), total=wording.count(found.read)
        )
    first, *others = found.outlook(wording)
    boxed = say(
        "This looks at whole photos whose boxes are all of one class: whether their classes can be told apart. How well "
        "animals are found in them, only a training says."
    )
    blocks: list[Block] = [
        *((Notice(boxed, Tone.PLAIN),) if found.shown is not None else ()),
        Notice(first, _TONES.get(str(study.feasibility.verdict), Tone.PLAIN), tuple(others)),
        *(Notice(hint) for hint in found.hints),
        _tiles(study, wording),
        Pair((_curve(study, wording), _separability(found, study, wording))),
        *_pairs(study, wording),
        _clusters(study, wording),
    ]
    return Section("feasibility", say("Can this be learnt?"), text, tuple(blocks))


def _tiles(study: Study, wording: Wording) -> Tiles:
    say, found = wording.say, study.feasibility
    neighbours, clusters = found.neighbours, found.clusters
    tiles = [
        Tile(
            say("Nearest neighbours agree"),
            wording.percent(neighbours.accuracy),
            wording.interval(*neighbours.interval),
            say(
                "Each photo named by the 10 photos most like it, copies and photos of the same event left out "
                "(k-NN, leave one out)."
            ),
            ShareBar(neighbours.accuracy, *neighbours.interval),
        ),
        Tile(
            say("A simple model names correctly"),
            wording.percent(found.accuracy),
            wording.interval(*found.interval),
            say("A linear model, cross-validated: what taxolens train would reach about."),
            ShareBar(found.accuracy, *found.interval),
        ),
        Tile(
            say("Groups found without names"),
            wording.decimal(clusters.adjusted_rand, 2),
            say("adjusted Rand index; purity {purity}").format(purity=wording.percent(clusters.purity, 0)),
            say(
                "How far groups that k-means finds without knowing your classes are your classes: 1 the same, "
                "0 no more than by chance."
            ),
        ),
    ]
    return Tiles(tuple(tiles))


def _curve(study: Study, wording: Wording) -> Block:
    say, curve = wording.say, study.feasibility.curve
    counts = [float(one) for one in curve.per_class]

    def series(name: str, values: object) -> Series:
        return Series(name, tuple(zip(counts, np.asarray(values, dtype=float).tolist(), strict=True)))

    lines = [
        series(say("mean"), curve.accuracy),
        series(say("worst repeat"), curve.low),
        series(say("best repeat"), curve.high),
    ]
    return line_chart(
        lines,
        wording,
        title=say("What more photos bring"),
        reading=say(
            "Accuracy of a simple model learnt from few, more and all photos. Where the line still climbs, "
            "more photos pay; where it is flat, better photos or a better backbone do."
        ),
        x_title=say("Photos per class"),
        y_title=say("Named correctly"),
        percent=True,
    )


def _separability(found: Findings, study: Study, wording: Wording) -> Bars:
    say = wording.say
    values = np.asarray(study.feasibility.separability, dtype=float)
    order = [k for k in np.argsort(values) if np.isfinite(values[k])][:_MOST_CLASSES]
    photos = dict(zip(found.counts.labels, found.counts.totals.tolist(), strict=True))
    bars = tuple(
        Bar(
            study.labels[k],
            max(0.0, 2 * float(values[k]) - 1),
            wording.decimal(float(values[k]), 2),
            weak=photos[study.labels[k]] < FEW,
        )
        for k in order
    )
    reading = say(
        "How well each class stands apart from all others, the hardest first: 1.0 wholly, 0.5 not at all (AUC)."
    )
    return Bars(say("How well each class stands apart"), reading, bars)


def _pairs(study: Study, wording: Wording) -> list[Block]:
    say = wording.say
    if not study.feasibility.confused:
        return []
    columns = (
        Column(say("Class")),
        Column(say("Will be taken for")),
        Column(say("Share of its photos"), numeric=True),
    )
    rows = tuple(
        Row(
            (
                Cell(study.labels[pair.a]),
                Cell(study.labels[pair.b]),
                Cell(wording.percent(pair.share), pair.share, bar=ShareBar(pair.share)),
            )
        )
        for pair in study.feasibility.confused[:_MOST_PAIRS]
    )
    return [Table(say("Pairs that will be confused"), columns, rows, tall=12)]


def _clusters(study: Study, wording: Wording) -> Block:
    say, clusters = wording.say, study.feasibility.clusters
    return confusion_chart(
        study.labels,
        clusters.confusion.tolist(),
        wording,
        title=say("Groups found without names, against your classes"),
        reading=say(
            "Rows are your classes, columns the groups of k-means, each group called after the class it fits best. "
            "Blue: a group and a class that go together. Orange: photos of a class that lie in another's group."
        ),
        words=MapWords(
            say("Class"),
            say("Group"),
            say("{truth} in the group of {answer}: {count} of {n} ({share})"),
            say("In the group of its class"),
            say("In another group"),
        ),
    )
