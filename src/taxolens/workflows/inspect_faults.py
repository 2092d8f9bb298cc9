"""What a page says of photos that cannot be read, or hardly show anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from taxolens.core.texts import noted
from taxolens.report.gallery import Gallery
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_words import photos

_MOST_PICTURES = 12
_MOST_ROWS = 200

FAULTS: Mapping[str, tuple[str, str]] = {
    "blurred": (
        noted("Blurred"),
        noted("Far less sharp than the other photos. Leave them out where the subject cannot be told."),
    ),
    "dark": (noted("Very dark"), noted("Almost all pixels are black: is there anything to be seen?")),
    "over_exposed": (noted("Over-exposed"), noted("Almost all pixels are white.")),
    "flat": (noted("Almost one colour"), noted("Nothing stands out: an empty frame, a lens cap, fog.")),
    "tiny": (noted("Very small"), noted("Fewer pixels than a model looks at.")),
    "odd_aspect": (
        noted("Very long or very high"),
        noted("A model looks at squares: these are squeezed or cut."),
    ),
    "box_outside": (
        noted("Boxes outside their photo"),
        noted("Were photos resized after the boxes were drawn?"),
    ),
    "box_empty": (noted("Boxes without extent"), noted("Draw them anew or delete them.")),
    "box_twice": (noted("Boxes drawn twice"), noted("The same thing would be counted twice.")),
}
"""What each fault of a photo is called, and what to do."""


def faults_section(found: Findings, pictures: Pictures, wording: Wording) -> Section:
    """Files that cannot be read, then photos by what is wrong with them."""
    say = wording.say
    title = say("Problems of files and photos")
    blocks: list[Block] = []
    if found.failures:
        blocks.append(_failures(found, wording))
    if found.box_problems:
        blocks.append(_box_problems(found, wording))
    by_code: dict[str, list[int]] = defaultdict(list)
    for fault in found.faults:
        by_code[fault.code].append(fault.index)
    ordered = [code for code in FAULTS if code in by_code] + [code for code in by_code if code not in FAULTS]
    for code in ordered:
        blocks.append(_kind(code, list(dict.fromkeys(by_code[code])), pictures, wording))
    if not blocks:
        text = say("All files can be read, and no photo is blurred, dark, over-exposed or tiny.")
        return Section("problems", title, blocks=(Notice(text, Tone.GOOD),))
    text = say(
        "Limits are both absolute and relative to the other photos of this set, so that a set that is dark as a "
        "whole is not wholly listed. Nothing was changed or deleted."
    )
    return Section("problems", title, text, tuple(blocks))


def _failures(found: Findings, wording: Wording) -> Table:
    say = wording.say
    columns = (Column(say("File")), Column(say("Why it cannot be read")))
    rows = tuple(
        Row((Cell(one.name, mono=True), Cell(say(one.reason)))) for one in found.failures[:_MOST_ROWS]
    )
    caption = say("Files that cannot be read: {n}").format(n=wording.count(len(found.failures)))
    return Table(caption, columns, rows, tall=12)


def _box_problems(found: Findings, wording: Wording) -> Table:
    say = wording.say
    columns = (Column(say("File")), Column(say("Line"), numeric=True), Column(say("What stands there")))
    rows = tuple(
        Row((Cell(one.name, mono=True), Cell(str(one.line or ""), one.line), Cell(one.detail)))
        for one in found.box_problems[:_MOST_ROWS]
    )
    caption = say("Boxes that cannot be meant: {n}").format(n=wording.count(len(found.box_problems)))
    return Table(caption, columns, rows, tall=12)


def _kind(code: str, rows: list[int], pictures: Pictures, wording: Wording) -> Titled:
    say = wording.say
    name, text = FAULTS.get(code, (code, ""))
    shown = rows[:_MOST_PICTURES]
    pictures.prepare(shown)
    gallery = Gallery(say(name), tuple(pictures.picture(row) for row in shown), small=True)
    count = photos(len(rows), wording)
    left = len(rows) - len(shown)
    more = say("Photos that are not shown, but are in the table of problems (--list): {n}.").format(
        n=wording.count(left)
    )
    text = " ".join(filter(None, (say(text) if text else "", more if left else "")))
    return Titled(say(name), (gallery,), text, count)
