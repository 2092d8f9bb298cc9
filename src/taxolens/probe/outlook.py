"""A feasibility study in sentences: what can be learnt, from how many photos, what to collect next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.texts import noted
from taxolens.probe.crossing import Crossed
from taxolens.probe.curve import Curve
from taxolens.probe.neighbours import Neighbours
from taxolens.probe.prospects import FEWEST, Pair, Prospects, Verdict
from taxolens.probe.sentence import Sentence

_TARGETS = (0.7, 0.8, 0.9, 0.95, 0.98)
_FARTHEST = 8
_WORTH, _LITTLE = 0.02, 0.01
_WEAK, _MOST_NAMED, _MOST_PAIRS = 0.15, 5, 2
_TELLING_PAIR = 0.1
_FLATTERED = 0.05
_AIM = 50

_HEAD = {
    Verdict.EASY: noted(
        "These {classes} classes are easy to learn: a simple model names {accuracy} of photos that it has not "
        "seen correctly ({low} to {high}); always answering the largest class would reach {chance}."
    ),
    Verdict.FEASIBLE: noted(
        "These {classes} classes can be learnt: a simple model names {accuracy} of photos that it has not seen "
        "correctly ({low} to {high}); always answering the largest class would reach {chance}."
    ),
    Verdict.HARD: noted(
        "These {classes} classes are hard to learn with this backbone: a simple model names {accuracy} of photos "
        "that it has not seen correctly ({low} to {high}); always answering the largest class would reach "
        "{chance}."
    ),
}
_NOTHING = noted(
    "Nothing can be learnt from these photos yet: a simple model names {accuracy} of photos that it has not seen "
    "correctly, no better than guessing (always answering the largest class: {chance}). Check on a few photos "
    "that label and photo belong together and that the subject is large enough to be seen; then try a stronger "
    "backbone (taxolens models list)."
)
_TOO_FEW = noted(
    "There are too few photos to say what can be learnt: {few} of {classes} classes have fewer than {least} "
    "independent photos or events."
)
_TWICE = noted(
    "With about {now} photos per class, the accuracy is still rising: twice as many would bring it to about "
    "{expected}."
)
_NEEDED = noted("About {needed} photos per class would reach {target}, if the rise goes on as it has.")
_ENOUGH = noted(
    "About {enough} photos per class already come within a point of what all photos reach; more of the same kind "
    "bring little."
)
_FLAT = noted(
    "More photos of the same kind would bring little (twice as many: about {expected}). Better photos (closer, "
    "sharper, the subject larger), a stronger backbone or training the whole network (taxolens train) will "
    "bring more."
)
_RARE = noted(
    "Collect first: {classes}. Of each there are {least} independent photos or events or fewer, too few to judge "
    "them; aim at {aim} from different days and places."
)
_WEAK_CLASSES = noted("Then more photos of {classes}: only {least} to {most} of their photos are recognised.")
_WEAK_CLASS = noted("Then more photos of {classes}: only {most} of them are recognised.")
_PAIR = noted(
    "{a} is taken for {b} in {share} of its photos: collect photos of both that show what tells them apart, or "
    "make them one class where the difference does not matter."
)
_EVENTS = noted(
    "Photos of one event look almost the same: neighbours of the same event would name {with_events} correctly, "
    "those of other events {accuracy}. New days and places teach more than further photos of the same event."
)
_ELSEWHERE = noted(
    "Next, collect photos from other places, seasons and cameras: nothing here says how a model does where it "
    "has not been."
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the sentences rest on."""

    labels: tuple[str, ...]
    verdict: Verdict
    crossed: Crossed
    neighbours: Neighbours
    curve: Curve
    prospects: Prospects
    confused: tuple[Pair, ...]

    @property
    def chancy(self) -> bool:
        """Whether the model does no better than chance."""
        return self.verdict is Verdict.NOT_YET and not self.prospects.above_chance


def outlook(evidence: Evidence) -> tuple[Sentence, ...]:
    """The sentences, the most important first."""
    parts = [(_head(evidence),), _rare(evidence)]
    if evidence.verdict is not Verdict.NOT_YET:
        parts += [_more(evidence), _weak(evidence), _pairs(evidence), _events(evidence)]
        if evidence.verdict is Verdict.EASY:
            parts.append((Sentence(_ELSEWHERE),))
    return tuple(sentence for part in parts for sentence in part)


