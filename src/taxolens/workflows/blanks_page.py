"""The part of a page about blank photos: how many, where, when, and what they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from taxolens.report.bars import Bar, Bars
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, ShareBar, Table
from taxolens.report.wording import Wording
from taxolens.workflows.blanks import LEAST_RUN, Run
from taxolens.workflows.site_book import Site

_BARS = 45
"""Days, or months, that are shown; more days than this are shown as months."""
_SITES_NAMED = 20


def blanks_section(sites: Sequence[Site], wording: Wording) -> Section | None:
    """Blank photos by site and by month (by day in short studies); None where there are none."""
    if not any(site.blank for site in sites):
        return None
    say = wording.say
    blocks: list[Block] = []
    silent = [site for site in sites if site.name and site.blank and site.blank + site.failed == site.photos]
    if silent:
        named = tuple(f"{site.name}: {wording.count(site.photos)}" for site in silent[:_SITES_NAMED])
        text = say("Cameras that saw nothing: {count}. Their photos are all blank.")
        blocks.append(Notice(text.format(count=wording.count(len(silent))), Tone.CAREFUL, named))
    blocks.append(_by_site(sites, wording))
    over_time = _over_time(sites, wording)
    if over_time is not None:
        blocks.append(over_time)
    reading = say(
        "At least {least} blank photos in a row, none more than 10 minutes after the one before, have one cause: "
        "grass in the wind, the sun on a stone, a camera that slipped."
    )
    return Section("blanks", say("Blank photos"), reading.format(least=LEAST_RUN), tuple(blocks))


def _by_site(sites: Sequence[Site], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Site")),
        Column(say("Photos"), numeric=True),
        Column(say("Blank"), numeric=True),
        Column(say("Blank in long runs"), numeric=True),
        Column(say("Longest run"), numeric=True),
    )
    return Table(
        say("Blank photos"), columns, tuple(_row(site, wording) for site in sites), hidden_caption=True
    )


def _row(site: Site, wording: Wording) -> Row:
    blanks, share = site.blanks, site.blank / site.photos
    longest = blanks.longest
    return Row(
        (
            Cell(site.name or wording.say("All photos")),
            Cell(wording.count(site.photos), site.photos),
            Cell(wording.percent(share), share, bar=ShareBar(share)),
            Cell(
                wording.count(blanks.in_runs),
                blanks.in_runs,
                detail=wording.say("Runs: {n}").format(n=wording.count(blanks.runs)) if blanks.runs else "",
            ),
            Cell(
                wording.count(longest.photos if longest else 0),
                longest.photos if longest else 0,
                detail=_when(longest) if longest else "",
            ),
        )
    )


def _when(run: Run) -> str:
    if run.first is None or run.last is None:
        return run.name
    return f"{run.first:%Y-%m-%d %H:%M} – {run.last:%H:%M}"


def _over_time(sites: Sequence[Site], wording: Wording) -> Bars | None:
    photos: Counter[str] = Counter()
    blank: Counter[str] = Counter()
    days = {day for site in sites for day in site.blanks.photos}
    form = "%Y-%m-%d" if len(days) <= _BARS else "%Y-%m"
    for site in sites:
        for day, count in site.blanks.photos.items():
            photos[day.strftime(form)] += count
            blank[day.strftime(form)] += site.blanks.blank[day]
    if len(photos) < 2:
        return None
    say = wording.say
    shown = sorted(photos)[-_BARS:]
    bars = tuple(
        Bar(
            name,
            blank[name] / photos[name],
            wording.percent(blank[name] / photos[name]),
            detail=say("of {photos} photos").format(photos=wording.count(photos[name])),
        )
        for name in shown
    )
    title = say("Blank photos by day") if "-%d" in form else say("Blank photos by month")
    return Bars(title, say("Of the photos whose time is known."), bars)
