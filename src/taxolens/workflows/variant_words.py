"""Which variant is to be used, in a table, a picture and a sentence."""

from __future__ import annotations

from operator import itemgetter

from taxolens.core.texts import for_count, noted
from taxolens.evaluation.detection.gate import GatedBoxes
from taxolens.evaluation.detection.paired import SizeChange
from taxolens.evaluation.gate import Gated, Verdict
from taxolens.report.chart import Chart
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.tradeoff import Spot, tradeoff_chart
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.shrink_facts import milliseconds
from taxolens.workflows.shrink_words import time_cell
from taxolens.workflows.variant_facts import Judged, VariantFacts

_VERDICTS = {
    Verdict.KEPT: noted("may take its place"),
    Verdict.LOSES: noted("loses too much"),
    Verdict.NOT_PROVEN: noted("not proven"),
    Verdict.NOT_FASTER: noted("not much faster"),
}
_CHOSEN = noted(
    "Use {way}: {faster} times as fast, {points} points of accuracy lost on {n} photos, at most {bound} at the "
    "worst (95%)."
)
_CHOSEN_OF_BOXES = noted(
    "Use {way}: {faster} times as fast, {points} points of mAP50 lost on {n} photos, at most {bound} at the worst (95%)."
)
_BLIND = {
    "small": noted("misses small animals"),
    "medium": noted("misses animals of medium size"),
    "large": noted("misses large animals"),
}
_NEEDED = noted("{n} photos needed")
_ORIGINAL_ONE = noted("Use the original: the one variant that was made may not take its place.")
_ORIGINAL = noted("Use the original: none of the {n} variants may take its place.")


def told_choice(facts: VariantFacts, wording: Wording) -> str:
    """Which to use and why, in a sentence or two."""
    say, chosen = wording.say, facts.chosen
    if chosen is facts.original:
        return _told_original(facts, wording)
    gated = chosen.gated
    sentence = say(_CHOSEN_OF_BOXES if facts.boxes else _CHOSEN).format(
        way=chosen.candidate.way.told(say),
        faster=wording.decimal(facts.faster(chosen), 2),
        points=_points(gated.lost if gated else 0.0, wording),
        n=wording.count(facts.n),
        bound=_points(gated.lost_at_most if gated else 0.0, wording),
    )
    if gated and gated.verdict is Verdict.NOT_PROVEN:
        sentence += " " + _told_needed(gated, wording)
    return sentence


def _told_original(facts: VariantFacts, wording: Wording) -> str:
    say, made = wording.say, len(facts.variants)
    if not made:
        return say("Use the original: no variant could be made of it.")
    sentence = say(for_count(made, _ORIGINAL_ONE, _ORIGINAL)).format(n=wording.count(made))
    unproven = [
        (one.rate, one.candidate.way.told(say), one.gated)
        for one in facts.variants
        if one.gated and one.gated.verdict is Verdict.NOT_PROVEN
    ]
    if not unproven:
        return sentence
    _, way, gated = max(unproven, key=itemgetter(0))
    fastest = say("{way} is the fastest of those that lost little.").format(way=way)
    return f"{sentence} {fastest} {_told_needed(gated, wording)}"


def _told_needed(gated: Gated, wording: Wording) -> str:
    if gated.needed is None:
        return wording.say("More photos would hardly prove it.")
    return wording.say("To be sure, about {n} photos are needed.").format(n=wording.count(gated.needed))


def variant_table(facts: VariantFacts, wording: Wording) -> Table:
    """All of them beside each other."""
    say = wording.say
    columns = (
        Column(say("Variant")),
        Column(say("File"), numeric=True),
        Column(
            say("Milliseconds"),
            numeric=True,
            explanation=say("For one photo on one thread of this machine, without reading and decoding."),
        ),
        Column(say("With decoding"), numeric=True, explanation=say("The same from the file to the answer.")),
        Column(say("Times as fast"), numeric=True),
        Column(_measure(facts, wording), numeric=True),
        Column(
            say("Points lost"),
            numeric=True,
            explanation=say("On the same photos as the original; beneath: at the worst, with 95% certainty."),
        ),
        _same(facts, wording),
    )
    rows = tuple(_row(one, facts, wording) for one in facts.all)
    return Table(_title(facts, wording), columns, rows)


def _title(facts: VariantFacts, wording: Wording) -> str:
    return wording.say("mAP50 against speed") if facts.boxes else wording.say("Accuracy against speed")


