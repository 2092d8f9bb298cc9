"""What the page says of a photo, in words; drawn by templates, so that it is the same with and without JavaScript."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.geometry import WHOLE_IMAGE, Box
from taxolens.core.records import UNSURE, Failure, Score, Status
from taxolens.core.texts import for_count, noted
from taxolens.inference.detected import Detected, Detection
from taxolens.modelfile.card import Card
from taxolens.report.hues import HUES
from taxolens.report.wording import NO_BREAK_SPACE, Wording
from taxolens.server.desk import Served
from taxolens.server.work import Answer, Named

TOP = 5
"""Classes that have a bar."""
_KINDS_NAMED = 4
_CANDIDATES_NAMED = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A class and how probable it is.

    Attributes:
        share: 0..1.
        percent: the same as text.
        hue: number of its colour.
    """

    name: str
    share: float
    percent: str
    hue: int

    @property
    def width(self) -> str:
        """Length of the bar."""
        return f"{100 * max(0.0, min(1.0, self.share)):.1f}%"


@dataclass(frozen=True, slots=True)
class ShownBox:
    """One thing in a photo.

    Attributes:
        number: on the photo.
        name: of the class; where the model is unsure, of the best one.
        unsure: the model is.
        percent: how sure the weaker of box and name is.
        score: how sure the detector is of the box, 0..1.
        there: the same as a sentence.
        place: in shares of the photo; None where the whole photo was named.
        hue: number of its colour.
        bars: the best classes.
        rest: what is left to the others.
    """

    number: int
    name: str
    unsure: bool
    percent: str
    score: float
    there: str
    place: Box | None
    hue: int
    bars: tuple[Bar, ...]
    rest: Bar | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One photo.

    Attributes:
        name: of its file.
        tone: "sure", "unsure", "blank" or "failed".
        headline: the answer.
        percent: how sure; empty where that is not said of the whole.
        sentences: what the answer means.
        bars: the best classes of a photo that was named as a whole.
        rest: what is left to the others.
        boxes: things in it, surest first; None where the model draws none.
        footnote: model and time.
        model: that answered.
        version: of it.
    """

    name: str
    tone: str
    headline: str
    percent: str = ""
    sentences: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    rest: Bar | None = None
    boxes: tuple[ShownBox, ...] | None = None
    footnote: str = ""
    model: str = ""
    version: str = ""

    @property
    def spoken(self) -> str:
        """The whole in one line, for those who hear the page."""
        said = ", ".join(part for part in (self.headline, self.percent) if part)
        return f"{self.name}: {said}"


def shown(name: str, model: Served, answer: Answer, least: float | None, wording: Wording) -> Shown:
    """What to say of one answer.

    Args:
        name: of the photo.
        model: that was asked.
        least: boxes below it were left out, 0..1; None: unknown.
    """
    result = answer.result
    if isinstance(result, Detected):
        said = _found(name, model.card, result, least, wording)
    elif isinstance(result, Named):
        said = _named(name, model.card, result, wording)
    else:
        raise TypeError(f"not an answer for people: {type(result).__name__}")
    time = f"{wording.count(round(1000 * (answer.waited + answer.seconds)))}{NO_BREAK_SPACE}ms"
    footnote = wording.say("{model}, version {version}; {time}")
    return replace(
        said,
        footnote=footnote.format(model=answer.model, version=answer.version, time=time),
        model=answer.model,
        version=answer.version,
    )


def refused(name: str, sentence: str, wording: Wording) -> Shown:
    """A photo that no model has seen."""
    return Shown(name, "failed", wording.say("No answer"), sentences=(sentence,))


def _failed(name: str, failure: Failure | None, wording: Wording) -> Shown:
    reason = wording.say(failure.reason) if failure else ""
    return Shown(name, "failed", wording.say("This photo cannot be read"), sentences=(reason,))


def _named(name: str, card: Card, result: Named, wording: Wording) -> Shown:
    said, say = result.prediction, wording.say
    if said.status is Status.FAILED:
        return _failed(name, said.failure, wording)
    best = _name(card, said.top1, wording)
    bars, rest = _bars(card, said.ranking, result.probabilities, wording)
    percent = wording.percent(said.score, 0)
    if said.label == UNSURE:
        text = say(
            "The best guess is {name} with {percent}. Below {threshold} this model is wrong too often, so it says that "
            "it is unsure. Let a person look."
        )
        threshold = wording.percent(card.thresholds.unsure, 0)
        unsure = text.format(name=best, percent=percent, threshold=threshold)
        sentences = (unsure, *_candidates(card, said.candidates, wording))
        return Shown(name, "unsure", say("Not sure"), "", sentences, bars, rest)
    tone = "blank" if said.status is Status.BLANK else "sure"
    return Shown(name, tone, best, percent, _candidates(card, said.candidates, wording), bars, rest)


def _candidates(card: Card, labels: tuple[str, ...], wording: Wording) -> tuple[str, ...]:
    """What the conformal set means."""
    if not labels or card.conformal is None:
        return ()
    names = [_name(card, label, wording) for label in labels[:_CANDIDATES_NAMED]]
    if len(labels) > _CANDIDATES_NAMED:
        more = wording.say("and {n} more")
        names.append(more.format(n=wording.count(len(labels) - _CANDIDATES_NAMED)))
    share = wording.percent(card.conformal.coverage, 0)
    kept = wording.say(
        "On photos like those it was tested on, the names that it keeps hold the right one in {share} of cases."
    ).format(share=share)
    if len(labels) == 1:
        only = wording.say("It rules out all other names.")
        return (f"{only} {kept}",)
    doubt = wording.say("It cannot rule out: {names}.").format(names=", ".join(names))
    return (f"{doubt} {kept}",)


def _found(name: str, card: Card, result: Detected, least: float | None, wording: Wording) -> Shown:
    say = wording.say
    if result.status is Status.FAILED:
        return _failed(name, result.failure, wording)
    boxes = tuple(_box(number, card, one, wording) for number, one in enumerate(result.detections, 1))
    if not boxes:
        return Shown(name, "blank", say("Nothing found"), sentences=_nothing(least, wording), boxes=())
    if boxes[0].place is None:
        return _as_a_whole(name, boxes[0], wording)
    sentences: tuple[str, ...] = ()
    if any(box.unsure for box in boxes):
        sentences = (say("A broken frame means that the model is unsure what is in it. Let a person look."),)
    tone = "unsure" if all(box.unsure for box in boxes) else "sure"
    alone = len(boxes) == 1 and tone == "sure"
    percent = boxes[0].percent if alone else ""
    return Shown(name, tone, _counted(boxes, wording), percent, sentences, boxes=boxes)


def _as_a_whole(name: str, box: ShownBox, wording: Wording) -> Shown:
    """A photo in which a pipeline found no box, and which its classifier named nevertheless."""
    say = wording.say
    whole = say("No box was found, so the photo was named as a whole.")
    if box.unsure:
        guess = say("The best guess is {name} with {percent}, too little to be sure. Let a person look.")
        told = guess.format(name=box.name, percent=box.percent)
        return Shown(name, "unsure", say("Not sure"), "", (told, whole), box.bars, box.rest)
    return Shown(name, "sure", box.name, box.percent, (whole,), box.bars, box.rest)


def _nothing(least: float | None, wording: Wording) -> tuple[str, ...]:
    if least is None:
        return ()
    text = wording.say("No box is surer than {percent}. Lower the threshold to see weaker ones.")
    return (text.format(percent=wording.percent(least, 0)),)


def _counted(boxes: tuple[ShownBox, ...], wording: Wording) -> str:
    """How many of what, most first: "2 × red deer, 1 × fox"."""
    unsure = wording.say("Not sure")
    counts = Counter(unsure if box.unsure else box.name for box in boxes).most_common()
    if len(counts) == 1 and counts[0][1] == 1:
        return counts[0][0]
    said = [f"{wording.count(n)}{NO_BREAK_SPACE}×{NO_BREAK_SPACE}{name}" for name, n in counts[:_KINDS_NAMED]]
    if len(counts) > _KINDS_NAMED:
        left = sum(n for _, n in counts[_KINDS_NAMED:])
        said.append(wording.say("and {n} more").format(n=wording.count(left)))
    return ", ".join(said)


def _box(number: int, card: Card, one: Detection, wording: Wording) -> ShownBox:
    whole = one.box == WHOLE_IMAGE
    best = one.ranking[0] if one.ranking else Score(one.label, one.score)
    bars, rest = _bars(card, one.ranking, one.distribution, wording)
    if best.score == 1.0:
        # Detectors that tell their best class only: nothing is known of the others.
        bars, rest = (), None
    there = wording.say("Something is here: {percent}").format(percent=wording.percent(one.score, 0))
    return ShownBox(
        number=number,
        name=_name(card, best.label if one.label == UNSURE else one.label, wording),
        unsure=one.label == UNSURE,
        percent=wording.percent(min(one.score, best.score), 0),
        score=one.score,
        there="" if whole else there,
        place=None if whole else one.box,
        hue=_hue(card, best.label),
        bars=bars,
        rest=rest,
    )


def _bars(
    card: Card, ranking: tuple[Score, ...], shares: NDArray[np.float32], wording: Wording
) -> tuple[tuple[Bar, ...], Bar | None]:
    """The best classes, and one bar for all others together, so that what is seen sums to the whole."""
    bars = tuple(
        Bar(
            _name(card, one.label, wording),
            one.score,
            wording.percent(one.score, 0),
            _hue(card, one.label),
        )
        for one in ranking[:TOP]
    )
    others = len(shares) - len(bars)
    if others < 1:
        return bars, None
    left = max(0.0, 1.0 - sum(bar.share for bar in bars))
    text = for_count(others, noted("{n} other class"), noted("{n} other classes"))
    return bars, Bar(wording.say(text).format(n=wording.count(others)), left, wording.percent(left, 0), -1)


def _name(card: Card, label: str, wording: Wording) -> str:
    for one in card.classes:
        if one.id == label:
            return one.taxon.name(wording.language)
    return label


def _hue(card: Card, label: str) -> int:
    labels = card.labels
    return labels.index(label) % HUES if label in labels else 0
