"""The top of the page: what is wrong, and what to do first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from taxolens.data.statistics import FEW, VERY_UNEVEN
from taxolens.report.outline import Step, Steps
from taxolens.report.page import Section
from taxolens.report.panels import Tile, Tiles, Tone
from taxolens.report.table import ShareBar
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings

FINE = "fine"
"""Code of the advice that there is nothing to do."""

UNLABELLED = "unlabelled"
"""Code of the advice that nothing says what the photos show."""

_EVEN = 1.2
_MANY_FAULTS = 0.02
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Advice:
    """Something found that somebody should act on.

    Attributes:
        code: stable name.
        tone: how much it matters.
        title: what was found, in the reader's words.
        text: what to do.
        anchor: section of the page that shows it.
    """

    code: str
    tone: Tone
    title: str
    text: str
    anchor: str


def advice_of(found: Findings, wording: Wording) -> tuple[Advice, ...]:
    """All there is to do, the most urgent first; where there is nothing, that is said."""
    finders: tuple[Callable[[Findings, Wording], Advice | None], ...] = (
        _contradictions,
        _leaks,
        _failures,
        _unlabelled,
        _wrong_labels,
        _background,
        _few,
        _imbalance,
        _boxes,
        _faults,
        _copies,
    )
    told = [advice for finder in finders if (advice := finder(found, wording)) is not None]
    order = (Tone.BAD, Tone.CAREFUL, Tone.PLAIN, Tone.GOOD)
    told.sort(key=lambda one: order.index(one.tone))
    if told:
        return tuple(told)
    say = wording.say
    fine = say("Nothing stands in the way of a training.")
    text = say("No broken file, no copy across parts, no label that is likely wrong was found.")
    return (Advice(FINE, Tone.GOOD, fine, text, "counts"),)


def overview_section(found: Findings, advice: tuple[Advice, ...], wording: Wording) -> Section:
    """Key figures and steps."""
    say = wording.say
    title = say("What to do first")
    link = say("Show me")
    steps = tuple(Step(one.title, one.text, one.tone, one.anchor, link) for one in advice)
    return Section("overview", title, blocks=(_tiles(found, wording), Steps(title, steps)))


def _tiles(found: Findings, wording: Wording) -> Tiles:
    say = wording.say
    unread = len(found.failures)
    tiles = [
        Tile(
            say("Photos"),
            wording.count(found.read),
            say("could not be read: {n}").format(n=wording.count(unread))
            if unread
            else say("all could be read"),
        ),
        Tile(
            say("Classes"),
            wording.count(len(found.of_classes.labels)),
            _evenness(found, wording) if found.labelled else say("no labels"),
        ),
        Tile(say("Groups of copies and near copies"), wording.count(len(found.twins))),
    ]
    study = found.study
    if study is not None and found.shown is None:
        tiles.append(_suspected(found, wording))
        neighbours = study.feasibility.neighbours
        tiles.append(
            Tile(
                say("Nearest neighbours agree"),
                wording.percent(neighbours.accuracy),
                wording.interval(*neighbours.interval),
                say("Share of photos that the photos most like them name correctly."),
                bar=ShareBar(neighbours.accuracy, *neighbours.interval),
            )
        )
    return Tiles(tuple(tiles))


def _suspected(found: Findings, wording: Wording) -> Tile:
    """The number that the advice gives too, and how many more only deserve a look."""
    say = wording.say
    likely = sum(one.likely for one in found.suspects)
    others = len(found.suspects) - likely
    more = say("only worth a look: {n}").format(n=wording.count(others)) if others else ""
    return Tile(say("Labels that are likely wrong"), wording.count(likely), more)


def _evenness(found: Findings, wording: Wording) -> str:
    say, ratio = wording.say, found.imbalance.ratio
    if len(found.of_classes.labels) < 2:
        return ""
    if ratio < _EVEN:
        return say("of about equal size")
    return say("the largest has {ratio} times the smallest").format(ratio=wording.decimal(ratio, 1))


def _failures(found: Findings, wording: Wording) -> Advice | None:
    if not found.failures:
        return None
    say = wording.say
    title = say("Files that cannot be read: {n}").format(n=wording.count(len(found.failures)))
    text = say("Copy them anew from the card or delete them: {files}.").format(
        files=_named([one.name for one in found.failures], wording)
    )
    return Advice("unreadable", Tone.BAD, title, text, "problems")


def _unlabelled(found: Findings, wording: Wording) -> Advice | None:
    if found.labelled:
        return None
    say = wording.say
    title = say("The photos have no labels, so only what needs none is shown")
    text = say(
        "Put each photo into a folder named after its class, or write a table (CSV) with the columns file and "
        "label. Then counts, wrong labels and whether this can be learnt are shown too."
    )
    return Advice(UNLABELLED, Tone.CAREFUL, title, text, "alike" if found.alike else "looks")


def _leaks(found: Findings, wording: Wording) -> Advice | None:
    crossing = [one for one in found.twins if one.parts_differ]
    if not crossing:
        return None
    say = wording.say
    title = say("Photos that lie, with their copies, in several parts of the split: {n}").format(
        n=wording.count(len(crossing))
    )
    text = say(
        "A test on photos that were learnt by heart says nothing. Move each group into one part, or let taxolens "
        "divide the photos anew: identical files then never cross, and --sequence-by keeps the photos of one "
        "event together."
    )
    return Advice("leaks", Tone.BAD, title, text, "copies")


def _contradictions(found: Findings, wording: Wording) -> Advice | None:
    exact = [one for one in found.twins if one.contradiction and one.exact]
    near = [one for one in found.twins if one.contradiction and not one.exact]
    if not exact and not near:
        return None
    say = wording.say
    if exact:
        title = say("Photos that are there twice, under different names: {n}").format(
            n=wording.count(len(exact))
        )
        text = say("At most one of the names can be right: decide, and delete the other copy.")
    else:
        title = say("Near copies that bear different names: {n}").format(n=wording.count(len(near)))
        text = say(
            "Look whether they show the same subject: then one of the names is wrong. "
            "Two moments of one event may rightly differ."
        )
    return Advice("contradictions", Tone.BAD if exact else Tone.CAREFUL, title, text, "copies")


def _wrong_labels(found: Findings, wording: Wording) -> Advice | None:
    likely = sum(one.likely for one in found.suspects)
    if not likely:
        return None
    say = wording.say
    title = say("Labels that are likely wrong: {n}").format(n=wording.count(likely))
    text = say(
        "Look at them in their order, the likeliest come first, and mend those that are wrong. "
        "A few minutes here often bring more than another model."
    )
    return Advice("labels", Tone.CAREFUL, title, text, "labels")


def _background(found: Findings, wording: Wording) -> Advice | None:
    probe = found.background
    if probe is None or str(probe.verdict) == "ok":
        return None
    say = wording.say
    strong = str(probe.verdict) == "strong"
    title = (
        say("The background gives the class away")
        if strong
        else say("The background says something of the class")
    )
    text = say(
        "Eight border pixels alone name {share} of the photos; guessing names {chance}. Test on photos from another "
        "place before you trust a high accuracy."
    ).format(share=wording.percent(probe.accuracy, 0), chance=wording.percent(probe.chance, 0))
    return Advice("background", Tone.BAD if strong else Tone.CAREFUL, title, text, "background")


def _few(found: Findings, wording: Wording) -> Advice | None:
    counts = found.of_classes
    few = [name for name, count in zip(counts.labels, counts.totals.tolist(), strict=True) if count < FEW]
    if not few:
        return None
    say = wording.say
    title = say("Classes with fewer than {least} photos: {n}").format(n=wording.count(len(few)), least=FEW)
    text = say(
        "They can hardly be learnt and not be judged. Collect more, or join them with a related class: {names}."
    )
    return Advice("few", Tone.CAREFUL, title, text.format(names=_named(few, wording)), "counts")


def _imbalance(found: Findings, wording: Wording) -> Advice | None:
    if len(found.of_classes.labels) < 2 or found.imbalance.ratio < VERY_UNEVEN:
        return None
    say = wording.say
    title = say("{largest} has {ratio} times the photos of {smallest}").format(
        largest=found.imbalance.largest,
        smallest=found.imbalance.smallest,
        ratio=wording.decimal(found.imbalance.ratio, 0),
    )
    text = say(
        "A model then prefers frequent names. Collect more of the rare ones, or let them count as much: "
        "taxolens train --class-weight balanced, or taxolens prepare --balance."
    )
    if found.shown is not None:
        text = say("A detector then finds the frequent ones best. Collect more photos of the rare ones.")
    return Advice("imbalance", Tone.CAREFUL, title, text, "counts")


def _boxes(found: Findings, wording: Wording) -> Advice | None:
    wrong = len(found.box_problems) + sum(1 for one in found.faults if one.code.startswith("box_"))
    if not wrong:
        return None
    say = wording.say
    title = say("Boxes that cannot be meant: {n}").format(n=wording.count(wrong))
    return Advice(
        "boxes", Tone.CAREFUL, title, say("They lie outside, are empty or twice there."), "problems"
    )


def _faults(found: Findings, wording: Wording) -> Advice | None:
    rows = {one.index for one in found.faults if not one.code.startswith("box_")}
    if not rows:
        return None
    say = wording.say
    title = say("Photos that are blurred, dark, over-exposed, tiny or oddly shaped: {n}").format(
        n=wording.count(len(rows))
    )
    text = say("Look at them: where you cannot tell the subject, a model cannot learn it.")
    tone = Tone.CAREFUL if len(rows) > _MANY_FAULTS * found.read else Tone.PLAIN
    return Advice("faults", tone, title, text, "problems")


def _copies(found: Findings, wording: Wording) -> Advice | None:
    plain = [one for one in found.twins if not one.parts_differ and not one.contradiction]
    if not plain:
        return None
    say = wording.say
    title = say("Groups of copies, near copies or photos of one scene: {n}").format(
        n=wording.count(len(plain))
    )
    text = say(
        "They do no harm while they stay in one part of the split. taxolens keeps identical files together by "
        "itself, photos of one event by --sequence-by, photos of one camera by --site-by."
    )
    return Advice("copies", Tone.PLAIN, title, text, "copies")


def _named(names: list[str], wording: Wording) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    left = len(names) - _MOST_NAMED
    return (
        shown if left <= 0 else wording.say("{names} and {n} more").format(names=shown, n=wording.count(left))
    )
