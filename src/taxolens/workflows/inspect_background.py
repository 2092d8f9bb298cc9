"""What a page says of shortcuts: how much the edges of the photos alone give away."""

from __future__ import annotations

from taxolens.report.bars import Bar, Bars
from taxolens.report.page import Block, Section
from taxolens.report.panels import Notice, Tile, Tiles, Tone
from taxolens.report.table import ShareBar
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_findings import Findings

_MOST_CLASSES = 20
_TONES = {"ok": Tone.GOOD, "warn": Tone.CAREFUL, "strong": Tone.BAD}


def background_section(found: Findings, wording: Wording) -> Section | None:
    """How well eight background pixels name the class."""
    probe, say = found.background, wording.say
    if probe is None:
        return None
    text = say(
        "A model takes the easiest way. If all photos of a disease were taken on one table, it learns the table. "
        "Here a small model sees nothing but 8 pixels at the border of each photo, where the subject is not. In "
        "PlantVillage, a set of 38 leaf diseases photographed in a laboratory, 8 background pixels alone named 49 % "
        "of the photos correctly, where guessing finds 2.6 %: models with 99 % there fail in the field "
        "(arXiv 2206.04374)."
    )
    tiles = Tiles(
        (
            Tile(
                say("Named by 8 border pixels"),
                wording.percent(probe.accuracy),
                wording.interval(*probe.interval),
                say("Cross-validated: the photos it names were not among those it learnt from."),
                ShareBar(probe.accuracy, *probe.interval),
            ),
            Tile(
                say("By always naming the largest class"),
                wording.percent(probe.chance),
                meaning=say("What can be had without looking at all."),
                bar=ShareBar(probe.chance),
            ),
        )
    )
    verdict = Notice(_verdict(found, wording), _TONES.get(str(probe.verdict), Tone.PLAIN))
    blocks: tuple[Block, ...] = (verdict, tiles, _classes(found, wording))
    return Section("background", say("Does the background give it away?"), text, blocks)


def _verdict(found: Findings, wording: Wording) -> str:
    say, probe = wording.say, found.background
    told = {
        "ok": say(
            "The border of the photos says little about the class. A model will have to look at the subject."
        ),
        "warn": say(
            "The border of the photos says something about the class. Test the model on photos from another "
            "place, and compare with the subject cut out (taxolens prepare)."
        ),
        "strong": say(
            "The border of the photos gives the class away. A high accuracy will not mean that the subject was "
            "recognised: take photos of every class on the same backgrounds, or cut the subject out "
            "(taxolens prepare), and test on photos from another place."
        ),
    }
    return told.get(str(probe.verdict) if probe else "", "")


def _classes(found: Findings, wording: Wording) -> Bars:
    """Which classes the border gives away most."""
    say, probe = wording.say, found.background
    shares = [] if probe is None else [(found.labels[k], float(one)) for k, one in enumerate(probe.per_class)]
    shares = sorted((one for one in shares if one[1] == one[1]), key=lambda one: -one[1])[:_MOST_CLASSES]
    bars = tuple(Bar(name, share, wording.percent(share, 0)) for name, share in shares)
    reading = say("Share of the photos of a class that their border alone names.")
    return Bars(say("Given away by the border"), reading, bars)
