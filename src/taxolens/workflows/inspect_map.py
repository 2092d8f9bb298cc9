"""The map of photos on a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taxolens.core.texts import Say
from taxolens.probe.map import Map
from taxolens.recipes.inspect import MapWay
from taxolens.report.page import Section
from taxolens.report.scatter import Point, scatter_map
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_sample import stratified
from taxolens.workflows.inspect_words import group_name, photos

MOST_POINTS = 2000


@dataclass(frozen=True, slots=True)
class _Marked:
    """Photos with a place, and what they are marked by: classes, or groups that bear no names.

    Attributes:
        kinds: int64 [m], class or group of each.
        hues: the mark of each kind.
    """

    rows: NDArray[np.int64]
    map: Map
    kinds: NDArray[np.int64]
    names: tuple[str, ...]
    hues: tuple[int, ...]


def map_section(found: Findings, pictures: Pictures, wording: Wording) -> Section | None:
    """Each photo a point; photos that look alike to the backbone lie close to each other."""
    marked, say = _marked(found, wording), wording.say
    if marked is None:
        return None
    drawn = stratified(marked.kinds, MOST_POINTS, found.recipe.seed)
    rows = marked.rows[drawn]
    doubtful = {one.row for one in found.suspects}
    points = [
        Point(found.images[row].name, float(x), float(y), kind, row in doubtful)
        for row, kind, (x, y) in zip(
            rows.tolist(), marked.kinds[drawn].tolist(), marked.map.places[drawn], strict=True
        )
    ]
    text = _by_class(say) if found.study else _by_group(say)
    if len(rows) < found.read:
        text += " " + say("{n} photos of {total} are drawn.").format(
            n=wording.count(len(rows)), total=wording.count(found.read)
        )
    chart = scatter_map(
        points,
        marked.names,
        wording,
        title=say("Map of photos"),
        reading=_reading(marked.map, wording),
        sprite=pictures.sheet(rows.tolist()) if len(rows) else None,
        hues=marked.hues,
        spoken="" if found.study else photos(len(rows), wording),
    )
    return Section("map", say("Map of photos"), text, (chart,))


def _marked(found: Findings, wording: Wording) -> _Marked | None:
    if found.study is not None:
        rows = found.study.rows
        return _Marked(rows, found.study.map, found.truth[rows], found.labels, found.hues)
    if found.alike is not None:
        groups = range(len(found.alike.groups.members))
        names = tuple(group_name(number, wording) for number in groups)
        return _Marked(found.alike.rows, found.alike.map, found.alike.groups.assigned, names, tuple(groups))
    return None


def _by_class(say: Say) -> str:
    return say(
        "Each point is a photo; photos that look alike to the backbone lie close to each other. Rest the pointer "
        "on a point to see the photo, press a class to see it alone. A point far from its class may have a wrong "
        "label; ringed points are those suspected of it."
    )


def _by_group(say: Say) -> str:
    return say(
        "Each point is a photo; photos that look alike to the backbone lie close to each other. Rest the pointer "
        "on a point to see the photo, press a group to see it alone."
    )


def _reading(drawn: Map, wording: Wording) -> str:
    say = wording.say
    if drawn.way is MapWay.TSNE:
        return say(
            "t-SNE: neighbours are to be trusted; distances between far groups and sizes of groups mean nothing."
        )
    share = float(sum(drawn.explained))
    return say(
        "PCA: the two directions in which photos differ most; they hold {share} of all difference."
    ).format(share=wording.percent(share, 0))
