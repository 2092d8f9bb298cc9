"""Whole photos of validation in a training's report, with what is there and what was found."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.evaluation.detection.samples import Sample
from taxolens.imaging.closeup import Outline, Outlined
from taxolens.report.gallery import Budget, Gallery, Picture
from taxolens.report.page import Section
from taxolens.report.wording import Wording
from taxolens.workflows.detection_pictures import Closeups

_MOST_BYTES = 3_000_000


def samples_section(
    best: Sequence[Sample], worst: Sequence[Sample], closeups: Closeups, wording: Wording
) -> tuple[Section, ...]:
    """What it finds in whole photos; nothing where there are none to show."""
    say, budget = wording.say, Budget(_MOST_BYTES)
    lines = say("Blue, plain line: a true box. Yellow, broken line: a found box.")
    kinds = (
        (
            "samples",
            say("Where it found most"),
            say("Whole photos of validation, by which the best epoch was chosen."),
            best,
        ),
        ("worst-samples", say("Where most went wrong"), say("Other photos of validation."), worst),
    )
    return tuple(
        Section(
            name,
            title,
            f"{text} {lines}",
            (Gallery(title, tuple(_picture(one, closeups, budget, wording) for one in photos)),),
        )
        for name, title, text, photos in kinds
        if photos
    )


def _picture(one: Sample, closeups: Closeups, budget: Budget, wording: Wording) -> Picture:
    say = wording.say
    boxes = (
        *(Outlined(box, Outline.TRUE) for box in one.truth),
        *(Outlined(box, Outline.FOUND) for box in one.found),
    )
    told = (
        (say("Found"), f"{wording.count(one.hits)} / {wording.count(len(one.truth))}"),
        (say("Wrong"), wording.count(one.wrong)),
    )
    return Picture(one.name, closeups.picture(one.name, boxes, budget, whole=True), told)
