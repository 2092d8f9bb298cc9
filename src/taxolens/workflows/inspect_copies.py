"""What a page says of photos that are there twice, or nearly."""

from __future__ import annotations

from taxolens.report.clusters import Badge, Cluster, Clusters
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice, Tile, Tiles, Tone
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_twins import Twins
from taxolens.workflows.inspect_words import groups

_MOST_CLUSTERS = 24
_MOST_PLAIN = 12
_MOST_SCENES = 6
_MOST_PICTURES = 6


def copies_section(found: Findings, pictures: Pictures, wording: Wording) -> Section:
    """Copies and look-alikes side by side, the harmful ones first."""
    say = wording.say
    title = say("Copies and near copies")
    if not found.twins:
        text = say("No photo is there twice, and none is nearly like another.")
        return Section("copies", title, blocks=(Notice(text, Tone.GOOD),))
    text = say(
        "The same photo in the training part and in the test part makes a test too easy: the answer was learnt by "
        "heart. The same photo under two names teaches a contradiction. Near copies (saved anew, cropped, a burst "
        "of one event) do the same, only less plainly."
    )
    blocks: list[Block] = [_tiles(found, wording)]
    for name, twins, most in _kinds(found, wording):
        if twins:
            inner = _clusters(found, name, twins[:most], pictures, wording)
            count = groups(len(twins), wording)
            left = len(twins) - most
            more = say("Groups that are not shown, but in the table of problems (--list): {n}.")
            told = more.format(n=wording.count(left)) if left > 0 else ""
            blocks.append(Titled(name, (inner,), told, count))
    return Section("copies", title, text, tuple(blocks))


def _tiles(found: Findings, wording: Wording) -> Tiles:
    say = wording.say
    exact = [one for one in found.twins if one.exact]
    near = [one for one in found.twins if not one.exact]
    tiles = [
        Tile(
            say("Identical files"),
            wording.count(sum(len(one.rows) for one in exact)),
            groups(len(exact), wording),
            say("Byte for byte the same."),
        ),
        Tile(
            say("Near copies"),
            wording.count(sum(len(one.rows) for one in near)),
            groups(len(near), wording),
            say("Found by their pattern and, with a backbone, by their content."),
        ),
    ]
    if found.divided:
        crossing = sum(1 for one in found.twins if one.parts_differ)
        tiles.append(
            Tile(
                say("Groups across parts of the split"),
                wording.count(crossing),
                meaning=say("Leaks: what was learnt stands in the test as well."),
            )
        )
    differ = sum(1 for one in found.twins if one.contradiction)
    if found.labelled:
        tiles.append(
            Tile(
                say("Groups with different names"),
                wording.count(differ),
                meaning=say("At most one of the names can be right."),
            )
        )
    return Tiles(tuple(tiles))


def _kinds(found: Findings, wording: Wording) -> list[tuple[str, list[Twins], int]]:
    """Each group under the worst that is true of it."""
    say = wording.say
    crossing = [one for one in found.twins if one.parts_differ]
    differing = [one for one in found.twins if one.contradiction and not one.parts_differ]
    plain = [one for one in found.twins if not one.contradiction and not one.parts_differ]
    exact = [one for one in plain if one.exact]
    event = [one for one in plain if not one.exact and one.one_event]
    scene = [one for one in plain if one.scene and not one.one_event]
    apart = [one for one in plain if not one.exact and not one.one_event and not one.scene]
    return [
        (say("Across parts of the split"), crossing, _MOST_CLUSTERS),
        (say("Under different names"), differing, _MOST_CLUSTERS),
        (say("Identical files"), exact, _MOST_PLAIN),
        (say("Near copies"), apart, _MOST_PLAIN),
        (say("One scene or subject, again and again"), scene, _MOST_SCENES),
        (say("Near copies within one sequence, as expected of a burst"), event, _MOST_SCENES),
    ]


def _clusters(
    found: Findings, title: str, twins: list[Twins], pictures: Pictures, wording: Wording
) -> Clusters:
    pictures.prepare([row for one in twins for row in one.shown(_MOST_PICTURES)])
    return Clusters(title, tuple(_cluster(found, one, pictures, wording) for one in twins))


def _cluster(found: Findings, twins: Twins, pictures: Pictures, wording: Wording) -> Cluster:
    say = wording.say
    shown = twins.shown(_MOST_PICTURES)
    name = say("{n} identical files") if twins.exact else say("{n} near copies")
    left = len(twins.rows) - len(shown)
    return Cluster(
        title=name.format(n=wording.count(len(twins.rows))),
        pictures=tuple(pictures.picture(row, *_lines(found, row, wording)) for row in shown),
        badges=_badges(twins, wording),
        more=say("and {n} more").format(n=wording.count(left)) if left else "",
    )


def _badges(twins: Twins, wording: Wording) -> tuple[Badge, ...]:
    say = wording.say
    told = []
    if twins.labels_differ:
        told.append(Badge(say("different names"), Tone.BAD if twins.contradiction else Tone.PLAIN))
    if twins.parts_differ:
        told.append(Badge(say("across parts"), Tone.CAREFUL))
    return tuple(told)


def _lines(found: Findings, row: int, wording: Wording) -> tuple[tuple[str, str], ...]:
    say, image = wording.say, found.images[row]
    lines = [(say("Class"), image.label)] if image.label else []
    if image.part:
        lines.append((say("Part"), say(image.part.value)))
    return tuple(lines)
