"""What a page says of how many photos there are of what, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from taxolens.core.records import Image, Part
from taxolens.data.statistics import FEW, UNEVEN
from taxolens.report.bars import Bar, Bars
from taxolens.report.outline import Titled
from taxolens.report.page import Block, Pair, Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.pie import pie_chart
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_boxes import box_sizes, pixels_left
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_words import photos

_MOST_BARS = 60
_MOST_GROUPS = 12
_OPEN_GROUPS = 4


def counts_section(found: Findings, wording: Wording) -> Section:
    """Bars and pies of all photos and of each plant or site, and how far classes are from balance."""
    say = wording.say
    if found.shown is not None:
        return _boxed_section(found, wording)
    text = say(
        "How many photos there are of each class. A class with few photos is learnt badly, "
        "and its figures in any later report rest on little."
    )
    blocks: list[Block] = [
        Pair((_bars(found, wording), _pie(found, found.counts.totals.tolist(), say("All photos"), wording)))
    ]
    blocks += _balance(found, wording)
    blocks += [_parts(found, wording)] if found.divided else []
    blocks += _groups(found, wording)
    if found.counts_of_boxes is not None:
        blocks += [_box_bars(found, wording), box_sizes(found, wording)]
        unclassed = int((found.truth < 0).sum())
        if unclassed:
            told = say("Photos with boxes of several classes or of none, which count for no class: {n}.")
            blocks.append(Notice(told.format(n=wording.count(unclassed))))
    return Section("counts", say("Photos per class"), text, tuple(blocks))


def _boxed_section(found: Findings, wording: Wording) -> Section:
    """The same where boxes alone say what photos show, and a photo may show several classes."""
    say = wording.say
    text = say(
        "How many photos show each class, and how many boxes it has; a photo with several classes counts for each. "
        "A class with few photos is found badly, and its figures in any later report rest on little."
    )
    empty = sum(image.annotations is not None and not image.annotations for image in found.images)
    undrawn = sum(image.annotations is None for image in found.images)
    blocks: list[Block] = [Pair((_bars(found, wording), _box_bars(found, wording)))]
    blocks += _balance(found, wording)
    blocks += [_parts(found, wording)] if found.divided else []
    blocks += _groups(found, wording)
    blocks += [box_sizes(found, wording), *pixels_left(found, wording)]
    told = say("Photos in which nothing is, which teach what is no animal: {n}.").format(
        n=wording.count(empty)
    )
    blocks += [Notice(told, Tone.PLAIN)] if empty else []
    told = say("Photos that nobody has drawn boxes in are not learnt from: {count}.")
    blocks += [Notice(told.format(count=wording.count(undrawn)), Tone.PLAIN)] if undrawn else []
    return Section("counts", say("Boxes and photos of each class"), text, tuple(blocks))


def _bars(found: Findings, wording: Wording) -> Bars:
    say = wording.say
    rows = sorted(
        zip(found.of_classes.labels, found.of_classes.totals.tolist(), strict=True),
        key=lambda one: (-one[1], one[0]),
    )
    reading = ""
    if len(rows) > _MOST_BARS:
        reading = say("The {shown} largest of {n} classes; all are in the table of figures.").format(
            shown=_MOST_BARS, n=wording.count(len(rows))
        )
    most = max((count for _, count in rows), default=0) or 1
    total = (sum(count for _, count in rows) if found.shown is None else found.read) or 1
    bars = tuple(
        Bar(
            name,
            count / most,
            wording.count(count),
            detail=wording.percent(count / total),
            weak=count < FEW,
        )
        for name, count in rows[:_MOST_BARS]
    )
    return Bars(say("Photos per class"), reading, bars)


def _pie(found: Findings, totals: Sequence[int], title: str, wording: Wording) -> Block:
    labels = found.of_classes.labels
    present = [(labels[k], int(count), k) for k, count in enumerate(totals) if count]
    return pie_chart(
        [(name, count) for name, count, _ in present],
        wording,
        title=title,
        hues=[found.hues[k] for _, _, k in present],
    )


def _balance(found: Findings, wording: Wording) -> list[Block]:
    """How far the classes are from having the same number, and what to do about it."""
    say, found_balance = wording.say, found.imbalance
    if len(found.of_classes.labels) < 2:
        return []
    text = say(
        "The largest class, {largest}, has {ratio} times the photos of the smallest, {smallest}. "
        "The classes are worth {effective} classes of equal size, out of {n}."
    ).format(
        largest=found_balance.largest,
        smallest=found_balance.smallest,
        ratio=wording.decimal(found_balance.ratio, 1),
        effective=wording.decimal(found_balance.effective, 1),
        n=wording.count(len(found.of_classes.labels)),
    )
    # Weighing classes is for those who name whole photos; a detector can only be given more of them.
    told = found_balance.advice if found.shown is None else found_balance.advice[: int(_few(found))]
    advice = tuple(say(one.template).format(**one.fields) for one in told)
    if found_balance.ratio < UNEVEN:
        return [Notice(one, Tone.CAREFUL if _few(found) else Tone.GOOD) for one in advice[:1]]
    return [Notice(text, Tone.CAREFUL, advice)]


def _few(found: Findings) -> bool:
    """Whether a class has few photos; then the first advice is of that."""
    return int(found.of_classes.totals.min()) < FEW


def _parts(found: Findings, wording: Wording) -> Table:
    """Photos of each class in each part of the data's own split."""
    say, parts = wording.say, tuple(Part)
    counts = Counter((label, image.part) for image in found.images for label in _classes_of(image, found))
    columns = (Column(say("Class")), *(Column(say(part.value), numeric=True) for part in parts))
    rows = tuple(
        Row(
            (
                Cell(label),
                *(Cell(wording.count(counts[label, part]), counts[label, part]) for part in parts),
            ),
        )
        for label in found.of_classes.labels
    )
    return Table(say("The data's own split"), columns, rows, tall=14)


