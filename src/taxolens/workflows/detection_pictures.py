"""What a page shows of a detector's errors: what it missed, and where it saw what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from taxolens.core.errors import ImageError
from taxolens.core.records import Image
from taxolens.evaluation.detection.result import DetectionResult, FalseFind, Miss
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
    text = say(
        "The largest come first. Blue, plain line: the true box. Yellow, broken line: the found box nearest to it, "
        "which lies too far off or scored too low. Look at them: some are hardly to be seen, and some true boxes are wrong."
    )
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
        return (truth,)
    found = f"{facts.name_of(one.near.label)} · {wording.percent(one.near.score, 0)}"
    why = say("scored too low") if one.near.score < least else say("lies too far off")
    return truth, (say("Nearest find"), found), (say("Why not"), why)


def false_finds_section(
    facts: DetectionFacts, result: DetectionResult, closeups: Closeups, budget: Budget, wording: Wording
) -> Section:
    """Found boxes that are wrong."""
    say = wording.say
    title = say("What it found wrongly")
    if not result.false_finds:
        return Section(
            "false-finds", title, blocks=(Notice(say("Every box that it found is right."), Tone.GOOD),)
        )
    text = say(
        "The surest come first. Yellow, broken line: the found box. Blue, plain line: the true box that it may have "
        "meant. Look at them: where something is there after all, a true box is lacking."
    )
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
