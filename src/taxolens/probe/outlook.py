"""A feasibility study in sentences: what can be learnt, from how many photos, what to collect next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.taxonomy import Role, usual_role
from taxolens.core.texts import noted
from taxolens.probe.crossing import Crossed
from taxolens.probe.curve import Curve
from taxolens.probe.neighbours import Neighbours
from taxolens.probe.prospects import FEWEST, Pair, Prospects, Verdict
from taxolens.probe.sentence import Sentence, Value

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
    "More photos of the same kind would bring little (twice as many: about {expected}). Better photos bring more: "
    "closer, sharper, the subject larger."
)
_STRONGER = noted(
    "Before you collect more, try a stronger backbone (taxolens models list) or teach the whole network "
    "(taxolens train --method finetune): this study sees the photos through the present backbone alone."
)
_RARE = noted(
    "Collect first: {classes}. There are at most {most} independent photos or events of each, too few to judge "
    "them; aim at {aim} from different days and places."
)
_WEAK_CLASSES = noted(
    "Then more photos of {classes}: only {least} to {most} of them are recognised, fewer than of the others."
)
_WEAK_CLASS = noted(
    "Then more photos of {classes}: only {most} of them are recognised, fewer than of the others."
)
_BOTH = noted(
    "{a} and {b} are confused with each other ({share} of the one, {back} of the other): collect photos that show "
    "what tells them apart, or make them one class where the difference does not matter."
)
_ONE_WAY = noted(
    "{a} is taken for {b} in {share} of its photos: collect photos of {a} that show what tells it apart from {b}."
)
_MISSED = noted(
    "{share} of the photos of {a} are taken for {b}: look whether the animal is large enough in them to be seen, "
    "and whether each label is right; cutting the animals out helps most (a detector, or taxolens prepare)."
)
_ALARM = noted(
    "{share} of the photos of {a} are taken for {b}: collect more photos without an animal, of each place and light."
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


def outlook(evidence: Evidence) -> tuple[Sentence, ...]:
    """The sentences, the most important first."""
    parts = [(_head(evidence),), _stronger(evidence), _rare(evidence)]
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
    fields = {"most": int(evidence.prospects.units[few].max()), "aim": _AIM}
    return (Sentence(_RARE, {"classes": _names(evidence.labels, few), **fields}),)


def _stronger(evidence: Evidence) -> tuple[Sentence, ...]:
    """Where classes are hard, or more photos would not mend what is missing."""
    flat = evidence.verdict is Verdict.FEASIBLE and _gain(evidence.curve) < _WORTH
    return (Sentence(_STRONGER),) if flat or evidence.verdict is Verdict.HARD else ()


def _gain(curve: Curve) -> float:
    """What twice as many photos would add to the accuracy; NaN where nobody knows."""
    return curve.expected - float(curve.accuracy[-1]) if len(curve.accuracy) else math.nan


def _more(evidence: Evidence) -> tuple[Sentence, ...]:
    """What more photos of the same kind would bring."""
    curve, gain = evidence.curve, _gain(evidence.curve)
    if math.isnan(gain):
        return ()
    if gain < _WORTH and evidence.verdict is Verdict.EASY:
        near = np.flatnonzero(curve.accuracy >= curve.accuracy[-1] - _LITTLE)
        return (Sentence(_ENOUGH, {"enough": curve.per_class[int(near[0])]}),)
    if gain < _WORTH:
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
    """The pairs confused most, both directions of one in one sentence."""
    units, shares = evidence.prospects.units, {(p.a, p.b): p.share for p in evidence.confused}
    told: list[Sentence] = []
    seen: set[tuple[int, int]] = set()
    for pair in evidence.confused:
        if pair.share >= _TELLING_PAIR and units[pair.a] >= FEWEST and (pair.b, pair.a) not in seen:
            seen.add((pair.a, pair.b))
            told.append(_confused(evidence.labels, pair, shares.get((pair.b, pair.a), 0.0)))
    return tuple(told[:_MOST_PAIRS])


def _confused(labels: tuple[str, ...], pair: Pair, back: float) -> Sentence:
    a, b = labels[pair.a], labels[pair.b]
    fields: dict[str, Value] = {"a": a, "b": b, "share": pair.share}
    if Role.BLANK in (usual_role(a), usual_role(b)):
        return Sentence(_ALARM if usual_role(a) is Role.BLANK else _MISSED, fields)
    return (
        Sentence(_BOTH, {**fields, "back": back}) if back >= _TELLING_PAIR / 2 else Sentence(_ONE_WAY, fields)
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