def _classes_of(image: Image, found: Findings) -> frozenset[str | None]:
    """The classes that a photo counts for."""
    if found.shown is None:
        return frozenset((image.label,))
    return frozenset(one.label for one in image.annotations or ())


def _groups(found: Findings, wording: Wording) -> list[Block]:
    """Bars and a pie for each plant or site; a table where they are many."""
    counts = found.of_classes
    if len(counts.groups) < 2:
        return []
    order = sorted(range(len(counts.groups)), key=lambda row: -int(counts.table[row].sum()))
    if len(order) > _MOST_GROUPS:
        return [_group_table(found, order, wording)]
    blocks: list[Block] = []
    for place, row in enumerate(order):
        totals = counts.table[row].tolist()
        count = photos(sum(totals), wording)
        name = counts.groups[row]
        bars = _group_bars(found, totals, name, wording)
        inner: Block = Pair((bars, _pie(found, totals, name, wording))) if found.shown is None else bars
        blocks.append(Titled(name, (inner,), count=count, folded=place >= _OPEN_GROUPS))
    return blocks


def _group_bars(found: Findings, totals: Sequence[int], name: str, wording: Wording) -> Bars:
    rows = sorted(
        ((found.of_classes.labels[k], count) for k, count in enumerate(totals) if count),
        key=lambda one: -one[1],
    )
    most = rows[0][1] if rows else 1
    bars = tuple(Bar(label, count / most, wording.count(count)) for label, count in rows[:_MOST_BARS])
    return Bars(wording.say("Classes of {group}").format(group=name), "", bars)


def _group_table(found: Findings, order: Sequence[int], wording: Wording) -> Table:
    say, counts = wording.say, found.of_classes
    columns = (
        Column(say("Group")),
        Column(say("Photos"), numeric=True),
        Column(say("Classes"), numeric=True),
        Column(say("Most frequent class")),
    )
    total = max(int(counts.table.sum()), 1)
    rows = []
    for row in order:
        own = counts.table[row]
        most, count = int(own.argmax()), int(own.sum())
        present = int((own > 0).sum())
        cells = (
            Cell(counts.groups[row]),
            Cell(wording.count(count), count, bar=ShareBar(count / total)),
            Cell(wording.count(present), present),
            Cell(counts.labels[most], detail=wording.percent(int(own[most]) / max(count, 1))),
        )
        rows.append(Row(cells))
    return Table(say("Photos per group or site"), columns, tuple(rows))


def _box_bars(found: Findings, wording: Wording) -> Bars:
    say, boxes = wording.say, found.counts_of_boxes
    rows = [] if boxes is None else list(zip(boxes.labels, boxes.totals.tolist(), strict=True))
    rows.sort(key=lambda one: (-one[1], one[0]))
    most = max((count for _, count in rows), default=0) or 1
    bars = tuple(Bar(name, count / most, wording.count(count)) for name, count in rows[:_MOST_BARS])
    return Bars(say("Boxes per class"), "", bars)