def _head(evidence: Evidence) -> Sentence:
    seen, share = evidence.prospects, evidence.crossed.accuracy
    classes = int((seen.photos > 0).sum())
    enough = int((seen.units >= FEWEST).sum())
    if evidence.verdict is not Verdict.NOT_YET:
        low, high = share.interval
        fields = {"classes": classes, "accuracy": share.value, "low": low, "high": high}
        return Sentence(_HEAD[evidence.verdict], {**fields, "chance": seen.chance})
    if enough < 2 or len(seen.few) > enough:
        return Sentence(_TOO_FEW, {"few": len(seen.few), "classes": classes, "least": FEWEST})
    return Sentence(_NOTHING, {"accuracy": share.value, "chance": seen.chance})


def _rare(evidence: Evidence) -> tuple[Sentence, ...]:
    few = evidence.prospects.few
    if not len(few):
        return ()
    most = int(evidence.prospects.units[few].max())
    named = _names(evidence.labels, few)
    return (Sentence(_RARE, {"classes": named, "least": most, "aim": _AIM}),)


def _more(evidence: Evidence) -> tuple[Sentence, ...]:
    curve = evidence.curve
    if not len(curve.accuracy) or not math.isfinite(curve.expected):
        return ()
    gain = curve.expected - float(curve.accuracy[-1])
    if gain < _WORTH:
        if evidence.verdict is Verdict.EASY:
            near = np.flatnonzero(curve.accuracy >= curve.accuracy[-1] - _LITTLE)
            return (Sentence(_ENOUGH, {"enough": curve.per_class[int(near[0])]}),)
        return (Sentence(_FLAT, {"expected": curve.expected}),)
    now = curve.per_class[-1]
    told = [Sentence(_TWICE, {"now": now, "expected": curve.expected})]
    target = next((one for one in _TARGETS if one > curve.expected), None)
    needed = curve.needed(target) if target else math.inf
    if target and needed <= _FARTHEST * now:
        told.append(Sentence(_NEEDED, {"needed": _rounded(needed), "target": target}))
    return tuple(told)


def _weak(evidence: Evidence) -> tuple[Sentence, ...]:
    """Classes with enough photos to say that they are recognised clearly less often than the others."""
    seen = evidence.prospects
    weak = np.flatnonzero((seen.units >= FEWEST) & (seen.recall < seen.mean - _WEAK))
    weak = weak[np.argsort(seen.recall[weak], kind="stable")]
    if not len(weak):
        return ()
    shares = {"least": float(seen.recall[weak[0]]), "most": float(seen.recall[weak[-1]])}
    return (
        Sentence(
            _WEAK_CLASSES if len(weak) > 1 else _WEAK_CLASS,
            {"classes": _names(evidence.labels, weak), **shares},
        ),
    )


def _pairs(evidence: Evidence) -> tuple[Sentence, ...]:
    units = evidence.prospects.units
    telling = [p for p in evidence.confused if p.share >= _TELLING_PAIR and units[p.a] >= FEWEST]
    return tuple(
        Sentence(_PAIR, {"a": evidence.labels[p.a], "b": evidence.labels[p.b], "share": p.share})
        for p in telling[:_MOST_PAIRS]
    )


def _events(evidence: Evidence) -> tuple[Sentence, ...]:
    found = evidence.neighbours
    if found.ungrouped - found.accuracy < _FLATTERED:
        return ()
    return (Sentence(_EVENTS, {"with_events": found.ungrouped, "accuracy": found.accuracy}),)


def _names(labels: tuple[str, ...], classes: NDArray[np.int64]) -> tuple[str, ...]:
    names = tuple(labels[one] for one in classes[:_MOST_NAMED])
    return (*names, "…") if len(classes) > _MOST_NAMED else names


def _rounded(photos: float) -> int:
    """To two digits, upwards: nobody should collect 347 photos exactly."""
    step = int(10 ** max(0, math.floor(math.log10(max(photos, 1))) - 1))
    return math.ceil(photos / step) * step
