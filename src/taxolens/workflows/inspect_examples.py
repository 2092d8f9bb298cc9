"""What a page shows of each class: some of its photos, and their mean."""

from __future__ import annotations

import numpy as np

from taxolens.imaging.sprite import drawn
from taxolens.report.gallery import Gallery, Picture
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Section
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_words import photos

_PER_CLASS = 6
_MOST_CLASSES = 60
_MOST_OPEN = 12
_MEAN_SIDE = 128


def examples_section(found: Findings, pictures: Pictures, wording: Wording) -> Section | None:
    """Some photos of each class, drawn by lot."""
    say = wording.say
    if not found.labels:
        return None
    random = np.random.default_rng(found.recipe.seed)
    order = np.argsort(-found.counts.totals, kind="stable")[:_MOST_CLASSES]
    chosen = {int(k): _some(found, int(k), random) for k in order}
    pictures.prepare([row for rows in chosen.values() for row in rows])
    blocks: list[Block] = []
    for place, (k, rows) in enumerate(chosen.items()):
        label = found.counts.labels[k]
        gallery = Gallery(label, tuple(pictures.picture(row) for row in rows), small=True)
        count = photos(int(found.counts.totals[k]), wording)
        blocks.append(Titled(label, (gallery,), count=count, folded=place >= _MOST_OPEN))
    text = say("Photos drawn by lot from each class. Do they show what the class is called?")
    return Section("examples", say("Examples of each class"), text, tuple(blocks))


def _some(found: Findings, k: int, random: np.random.Generator) -> list[int]:
    rows = np.flatnonzero(found.truth == k)
    return sorted(random.choice(rows, min(_PER_CLASS, len(rows)), replace=False).tolist())


def means_section(found: Findings, wording: Wording) -> Section | None:
    """The mean photo of each class."""
    say, looks = wording.say, found.looks
    if len(found.counts.labels) < 2:
        return None
    means = {looks.labels[number]: mean for number, mean in looks.means.items()}
    order = np.argsort(-found.counts.totals, kind="stable")[:_MOST_CLASSES]
    counted = [(found.counts.labels[k], int(found.counts.totals[k])) for k in order.tolist()]
    pictures = tuple(
        Picture(label, drawn(means[label], side=_MEAN_SIDE), ((say("Photos"), photos(count, wording)),))
        for label, count in counted
        if label in means
    )
    text = say(
        "All photos of a class laid over each other. Classes should differ in the middle, where the subject is. "
        "Where backgrounds, borders or the light differ instead, a model may learn these and not the subject."
    )
    return Section(
        "means", say("Mean photo of each class"), text, (Gallery(say("Mean photos"), pictures, small=True),)
    )
