"""The map of photos on a page."""

from __future__ import annotations

from taxolens.recipes.inspect import MapWay
from taxolens.report.page import Section
from taxolens.report.scatter import Point, scatter_map
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings
from taxolens.workflows.inspect_pictures import Pictures
from taxolens.workflows.inspect_sample import stratified

MOST_POINTS = 2000


def map_section(found: Findings, pictures: Pictures, wording: Wording) -> Section | None:
    """Each photo a point; photos that look alike to the backbone lie close to each other."""
    study, say = found.study, wording.say
    if study is None:
        return None
    drawn = stratified(found.truth[study.rows], MOST_POINTS, found.recipe.seed)
    rows = study.rows[drawn]
    doubtful = {one.row for one in found.suspects}
    points = [
        Point(
            found.images[row].name,
            float(x),
            float(y),
            int(found.truth[row]),
            row in doubtful,
        )
        for row, (x, y) in zip(rows.tolist(), study.map.places[drawn], strict=True)
    ]
    text = say(
        "Each point is a photo; photos that look alike to the backbone lie close to each other. Rest the pointer "
        "on a point to see the photo, press a class to see it alone. A point far from its class may have a wrong "
        "label; ringed points are those suspected of it."
    )
    if len(rows) < found.read:
        text += " " + say("{n} photos of {total} are drawn.").format(
            n=wording.count(len(rows)), total=wording.count(found.read)
        )
    chart = scatter_map(
        points,
        found.labels,
        wording,
        title=say("Map of photos"),
        reading=_reading(found, wording),
        sprite=pictures.sheet(rows.tolist()) if len(rows) else None,
        hues=found.hues,
    )
    return Section("map", say("Map of photos"), text, (chart,))


def _reading(found: Findings, wording: Wording) -> str:
    say, study = wording.say, found.study
    if study is not None and study.map.way is MapWay.TSNE:
        return say(
            "t-SNE: neighbours are to be trusted; distances between far groups and sizes of groups mean nothing."
        )
    share = float(sum(study.map.explained)) if study is not None else 0.0
    return say(
        "PCA: the two directions in which photos differ most; they hold {share} of all difference."
    ).format(share=wording.percent(share, 0))
