"""What a page shows of a detector's errors: what it missed, and where it saw what is not there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from taxolens.core.errors import ImageError
from taxolens.core.records import Image
from taxolens.core.texts import Say
from taxolens.evaluation.detection.result import DetectionResult, ErrorKind, FalseFind, Miss, Near
from taxolens.imaging.closeup import Outline, Outlined, closeup
from taxolens.report.gallery import Budget, Gallery, Picture
from taxolens.report.page import Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.wording import Wording
from taxolens.workflows.detection_facts import DetectionFacts

_SIDE, _WHOLE = 256, 384


class Closeups:
    """Parts of photos with boxes on them, by the name of the photo.

    Args:
        images: the photos that were judged.
    """

    def __init__(self, images: Iterable[Image], *, max_megapixels: float = 150.0) -> None:
        self._paths = {image.name: image.path for image in images}
        self._max_megapixels = max_megapixels

    def picture(
        self, name: str, boxes: Sequence[Outlined], budget: Budget, *, whole: bool = False
    ) -> bytes | None:
        """A JPEG; None where the photo cannot be read any more, or the page is full.

        Args:
            whole: show the whole photo, larger.
        """

        def drawn(name: str) -> bytes | None:
            try:
                side = _WHOLE if whole else _SIDE
                return closeup(
                    self._paths[name], boxes, side, whole=whole, max_megapixels=self._max_megapixels
                )
            except (ImageError, KeyError):
                return None

        return budget.take(name, drawn)


def misses_section(
    facts: DetectionFacts, result: DetectionResult, closeups: Closeups, budget: Budget, wording: Wording
) -> Section:
    """True boxes that nothing was found for."""
    say = wording.say
    title = say("What it missed")
    if not result.misses:
        return Section("misses", title, blocks=(Notice(say("No box was missed."), Tone.GOOD),))
    near = say(
        "Yellow, broken line: the found box nearest to it, which lies too far off, bears another name or scored too low."
    )
    parts = (
        _shown(len(result.misses), _missed(result), wording),
        say("The largest come first. Blue, plain line: the true box."),
        near if any(one.near for one in result.misses) else "",
        say("Look at them: some are hardly to be seen, and some true boxes are wrong."),
    )
    text = " ".join(part for part in parts if part)
    pictures = tuple(
        Picture(
            one.name,
            closeups.picture(one.name, _around_miss(one), budget),
            _said_of_miss(one, facts, result.work.score, wording),
        )
        for one in result.misses
    )
    return Section("misses", title, text, (Gallery(title, pictures),))


def _around_miss(one: Miss) -> tuple[Outlined, ...]:
    true = Outlined(one.box, Outline.TRUE)
    return (true, Outlined(one.near.box, Outline.FOUND)) if one.near else (true,)


def _said_of_miss(
    one: Miss, facts: DetectionFacts, least: float, wording: Wording
) -> tuple[tuple[str, str], ...]:
    say = wording.say
    truth = (say("Truth"), facts.name_of(one.label))
    if one.near is None:
        return truth, (say("Why missed"), say("nothing found near it"))
    found = f"{facts.name_of(one.near.label)} · {wording.percent(one.near.score, 0)}"
    return (
        truth,
        (say("Nearest find"), found),
        (say("Why missed"), _why_missed(one.label, one.near, least, say)),
    )


def _why_missed(label: str, near: Near, least: float, say: Say) -> str:
    if near.score >= least:
        return say("lies too far off")
    return say("scored too low") if near.label == label else say("another name, scored too low")


def _missed(result: DetectionResult) -> int:
    """True boxes that nothing was found for, under any name."""
    return sum(row[-1] for row in result.confusion[:-1])


def _shown(shown: int, there: int, wording: Wording) -> str:
    """How many of them the page has room for, where it is not all."""
    if shown >= there:
        return ""
    text = wording.say("{shown} of {n}, at most two of one photo.")
    return text.format(shown=wording.count(shown), n=wording.count(there))


def false_finds_section(
    facts: DetectionFacts, result: DetectionResult, closeups: Closeups, budget: Budget, wording: Wording
) -> Section:
    """Found boxes that are wrong."""
    say = wording.say
    title = say("What it found wrongly")
    if not result.false_finds:
        right = Notice(say("Every box that it found is right."), Tone.GOOD)
        none = Notice(say("It found nothing that counts, and so nothing wrong."), Tone.PLAIN)
        return Section(
            "false-finds", title, blocks=(right if math.isfinite(result.work.precision) else none,)
        )
    text = say(
        "The surest come first. Yellow, broken line: the found box. Blue, plain line: the true box that it may have "
        "meant. Look at them: where something is there after all, a true box is lacking."
    )
    wrong = sum(one.count for one in result.errors if one.kind is not ErrorKind.MISSED)
    text = f"{_shown(len(result.false_finds), wrong, wording)} {text}".strip()
    pictures = tuple(
        Picture(
            one.name,
            closeups.picture(one.name, _around_find(one), budget),
            _said_of_find(one, facts, wording),
        )
        for one in result.false_finds
    )
    return Section("false-finds", title, text, (Gallery(title, pictures),))


def _around_find(one: FalseFind) -> tuple[Outlined, ...]:
    found = Outlined(one.box, Outline.FOUND)
    return (Outlined(one.truth_box, Outline.TRUE), found) if one.truth_box else (found,)


def _said_of_find(one: FalseFind, facts: DetectionFacts, wording: Wording) -> tuple[tuple[str, str], ...]:
    say = wording.say
    told = [
        (say("Found"), facts.name_of(one.label)),
        (say("Score"), wording.percent(one.score, 0)),
        (say("Error"), say(one.kind.value)),
    ]
    if one.truth is not None and one.truth != one.label:
        told.insert(1, (say("Truth"), facts.name_of(one.truth)))
    return tuple(told)
