"""The photos on which models differ, with the answers of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxolens.report.gallery import Budget, Gallery, Picture, Thumbnails
from taxolens.report.page import Section
from taxolens.report.panels import Notice
from taxolens.report.wording import Wording
from taxolens.workflows.compare_facts import Comparison

MOST_PICTURES = 24


def differing_section(found: Comparison, thumbnails: Thumbnails, budget: Budget, wording: Wording) -> Section:
    """Photos that some models name rightly and others do not; the surest errors first."""
    say = wording.say
    title = say("Photos on which they differ")
    differing, rows = differing_rows(found)
    if not len(rows):
        text = say("Every photo is named rightly by all models, or by none.")
        return Section("differ", title, blocks=(Notice(text),))
    text = say(
        "Some models name these photos rightly and others do not: {n} in all. Those whose wrong answer was surest "
        "come first; ✓ marks right answers, ✗ wrong ones."
    ).format(n=wording.count(differing))
    pictures = tuple(
        Picture(
            name=found.answers[0].names[row],
            jpeg=budget.take(found.answers[0].names[row], thumbnails),
            lines=_lines(found, row, wording),
        )
        for row in rows.tolist()
    )
    return Section("differ", title, text, (Gallery(title, pictures),))


def differing_rows(found: Comparison) -> tuple[int, NDArray[np.int64]]:
    """How many photos are named rightly by some models only, and those to show.

    The surest wrong answer decides the order. Of photos that belong together only the first is shown, and of
    two models each gets half of the room.
    """
    right = np.stack([one.probabilities.argmax(axis=1) == one.truth for one in found.answers])
    score = np.stack([one.probabilities.max(axis=1) for one in found.answers])
    differ = np.flatnonzero(right.any(axis=0) & ~right.all(axis=0))
    surest = np.where(right, 0.0, score).max(axis=0)
    order = differ[np.argsort(-surest[differ], kind="stable")]
    groups = found.answers[0].groups
    if groups is not None:
        _, first = np.unique(groups[order], return_index=True)
        order = order[np.sort(first)]
    if len(found.answers) == 2:
        sides = [order[right[place][order]] for place in range(2)]
        half = MOST_PICTURES // 2
        room = [max(half, MOST_PICTURES - len(side)) for side in reversed(sides)]
        chosen = np.concatenate([side[:most] for side, most in zip(sides, room, strict=True)])
        order = order[np.isin(order, chosen)]
    return len(differ), order[:MOST_PICTURES]


def _lines(found: Comparison, row: int, wording: Wording) -> tuple[tuple[str, str], ...]:
    labels = found.classes.labels
    truth = int(found.answers[0].truth[row])
    lines = [(wording.say("Truth"), _shown(found, labels[truth], wording))]
    for model, answers in zip(found.models, found.answers, strict=True):
        best = int(answers.probabilities[row].argmax())
        score = wording.percent(float(answers.probabilities[row, best]), 0)
        mark = "✓ " if best == truth else "✗ "
        lines.append((model.name, f"{mark}{_shown(found, labels[best], wording)} {score}"))
    return tuple(lines)


def _shown(found: Comparison, label: str, wording: Wording) -> str:
    for model in found.models:
        for taxon in model.card.taxa:
            if taxon.id == label:
                return taxon.name(wording.language)
    return label
