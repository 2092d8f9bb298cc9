"""What a page shows of photos without labels: groups that look alike."""

from __future__ import annotations

from taxolens.report.gallery import Gallery
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_words import group_name, photos

_PER_GROUP = 12


def groups_section(found: Findings, pictures: Pictures, wording: Wording) -> Section | None:
    """Some photos of each group, those in its middle first."""
    alike, say = found.alike, wording.say
    if alike is None:
        return None
    shown = [alike.rows[one[:_PER_GROUP]].tolist() for one in alike.groups.members]
    pictures.prepare([row for rows in shown for row in rows])
    blocks: list[Block] = [*(Notice(hint) for hint in found.hints)]
    for number, (rows, members) in enumerate(zip(shown, alike.groups.members, strict=True)):
        name = group_name(number, wording)
        gallery = Gallery(name, tuple(pictures.picture(row) for row in rows), small=True)
        blocks.append(Titled(name, (gallery,), count=photos(len(members), wording)))
    text = say(
        "Photos that look alike to the backbone, grouped without knowing what they show (k-means); the most "
        "typical of each group come first. A group is no class: it may be a species, but also a camera, a "
        "background or the time of day. It is a quick way to sort photos by hand."
    )
    return Section("alike", say("Groups that look alike"), text, tuple(blocks))
