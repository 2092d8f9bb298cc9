"""The page about a search for a faster variant."""

from __future__ import annotations

from taxolens.core.texts import Say, noted
from taxolens.export.integers import integers_here
from taxolens.recipes.variant import VariantRecipe
from taxolens.report.page import Block, Page, Section
from taxolens.report.panels import Fact, Facts, Notice, Tone
from taxolens.report.table import Table
from taxolens.report.wording import Wording
from taxolens.workflows.variant_facts import VariantFacts
from taxolens.workflows.variant_words import size_table, told_choice, variant_chart, variant_table

_RULE = noted(
    "A variant may take the original's place where it lost at most {lost} points of accuracy on these photos, at "
    "most {worst} points at the worst (one-sided 95% bound from the photos on which the two differ), and is at "
    "least {faster} times as fast on this machine. Of those, the fastest is chosen."
)
_RULE_OF_BOXES = noted(
    "A variant may take the original's place where it lost at most {lost} points of mAP50 on these photos, at most "
    "{worst} points at the worst (one-sided 95% bound, photos drawn again and again for both together), finds small, "
    "medium and large animals alike (no size loses more than {worst} points unless that may be chance), and is at "
    "least {faster} times as fast on this machine. Of those, the fastest is chosen."
)


def variant_page(recipe: VariantRecipe, facts: VariantFacts, notes: tuple[str, ...], *, say: Say) -> str:
    """One self-contained HTML page."""
    wording = Wording(say, recipe.language)
    sections = (_outcome(facts, wording), _refused(facts, wording), _making(recipe, facts, notes, wording))
    return Page(
        title=facts.original.candidate.model.card.name,
        lead=told_choice(facts, wording),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Faster variants of a model"),
        meta=(
            say("Data: {name}").format(name=recipe.source.data.name),
            say("Photos judged: {n}").format(n=wording.count(facts.n)),
        ),
    ).html(wording)


def _outcome(facts: VariantFacts, wording: Wording) -> Section:
    say = wording.say
    text = say(
        "All answered the same {n} photos. Their speed was measured on this machine on {timed} photos, one photo at a "
        "time on one thread, taking turns; medians."
    ).format(n=wording.count(facts.n), timed=wording.count(facts.original.speed.photos))
    blocks: list[Block] = [variant_chart(facts, wording), variant_table(facts, wording)]
    blocks += _sizes(facts, wording)
    return Section("variants", say("Smaller and faster"), text, tuple(blocks))


def _sizes(facts: VariantFacts, wording: Wording) -> tuple[Table, ...]:
    table = size_table(facts, wording)
    return (table,) if table else ()


def _refused(facts: VariantFacts, wording: Wording) -> Section | None:
    if not facts.refused:
        return None
    lines = tuple(f"{one.way.told(wording.say)}: {one.why}" for one in facts.refused)
    notice = Notice(wording.say("These could not be made of this model."), Tone.PLAIN, lines)
    return Section("refused", wording.say("Not made"), "", (notice,))


def _making(recipe: VariantRecipe, facts: VariantFacts, notes: tuple[str, ...], wording: Wording) -> Section:
    say = wording.say
    text = say(_RULE_OF_BOXES if facts.boxes else _RULE).format(
        lost=wording.decimal(recipe.at_most_lost, 2),
        worst=wording.decimal(recipe.at_worst_lost, 2),
        faster=wording.decimal(recipe.least_faster, 2),
    )
    rows = (
        Fact(say("Photos judged"), wording.count(facts.n)),
        Fact(say("Photos for the ranges of int8"), wording.count(facts.calibrated)),
        Fact(say("Whole numbers of this processor"), integers_here().name, mono=True),
        Fact(say("Original, SHA-256"), facts.original.candidate.model.sha256, mono=True),
        Fact(say("Chosen, made of"), facts.chosen.candidate.way.told(say)),
    )
    told = (Notice(say("Noted on the way"), Tone.PLAIN, notes),) if notes else ()
    return Section("making", say("How this was decided"), text, (Facts(rows), *told))