def _measure(facts: VariantFacts, wording: Wording) -> str:
    return "mAP50" if facts.boxes else wording.say("Accuracy")


def _same(facts: VariantFacts, wording: Wording) -> Column:
    say = wording.say
    if facts.boxes:
        told = say("True boxes of which it says what the original says: found, or not.")
        return Column(say("Same boxes"), numeric=True, explanation=told)
    told = say("Photos that are named as the original does.")
    return Column(say("Same answer"), numeric=True, explanation=told)


def size_table(facts: VariantFacts, wording: Wording) -> Table | None:
    """True boxes of each size that every variant finds; None for classifiers, and where there are no variants."""
    say = wording.say
    judged = [(one, one.gated) for one in facts.variants if isinstance(one.gated, GatedBoxes)]
    if not judged:
        return None
    sizes = [one for one in judged[0][1].sizes if one.outcomes.n]
    names = {"small": say("Small"), "medium": say("Medium"), "large": say("Large")}
    columns = [
        Column(
            say("{size}, {n} boxes").format(size=names[one.name], n=wording.count(one.outcomes.n)),
            numeric=True,
        )
        for one in sizes
    ]
    rows = [Row((Cell(say("Original")), *(_found(one, wording, first=True) for one in sizes)))]
    for one, gated in judged:
        by_name = {change.name: change for change in gated.sizes}
        cells = (_found(by_name[size.name], wording, first=False) for size in sizes)
        rows.append(Row((Cell(one.candidate.way.told(say)), *cells)))
    return Table(say("Boxes found, by size"), (Column(say("Variant")), *columns), tuple(rows))


def _found(change: SizeChange, wording: Wording, *, first: bool) -> Cell:
    found = change.outcomes
    count = found.both + (found.only_first if first else found.only_second)
    return Cell(wording.percent(count / found.n), count / found.n)


def variant_chart(facts: VariantFacts, wording: Wording) -> Chart:
    """Accuracy against photos per second."""
    say = wording.say
    spots = [
        Spot(
            one.candidate.way.told(say),
            one.rate,
            one.candidate.accuracy.value,
            one.candidate.accuracy.low,
            one.candidate.accuracy.high,
            not any(_beats(other, one) for other in facts.all),
        )
        for one in facts.all
    ]
    return tradeoff_chart(
        spots,
        wording,
        title=_title(facts, wording),
        reading=say("Higher is more accurate, further right is faster."),
        x_title=say("Photos per second"),
        y_title=_measure(facts, wording),
    )


def _beats(other: Judged, one: Judged) -> bool:
    mine, theirs = one.candidate.accuracy.value, other.candidate.accuracy.value
    return theirs >= mine and other.rate >= one.rate and (theirs > mine or other.rate > one.rate)


def _row(one: Judged, facts: VariantFacts, wording: Wording) -> Row:
    say, found, gated = wording.say, one.candidate, one.gated
    accuracy, size = found.accuracy, len(found.model.graph)
    return Row(
        (
            Cell(
                found.way.told(say), detail=say("chosen") if one is facts.chosen else _verdict(gated, wording)
            ),
            Cell(wording.megabytes(size), size),
            time_cell(milliseconds(one.speed.alone), wording),
            time_cell(milliseconds(one.speed.whole), wording),
            Cell(wording.decimal(facts.faster(one), 2), facts.faster(one)),
            Cell(
                wording.percent(accuracy.value),
                accuracy.value,
                wording.percent_range(accuracy.low, accuracy.high),
            ),
            _lost(gated, wording),
            Cell(wording.percent(found.agreement), found.agreement),
        )
    )


def _lost(gated: Gated | None, wording: Wording) -> Cell:
    if gated is None:
        return Cell(MISSING, 0.0)
    return Cell(_points(gated.lost, wording), gated.lost, _points(gated.lost_at_most, wording))


def _verdict(gated: Gated | None, wording: Wording) -> str:
    if gated is None:
        return ""
    verdict = wording.say(_VERDICTS[gated.verdict])
    if isinstance(gated, GatedBoxes) and gated.blind:
        verdict = wording.say(_BLIND[gated.blind])
    if gated.needed is None:
        return verdict
    return f"{verdict}, {wording.say(_NEEDED).format(n=wording.count(gated.needed))}"


def _points(share: float, wording: Wording) -> str:
    return wording.decimal(100 * share, 2)
