"""What a page says of where a model comes from: its split, its photos, its making."""

from __future__ import annotations

from taxolens.core.records import Failure
from taxolens.recipes.split import SplitBy
from taxolens.report.page import Block, Section
from taxolens.report.panels import Command, Commands, Fact, Facts, Notice, Tone
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording
from taxolens.workflows.model_facts import (
    AgreementFacts,
    BackboneFacts,
    DuplicateFacts,
    HeadFacts,
    ModelFacts,
    SplitFacts,
)
from taxolens.workflows.model_learning import network_facts

_MOST_FAILURES = 500
_MOST_CONTRADICTIONS = 20


def honesty_section(facts: ModelFacts, wording: Wording) -> Section:
    """How far the test can be trusted: the split, the duplicates, and what was noticed."""
    say = wording.say
    blocks: list[Block] = []
    if facts.split is None:
        text = say(
            "Whether the model learnt from some of these photos is not known here; if it did, it looks too good."
        )
    else:
        text = _told_split(facts.split, wording)
        blocks.append(Facts(_split_facts(facts.split, wording)))
    if facts.boxes is not None:
        blocks.append(
            Notice(
                say(
                    "The model names boxes. Each is cut out of its photo with some of what is around it, and each counts as "
                    "a photo on this page. All boxes of one photo are on the same side of the split."
                )
            )
        )
    if facts.duplicates is not None:
        blocks.append(_told_duplicates(facts.duplicates, wording))
    if facts.notes:
        blocks.append(Notice(say("Worth knowing"), Tone.CAREFUL, facts.notes))
    return Section("honesty", say("How honest is this test?"), text, tuple(blocks))


def _told_split(split: SplitFacts, wording: Wording) -> str:
    say = wording.say
    return {
        SplitBy.SITE: say(
            "Photos of one site are never on both sides of the split, so the test asks what the model does at places "
            "that are new to it."
        ),
        SplitBy.SEQUENCE: say(
            "Photos of one sequence are never on both sides of the split, so near-identical frames cannot flatter the "
            "figures. Places may still be shared."
        ),
        SplitBy.DATE: say(
            "Photos of one date are never on both sides of the split. Places may still be shared."
        ),
    }.get(
        split.by,
        say(
            "Photos were dealt out one by one. Where several show the same animal or scene, the figures are "
            "flattering; name sites or sequences for a stricter test."
        ),
    )


def _split_facts(split: SplitFacts, wording: Wording) -> tuple[Fact, ...]:
    say = wording.say
    words = {
        SplitBy.SITE: say("site"),
        SplitBy.SEQUENCE: say("sequence"),
        SplitBy.DATE: say("date"),
    }
    shares = " / ".join(wording.decimal(share, 0) for share in (split.train, split.val, split.test))
    facts = [
        Fact(say("Kept together"), words.get(split.by, say("single photos"))),
        Fact(say("Training / validation / test, in percent"), shares),
        Fact(say("Seed of the split"), str(split.seed)),
    ]
    if split.units is not None:
        facts.append(Fact(say("Units dealt out"), wording.count(split.units)))
    return tuple(facts)


def _told_duplicates(duplicates: DuplicateFacts, wording: Wording) -> Notice:
    say = wording.say
    if not duplicates.groups:
        return Notice(say("No photo is in the data twice."), Tone.GOOD)
    text = say(
        "Photos that are in the data more than once: {photos} (distinct pictures: {groups}). "
        "All copies of one are on the same side of the split."
    ).format(photos=wording.count(duplicates.photos), groups=wording.count(duplicates.groups))
    if not duplicates.contradictions:
        return Notice(text)
    text += " " + say("Copies with different labels, of which at least one must be wrong: {n}").format(
        n=wording.count(len(duplicates.contradictions))
    )
    shown = tuple(" = ".join(names) for names in duplicates.contradictions[:_MOST_CONTRADICTIONS])
    return Notice(text, Tone.CAREFUL, shown)


def data_section(facts: ModelFacts, wording: Wording) -> Section | None:
    """The photos: how many of what, and which could not be read."""
    say = wording.say
    blocks: list[Block] = []
    if facts.photos is not None:
        blocks.append(_photo_facts(facts, facts.photos, wording))
    if facts.counts:
        blocks.append(_count_table(facts, wording))
    if facts.failures:
        blocks += _failure_blocks(facts.failures, wording)
    elif facts.photos is not None:
        blocks.append(Notice(say("Every photo could be read."), Tone.GOOD))
    return Section("data", say("The photos"), blocks=tuple(blocks)) if blocks else None


def _photo_facts(facts: ModelFacts, photos: int, wording: Wording) -> Facts:
    say = wording.say
    known = [
        Fact(say("Photos found"), wording.count(photos)),
        Fact(say("Photos that could not be read"), wording.count(len(facts.failures))),
    ]
    if facts.boxes is not None:
        known.append(Fact(say("Boxes in them"), wording.count(facts.boxes)))
    if facts.data:
        known.insert(0, Fact(say("Source"), facts.data))
    return Facts(tuple(known))


