"""The page about a data set."""

from __future__ import annotations

from taxolens.core.texts import Say
from taxolens.report.page import Page, Section
from taxolens.report.panels import Command, Commands, Fact, Facts, Notice
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_background import background_section
from taxolens.workflows.inspect_boxes import drawn_section
from taxolens.workflows.inspect_copies import copies_section
from taxolens.workflows.inspect_counts import counts_section
from taxolens.workflows.inspect_examples import examples_section, means_section
from taxolens.workflows.inspect_faults import faults_section
from taxolens.workflows.inspect_feasibility import feasibility_section
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_groups import groups_section
from taxolens.workflows.inspect_labels import labels_section
from taxolens.workflows.inspect_looks import looks_section, timeline_section
from taxolens.workflows.inspect_map import map_section
from taxolens.workflows.inspect_overview import FINE, UNLABELLED, Advice, advice_of, overview_section
from taxolens.workflows.inspect_pictures import Pictures


def inspect_page(found: Findings, pictures: Pictures, *, say: Say) -> str:
    """One self-contained HTML page; pictures go first where they matter most, for their room is limited."""
    wording = Wording(say, found.recipe.language)
    advice = advice_of(found, wording)
    labels = labels_section(found, pictures, wording) if found.study else None
    copies = copies_section(found, pictures, wording)
    faults = faults_section(found, pictures, wording)
    # Where boxes alone say what photos show, examples of boxes say more than whole photos.
    whole = found.shown is None
    examples = examples_section(found, pictures, wording) if whole else None
    sections: list[Section | None] = [
        overview_section(found, advice, wording),
        counts_section(found, wording) if found.labelled else None,
        drawn_section(found, wording) if not whole else None,
        faults,
        copies,
        labels,
        background_section(found, wording),
        feasibility_section(found, wording),
        groups_section(found, pictures, wording),
        map_section(found, pictures, wording),
        drawn_section(found, wording) if whole else None,
        examples,
        means_section(found, wording) if whole else None,
        looks_section(found, wording),
        timeline_section(found, wording),
        _making(found, wording),
    ]
    page = Page(
        title=found.name,
        lead=lead(found, advice, wording),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Inspection of a data set"),
        meta=_meta(found, wording),
    )
    return page.html(wording)


def lead(found: Findings, advice: tuple[Advice, ...], wording: Wording) -> str:
    """The sentences to read when there is time for no more."""
    first, *_ = advice
    told = first.title
    if first.code == UNLABELLED:
        told = f"{first.title}."
    elif first.code != FINE:
        told = wording.say("First look at this: {what}.").format(what=first.title)
    # The verdict is of naming whole photos, which says little of finding what is in them.
    return f"{found.verdict(wording) if found.shown is None else ''} {told}".strip()


def _meta(found: Findings, wording: Wording) -> tuple[str, ...]:
    say = wording.say
    known = [
        say("Photos: {n}").format(n=wording.count(found.read + len(found.failures))),
        say("Classes: {n}").format(n=wording.count(len(found.of_classes.labels))) if found.labelled else "",
        say("Backbone: {name}").format(name=found.backbone) if found.backbone else "",
        f"{found.made:%Y-%m-%d %H:%M}",
    ]
    return tuple(fact for fact in known if fact)


def _making(found: Findings, wording: Wording) -> Section:
    """How this page came about, and what to do next."""
    say = wording.say
    facts = [Fact(say("Data"), str(found.recipe.source.data), mono=True)]
    facts += [Fact(say("Backbone"), found.backbone)] if found.backbone else []
    if found.study:
        facts.append(Fact(say("Photos studied"), wording.count(len(found.study.rows))))
    facts += [Fact(say(stage), wording.duration(spent)) for stage, spent in found.seconds.items()]
    commands = Commands(tuple(Command(purpose, line) for purpose, line in found.next_steps(wording)))
    notes = (Notice(say("What was said on the way"), lines=found.notes),) if found.notes else ()
    return Section(
        "making", say("How this was made, and what next"), "", (commands, *notes, Facts(tuple(facts)))
    )
