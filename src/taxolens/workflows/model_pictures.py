"""What a page shows of the photos themselves: the errors it was surest of, and a random sample."""

from __future__ import annotations

from collections.abc import Sequence

from taxolens.evaluation.result import ClassificationResult, Mistake
from taxolens.report.gallery import Budget, Gallery, Picture, Thumbnails
from taxolens.report.page import Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.wording import Wording
from taxolens.workflows.model_facts import ModelFacts

MOST_PICTURES = 24
"""Pictures in one gallery."""


def errors_section(
    facts: ModelFacts, result: ClassificationResult, thumbnails: Thumbnails, budget: Budget, wording: Wording
) -> Section:
    """The wrong answers that the model was surest of."""
    say = wording.say
    title = say("Its most confident errors")
    if not result.errors:
        text = say("No photo of this test was named wrongly.")
        return Section("errors", title, blocks=(Notice(text, Tone.GOOD),))
    text = say(
        "The surest wrong answers come first. Look at them: often it is the label of the photo that is wrong, "
        "or the animal is hardly to be seen."
    )
    pictures = _pictures(result.errors, facts, thumbnails, budget, wording)
    return Section("errors", title, text, (Gallery(title, pictures),))


def sample_section(
    facts: ModelFacts, result: ClassificationResult, thumbnails: Thumbnails, budget: Budget, wording: Wording
) -> Section | None:
    """Random photos, right or wrong."""
    if not result.sample:
        return None
    say = wording.say
    title = say("A random sample")
    text = say("Photos drawn by lot from those judged, so that you see what the figures are made of.")
    return Section(
        "sample", title, text, (Gallery(title, _pictures(result.sample, facts, thumbnails, budget, wording)),)
    )


def looks_section(facts: ModelFacts, wording: Wording) -> Section | None:
    """What some answers hang on; None where nobody looked."""
    if not facts.looks:
        return None
    say = wording.say
    title = say("What its answers hang on")
    text = say(
        "Parts of each photo were covered in turn. Where that made the answer less likely, the photo is bright. "
        "A model that looks at the background, a date or a ruler has learnt the wrong thing."
    )
    pictures = tuple(
        Picture(
            name=look.answer.name,
            jpeg=look.jpeg,
            lines=_lines(look.answer, facts, wording),
            right=look.answer.truth == look.answer.predicted,
        )
        for look in facts.looks
    )
    return Section("looks", title, text, (Gallery(title, pictures),))


def _pictures(
    answers: Sequence[Mistake], facts: ModelFacts, thumbnails: Thumbnails, budget: Budget, wording: Wording
) -> tuple[Picture, ...]:
    return tuple(
        Picture(
            name=answer.name,
            jpeg=budget.take(answer.name, thumbnails),
            lines=_lines(answer, facts, wording),
            right=answer.truth == answer.predicted,
        )
        for answer in answers[:MOST_PICTURES]
    )


def _lines(answer: Mistake, facts: ModelFacts, wording: Wording) -> tuple[tuple[str, str], ...]:
    say = wording.say
    score = (say("Score"), wording.percent(answer.score))
    predicted = (say("Answer"), facts.names.get(answer.predicted, answer.predicted))
    if answer.truth == answer.predicted:
        return predicted, score
    return predicted, (say("Truth"), facts.names.get(answer.truth, answer.truth)), score
