"""What a comparison shows, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.evaluation.result import Interval
from taxolens.evaluation.rivals import Choice, Finding, Rivalry
from taxolens.report.wording import Wording
from taxolens.workflows.compare_facts import Comparison

_LEAST_P = 0.001


def told_finding(rivalry: Rivalry, names: Sequence[str], wording: Wording) -> str:
    """Whether the second model is better, worse, or no difference is shown, with how many photos; and macro-F1,
    which may say otherwise where classes are rare."""
    say = wording.say
    template = {
        Finding.BETTER: say(
            "{second} is better than {first}: {points} points of accuracy more (95% interval {range}, {p}, n = {n})."
        ),
        Finding.WORSE: say(
            "{second} is worse than {first}: {points} points of accuracy less (95% interval {range}, {p}, n = {n})."
        ),
        Finding.NO_DIFFERENCE: say(
            "No difference in accuracy between {second} and {first} is shown with {n} photos: "
            "{signed} points (95% interval {range}, {p})."
        ),
    }[rivalry.finding]
    accuracy, macro_f1 = rivalry.paired.accuracy, rivalry.paired.macro_f1
    told = template.format(
        first=names[rivalry.first],
        second=names[rivalry.second],
        n=wording.count(rivalry.paired.outcomes.n),
        points=wording.decimal(abs(100 * accuracy.value), 1),
        signed=signed_points(accuracy.value, wording),
        range=points_range(accuracy, wording),
        p=told_p(rivalry.p, wording),
    )
    rare = say(
        "In macro-F1, where rare classes count as much: {signed} points (95% interval {range})."
    ).format(signed=signed_points(macro_f1.value, wording), range=points_range(macro_f1, wording))
    return f"{told} {rare}"


def told_p(p: float, wording: Wording) -> str:
    """A p-value with its letter."""
    if p < _LEAST_P:
        return f"p < {wording.decimal(_LEAST_P, 3)}"
    return f"p = {wording.decimal(p, 3 if p < 0.1 else 2)}"


def signed_points(difference: float, wording: Wording) -> str:
    """A difference of shares in percentage points, with its sign."""
    text = wording.decimal(abs(100 * difference), 1)
    if not any(digit in text for digit in "123456789"):
        return text
    return ("+" if difference > 0 else "\N{MINUS SIGN}") + text


def points_range(difference: Interval, wording: Wording) -> str:
    """The interval of a difference of shares, in percentage points."""
    return wording.say("{low} to {high}").format(
        low=signed_points(difference.low, wording), high=signed_points(difference.high, wording)
    )


def told_choice(found: Comparison, wording: Wording) -> list[str]:
    """Which model to take for accuracy, and which for speed on this kind of processor."""
    choice = found.choice
    if choice is None:
        return []
    say, names = wording.say, found.names
    if choice.accuracy == choice.speed:
        text = say(
            "Choose {best}: it is the most accurate on these photos, and none that does as well is faster."
        )
        told = [text.format(best=names[choice.accuracy])]
    else:
        text = say(
            "For accuracy choose {best}. For speed on a processor choose {fast}: it is {times} times as fast, "
            "and these photos do not show that it is worse."
        )
        times = _times(found, choice.speed, choice.accuracy, wording)
        told = [text.format(best=names[choice.accuracy], fast=names[choice.speed], times=times)]
    return told + _faster_but_worse(found, choice, wording)


def _faster_but_worse(found: Comparison, choice: Choice, wording: Wording) -> list[str]:
    """What more speed would cost."""
    if choice.fastest == choice.speed or choice.fastest not in choice.front:
        return []
    against = next((one for one in choice.against_best if one.second == choice.fastest), None)
    if against is None or against.finding is not Finding.WORSE:
        return []
    text = wording.say(
        "{fastest} is faster still ({times} times as fast as {best}), at the price of {points} points of accuracy."
    )
    return [
        text.format(
            fastest=found.names[choice.fastest],
            best=found.names[choice.accuracy],
            times=_times(found, choice.fastest, choice.accuracy, wording),
            points=wording.decimal(-100 * against.paired.accuracy.value, 1),
        )
    ]


def _times(found: Comparison, one: int, other: int, wording: Wording) -> str:
    speeds = [model.speed.whole.value if model.speed else 1.0 for model in found.models]
    return wording.decimal(speeds[one] / speeds[other], 1)
