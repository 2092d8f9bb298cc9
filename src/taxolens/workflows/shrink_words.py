"""What a smaller network gained and lost, in a table, a picture and a sentence."""

from __future__ import annotations

from taxolens.evaluation.result import Interval
from taxolens.report.page import Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.tradeoff import Spot, tradeoff_chart
from taxolens.report.wording import Wording
from taxolens.workflows.compare_words import points_range, signed_points
from taxolens.workflows.shrink_facts import Contender, ShrinkFacts, milliseconds


def told_shrink(facts: ShrinkFacts, wording: Wording) -> str:
    """The outcome in a sentence."""
    return wording.say(
        "The network is {faster} times as fast, with {share} of the multiplications, and its accuracy changes by "
        "{points} points (95% interval {range}, n = {n})."
    ).format(
        faster=wording.decimal(facts.faster, 2),
        share=wording.percent(facts.shrunk.multiplications / max(1, facts.original.multiplications), 0),
        points=signed_points(facts.paired.accuracy.value, wording),
        range=points_range(facts.paired.accuracy, wording),
        n=wording.count(facts.n),
    )


def shrink_table(facts: ShrinkFacts, wording: Wording) -> Table:
    """Both networks beside each other."""
    say = wording.say
    columns = (
        Column(say("Network")),
        Column(
            say("Multiply-adds (M)"),
            numeric=True,
            explanation=say("Multiplications for a photo, in millions"),
        ),
        Column(say("File"), numeric=True),
        Column(
            say("Milliseconds"),
            numeric=True,
            explanation=say("For one photo on one thread of this machine, without reading and decoding."),
        ),
        Column(say("With decoding"), numeric=True, explanation=say("The same from the file to the answer.")),
        Column(say("Accuracy"), numeric=True),
    )
    rows = tuple(_row(name, one, wording) for name, one in _both(facts, wording))
    return Table(say("Accuracy against speed"), columns, rows)


def shrink_section(facts: ShrinkFacts | None, wording: Wording) -> Section | None:
    """The part of a report that sets the smaller network against the original."""
    if facts is None:
        return None
    say = wording.say
    spots = [
        Spot(name, one.speed.alone.value, one.accuracy.value, one.accuracy.low, one.accuracy.high, best)
        for (name, one), best in zip(_both(facts, wording), _best(facts), strict=True)
    ]
    chart = tradeoff_chart(
        spots,
        wording,
        title=say("Accuracy against speed"),
        reading=say("Higher is more accurate, further right is faster."),
        x_title=say("Photos per second"),
        y_title=say("Accuracy"),
    )
    text = say(
        "Both networks answered the same {n} photos that the run {run} held back. Their speed was measured on this "
        "machine on {timed} photos, one photo at a time on one thread, taking turns; medians."
    ).format(n=wording.count(facts.n), run=facts.run, timed=wording.count(facts.shrunk.speed.photos))
    notice = Notice(told_shrink(facts, wording), Tone.GOOD if facts.is_worth_it else Tone.CAREFUL)
    return Section("shrink", say("Smaller and faster"), text, (notice, chart, shrink_table(facts, wording)))


def _both(facts: ShrinkFacts, wording: Wording) -> tuple[tuple[str, Contender], ...]:
    return (wording.say("Original"), facts.original), (wording.say("Shrunk"), facts.shrunk)


def _best(facts: ShrinkFacts) -> tuple[bool, bool]:
    """Whether each is not beaten in both figures."""
    better = facts.points >= 0
    return not (better and facts.faster >= 1), facts.faster > 1 or better


def _row(name: str, one: Contender, wording: Wording) -> Row:
    accuracy = one.accuracy
    return Row(
        (
            Cell(name),
            Cell(wording.decimal(one.multiplications / 1e6, 1), one.multiplications),
            Cell(wording.megabytes(one.size), one.size),
            time_cell(milliseconds(one.speed.alone), wording),
            time_cell(milliseconds(one.speed.whole), wording),
            Cell(
                wording.percent(accuracy.value),
                accuracy.value,
                wording.percent_range(accuracy.low, accuracy.high),
            ),
        )
    )


def time_cell(figure: Interval, wording: Wording) -> Cell:
    """Milliseconds, with their interval beneath."""
    digits = 1 if figure.value >= 10 else 2
    reach = wording.say("{low} to {high}").format(
        low=wording.decimal(figure.low, digits), high=wording.decimal(figure.high, digits)
    )
    return Cell(wording.decimal(figure.value, digits), figure.value, reach)
