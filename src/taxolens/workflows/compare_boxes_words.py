"""What a comparison of detectors shows, in sentences and a table."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.evaluation.result import Interval
from taxolens.evaluation.rivals import Finding
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.compare_boxes_facts import BoxComparison, BoxContender, BoxRivalry
from taxolens.workflows.compare_words import points_range, signed_points, told_p


def told_rivalry(rivalry: BoxRivalry, names: Sequence[str], wording: Wording) -> str:
    """Whether the second detector is better, worse, or no difference is shown; and who found which boxes."""
    say, paired = wording.say, rivalry.paired
    template = {
        Finding.BETTER: say(
            "{second} is better than {first}: {points} points of mAP50 more (95% interval {range}, {n} boxes)."
        ),
        Finding.WORSE: say(
            "{second} is worse than {first}: {points} points of mAP50 less (95% interval {range}, {n} boxes)."
        ),
        Finding.NO_DIFFERENCE: say(
            "No difference in mAP50 between {second} and {first} is shown with {n} boxes: {signed} points "
            "(95% interval {range})."
        ),
    }[rivalry.finding]
    first, second, found = names[rivalry.first], names[rivalry.second], paired.sizes[0].outcomes
    told = template.format(
        first=first,
        second=second,
        n=wording.count(found.n),
        points=wording.decimal(abs(100 * paired.difference.value), 1),
        signed=signed_points(paired.difference.value, wording),
        range=points_range(paired.difference, wording),
    )
    boxes = say(
        "At its own best score each, {first} alone finds {one} of the boxes and {second} alone {other} ({p})."
    ).format(
        first=first,
        second=second,
        one=wording.count(found.only_first),
        other=wording.count(found.only_second),
        p=told_p(paired.p, wording),
    )
    return f"{told} {boxes}"


def box_table(found: BoxComparison, wording: Wording) -> Table:
    """One row for each detector."""
    say = wording.say
    columns = (
        Column(say("Model")),
        Column("mAP50", numeric=True),
        Column("mAP50-95", numeric=True),
        Column(
            say("Boxes found"), numeric=True, explanation=say("At the score with the best F1 of its own.")
        ),
        Column(say("Of these right"), numeric=True),
        Column(
            say("Photos per second"),
            numeric=True,
            explanation=say("On one thread, decoding included; beneath: the network alone."),
        ),
        Column(say("File"), numeric=True),
    )
    return Table(
        say("All models, with 95% intervals"), columns, tuple(_row(one, wording) for one in found.models)
    )


def _row(one: BoxContender, wording: Wording) -> Row:
    result = one.result
    backbone = one.card.backbone.name if one.card.backbone else ""
    return Row(
        (
            Cell(one.name, detail=backbone),
            _share(result.map50, wording),
            _share(result.map50_95, wording),
            _share(result.recall, wording),
            _share(result.precision, wording),
            _speed(one, wording),
            Cell(wording.megabytes(one.size), one.size),
        )
    )


def _speed(one: BoxContender, wording: Wording) -> Cell:
    if one.speed is None:
        return Cell(MISSING, 0.0)
    whole, alone = one.speed.whole.value, one.speed.alone.value
    return Cell(wording.decimal(whole, 1), whole, wording.decimal(alone, 1))


def _share(figure: Interval, wording: Wording) -> Cell:
    return Cell(wording.percent(figure.value), figure.value, wording.percent_range(figure.low, figure.high))
