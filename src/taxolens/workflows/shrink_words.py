"""What a smaller network gained and lost, in a table, a picture and a sentence."""

from __future__ import annotations

from taxolens.core.texts import Say, noted
from taxolens.evaluation.result import Interval
from taxolens.report.page import Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.tradeoff import Spot, tradeoff_chart
from taxolens.report.wording import Wording
from taxolens.workflows.compare_words import points_range, signed_points
from taxolens.workflows.shrink_facts import Contender, ShrinkFacts, milliseconds

_TOLD = noted(
    "The network is {faster} times as fast, with {share} of the multiplications, and its accuracy changes by "
    "{points} points (95% interval {range}, n = {n})."
)
_TOLD_BOXES = noted(
    "The network is {faster} times as fast, with {share} of the multiplications, and its mAP50 changes by "
    "{points} points (95% interval {range}, n = {n})."
)


def told_shrink(facts: ShrinkFacts, wording: Wording) -> str:
    """The outcome in a sentence."""
    return wording.say(_TOLD_BOXES if facts.boxes else _TOLD).format(
        faster=wording.decimal(facts.faster, 2),
        share=wording.percent(facts.shrunk.multiplications / max(1, facts.original.multiplications), 0),
        points=signed_points(facts.gained.value, wording),
        range=points_range(facts.gained, wording),
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
        Column(_measure(facts, say), numeric=True),
    )
    rows = tuple(_row(name, one, wording) for name, one in _both(facts, wording))
    return Table(_title(facts, say), columns, rows)


def _measure(facts: ShrinkFacts, say: Say) -> str:
    return "mAP50" if facts.boxes else say("Accuracy")


def _title(facts: ShrinkFacts, say: Say) -> str:
    return say("mAP50 against speed") if facts.boxes else say("Accuracy against speed")


def shrink_section(facts: ShrinkFacts | None, wording: Wording) -> Section | None:
    """The part of a report that sets the smaller network against the original."""
    if facts is None:
        return None
    say = wording.say
    spots = [
        Spot(name, one.speed.alone.value, one.quality.value, one.quality.low, one.quality.high, best)
        for (name, one), best in zip(_both(facts, wording), _best(facts), strict=True)
    ]
    chart = tradeoff_chart(
        spots,
        wording,
        title=_title(facts, say),
        reading=say("Higher is more accurate, further right is faster."),
        x_title=say("Photos per second"),
        y_title=_measure(facts, say),
    )
    text = say(
        "Both networks answered the same {n} photos that the run {run} held back. Their speed was measured on this "
        "machine on {timed} photos, one photo at a time on one thread, taking turns; medians."
    ).format(n=wording.count(facts.n), run=facts.run, timed=wording.count(facts.shrunk.speed.photos))
    notice = _notice(facts, wording)
    return Section("shrink", say("Smaller and faster"), text, (notice, chart, shrink_table(facts, wording)))


def _notice(facts: ShrinkFacts, wording: Wording) -> Notice:
    """The outcome; where the photos are too few to exclude a loss, that is said."""
    told = told_shrink(facts, wording)
    if not facts.is_worth_it:
        return Notice(told, Tone.CAREFUL)
    if facts.is_proven:
        return Notice(told, Tone.GOOD)
    doubt = wording.say("The photos are too few to prove that it loses no more than {lost} points.").format(
        lost=wording.decimal(facts.at_most_lost, 1)
    )
    return Notice(told, Tone.PLAIN, (doubt,))


def _both(facts: ShrinkFacts, wording: Wording) -> tuple[tuple[str, Contender], ...]:
    return (wording.say("Original"), facts.original), (wording.say("Shrunk"), facts.shrunk)


def _best(facts: ShrinkFacts) -> tuple[bool, bool]:
    """Whether each is not beaten in both figures."""
    better = facts.points >= 0
    return not (better and facts.faster >= 1), facts.faster > 1 or better


def _row(name: str, one: Contender, wording: Wording) -> Row:
    quality = one.quality
    return Row(
        (
            Cell(name),
            Cell(wording.decimal(one.multiplications / 1e6, 1), one.multiplications),
            Cell(wording.megabytes(one.size), one.size),
            time_cell(milliseconds(one.speed.alone), wording),
            time_cell(milliseconds(one.speed.whole), wording),
            Cell(
                wording.percent(quality.value),
                quality.value,
                wording.percent_range(quality.low, quality.high),
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
