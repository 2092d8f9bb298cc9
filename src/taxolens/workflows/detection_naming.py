"""What is said of the names of boxes: how often they are right, and whether their shares mean what they say."""

from __future__ import annotations

from taxolens.core.texts import noted
from taxolens.evaluation.detection.result import DetectionResult, NamingResult
from taxolens.report.chart import Chart
from taxolens.report.page import Block
from taxolens.report.panels import Notice, Tone
from taxolens.report.reliability import ScoreBin, reliability_chart
from taxolens.report.wording import Wording

_NAMES = noted("Names of the {n} boxes that lie on true ones: {right} right, calibration error {ece}.")
_NAMES_CALIBRATED = noted(
    "Names of the {n} boxes that lie on true ones: {right} right, calibration error {ece} (before calibration {before})."
)


def told_naming(naming: NamingResult, wording: Wording) -> str:
    """How good the names of boxes are, and how well their scores are calibrated."""
    template = _NAMES if naming.temperature == 1.0 else _NAMES_CALIBRATED
    return wording.say(template).format(
        n=wording.count(naming.n),
        right=wording.percent(naming.accuracy),
        ece=wording.percent(naming.after.ece),
        before=wording.percent(naming.before.ece),
    )


def naming_blocks(result: DetectionResult, wording: Wording) -> tuple[Block, ...]:
    """Whether the shares of classes in a box mean what they say."""
    say, naming = wording.say, result.naming
    if naming is None:
        alone = say("With one class there is nothing to name, and so nothing to calibrate of names.")
        return (Notice(alone, Tone.PLAIN),) if len(result.labels) == 1 else ()
    bins = [ScoreBin(b.low, b.high, b.confidence, b.accuracy, b.count) for b in naming.after.bins]
    told = Notice(told_naming(naming, wording), Tone.PLAIN)
    chart: Chart = reliability_chart(
        bins,
        wording,
        title=say("Shares of the best class and names that are right"),
        reading=say(
            "Of boxes that lie on a true one: how large the share of the best class was, and how often it was the right "
            "one. On the dashed line both are equal."
        ),
        unit=say("Boxes"),
        axes=(say("Share of the best class"), say("Names that are right")),
    )
    return (told, chart)
