"""What a page says of labels that are likely wrong."""

from __future__ import annotations

from taxolens.report.gallery import Gallery
from taxolens.report.page import Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_study import Suspect

MOST_SHOWN = 36
_MOST_LISTED = 200


def labels_section(found: Findings, pictures: Pictures, wording: Wording) -> Section:
    """Suspects, the likeliest first, each with what it is called and what it looks like."""
    say = wording.say
    title = say("Labels that are likely wrong")
    suspects = found.suspects
    if not suspects:
        text = say("No label stands against what the other photos of its class look like.")
        return Section("labels", title, blocks=(Notice(text, Tone.GOOD),))
    text = say(
        "Each photo was named by a model that had not seen it, learnt from the others. Here the model is sure of "
        "another name than the given one; the likeliest mistakes come first. The model errs too: look before "
        "you change a label."
    )
    likely = sum(one.likely for one in suspects)
    if likely < len(suspects):
        text += " " + say("Likely wrong: {likely}. Only worth a look: {others}.").format(
            likely=wording.count(likely), others=wording.count(len(suspects) - likely)
        )
    shown = suspects[:MOST_SHOWN]
    pictures.prepare([one.row for one in shown])
    gallery = Gallery(
        title,
        tuple(
            pictures.picture(
                one.row,
                (say("Called"), one.given),
                (say("Looks like"), one.suggested),
                (say("How sure"), wording.percent(one.of_suggested, 0)),
            )
            for one in shown
        ),
    )
    blocks = (gallery, _table(found, suspects, wording)) if len(suspects) > MOST_SHOWN else (gallery,)
    return Section("labels", title, text, blocks)


def _table(found: Findings, suspects: tuple[Suspect, ...], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Photo")),
        Column(say("Called")),
        Column(say("Looks like")),
        Column(say("How sure"), numeric=True),
    )
    rows = tuple(
        Row(
            (
                Cell(found.images[one.row].name, mono=True),
                Cell(one.given),
                Cell(one.suggested),
                Cell(wording.percent(one.of_suggested), one.of_suggested),
            )
        )
        for one in suspects[MOST_SHOWN : MOST_SHOWN + _MOST_LISTED]
    )
    return Table(say("Further suspects"), columns, rows, tall=12)