def _count_table(facts: ModelFacts, wording: Wording) -> Table:
    say = wording.say
    everything = say("All photos") if facts.boxes is None else say("All boxes")
    titles = (everything, say("Training"), say("Validation"), say("Test"))
    columns = (Column(say("Class")), *(Column(title, numeric=True) for title in titles))
    most = max(each.train + each.val + each.test for each in facts.counts) or 1
    rows = []
    for each in facts.counts:
        total = each.train + each.val + each.test
        parts = (Cell(wording.count(n), n) for n in (each.train, each.val, each.test))
        whole = Cell(wording.count(total), total, bar=ShareBar(total / most))
        rows.append(Row((Cell(facts.names.get(each.label, each.label)), whole, *parts)))
    title = say("Photos by class and part of the split")
    if facts.boxes is not None:
        title = say("Boxes by class and part of the split")
    return Table(title, columns, tuple(rows))


def _failure_blocks(failures: tuple[Failure, ...], wording: Wording) -> list[Block]:
    say = wording.say
    text = say("Photos that could not be read: {n}. They are in no figure of this page.")
    columns = (Column(say("File")), Column(say("Reason")))
    shown = failures[:_MOST_FAILURES]
    rows = tuple(Row((Cell(failure.name), Cell(say(failure.reason)))) for failure in shown)
    blocks: list[Block] = [
        Notice(text.format(n=wording.count(len(failures))), Tone.CAREFUL),
        Table(say("Photos that could not be read"), columns, rows),
    ]
    if len(failures) > len(shown):
        rest = say("Not shown here: {n}").format(n=wording.count(len(failures) - len(shown)))
        blocks.append(Notice(rest))
    return blocks


def making_section(facts: ModelFacts, wording: Wording) -> Section | None:
    """How the model was made, and the checks that it passed."""
    say = wording.say
    known: list[Fact] = []
    if facts.backbone:
        known += _backbone_facts(facts.backbone, wording)
    if facts.network:
        known += network_facts(facts.network, wording)
    if facts.head:
        known += _head_facts(facts.head, wording)
    known += _decision_facts(facts, wording)
    if facts.parity:
        known += _agreement_facts(say("Model file agrees with the trained head"), facts.parity, wording)
    if facts.decode:
        known += _agreement_facts(say("Scaled decoding agrees with full decoding"), facts.decode, wording)
    known += [
        Fact(say("Time: {stage}").format(stage=say(stage)), wording.duration(s))
        for stage, s in facts.seconds.items()
    ]
    if facts.file:
        known += [
            Fact(say("Model file"), facts.file.name),
            Fact(say("Size"), wording.megabytes(facts.file.size)),
            Fact("SHA-256", facts.file.sha256, mono=True),
        ]
    blocks: list[Block] = [Facts(tuple(known))] if known else []
    if facts.backbone and facts.backbone.hint:
        blocks.append(Notice(facts.backbone.hint))
    return Section("making", say("How it was made"), blocks=tuple(blocks)) if blocks else None


def _backbone_facts(backbone: BackboneFacts, wording: Wording) -> list[Fact]:
    say = wording.say
    facts = [Fact(say("Backbone"), backbone.name)]
    if backbone.licence:
        facts.append(Fact(say("Licence of the backbone"), backbone.licence))
    if backbone.dimension is not None:
        facts.append(Fact(say("Length of an embedding"), wording.count(backbone.dimension)))
    return facts


def _head_facts(head: HeadFacts, wording: Wording) -> list[Fact]:
    say = wording.say
    facts = []
    if head.regularisation is not None:
        facts.append(
            Fact(
                say("Inverse regularisation (C)"),
                f"{head.regularisation:g}".replace(".", wording.convention.point),
            )
        )
    if head.temperature is not None:
        facts.append(Fact(say("Temperature"), wording.decimal(head.temperature, 3)))
    if head.class_weight is not None:
        facts.append(Fact(say("Class weights"), say(head.class_weight)))
    return facts


def _decision_facts(facts: ModelFacts, wording: Wording) -> list[Fact]:
    say = wording.say
    known = []
    if facts.unsure is not None:
        known.append(Fact(say('"Unsure" below a score of'), wording.decimal(facts.unsure, 3)))
    if facts.conformal_quantile is not None:
        known.append(Fact(say("Conformal quantile"), wording.decimal(facts.conformal_quantile, 3)))
    return known


def _agreement_facts(name: str, agreement: AgreementFacts, wording: Wording) -> list[Fact]:
    say = wording.say
    told = say("{share} of {n} photos").format(
        share=wording.percent(agreement.agreement), n=wording.count(agreement.n)
    )
    facts = [Fact(name, told)]
    if agreement.largest_difference is not None:
        difference = f"{agreement.largest_difference:.1e}".replace(".", wording.convention.point)
        facts.append(Fact(say("Largest difference of a probability"), difference))
    return facts


def next_section(facts: ModelFacts, wording: Wording) -> Section | None:
    """What to do next."""
    if not facts.next_steps:
        return None
    commands = tuple(Command(step.purpose, step.line) for step in facts.next_steps)
    return Section("next", wording.say("What to do next"), blocks=(Commands(commands),))
