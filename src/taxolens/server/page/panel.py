"""What the page tells of a model: its card, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from taxolens.core.errors import UsageError
from taxolens.core.texts import Say, for_count, noted
from taxolens.inference.decision import kept_from, least_of
from taxolens.modelfile.card import Card, Metric, Task
from taxolens.report.wording import NO_BREAK_SPACE, Wording, shortened
from taxolens.server.desk import Served, State

_SHOWN, _NAMED = 24, 600
"""Classes that are named at once, and behind a click; a model may have 20,000."""
_SHARES = frozenset({"accuracy", "macro_f1", "top5", "map50", "map50_95"})
_MEASURED: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": noted("Named rightly"),
        "macro_f1": noted("F1 score, mean over the classes"),
        "top5": noted("Right name among the best five"),
        "ece": noted("Calibration error"),
        "map50": noted("mAP at an overlap of 50%"),
        "map50_95": noted("mAP at overlaps of 50 to 95%"),
    }
)
_BASES = (noted("held-out part"), noted("validation part"))
"""What the cards of our own trainings say that they were measured on."""

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "classify": noted("Names what a photo shows"),
        "detect": noted("Finds things in a photo and names them"),
        "pipeline": noted("Finds things in a photo with one model and names them with another"),
    }
)
_DIVIDED: Mapping[str, str] = MappingProxyType(
    {
        "site": noted("by site: judged at places that it had not seen"),
        "sequence": noted("by event: photos of one event were never on both sides"),
        "date": noted("by date: judged on later photos"),
        "none": noted("photo by photo, by chance"),
    }
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of a card.

    Attributes:
        name: what was measured.
        value: as text.
        interval: of the value; empty where the card has none.
        basis: on how many photos of what.
    """

    name: str
    value: str
    interval: str
    basis: str


@dataclass(frozen=True, slots=True)
class Row:
    """A fact with its name.

    Attributes:
        code: it is a hash or the like.
    """

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where boxes may be asked for, 0..1, and from where on they are shown usually."""

    least: float
    usual: float


@dataclass(frozen=True, slots=True)
class Panel:
    """A model as the page shows it.

    Attributes:
        name: that requests use.
        title: for people.
        kind: "classify", "detect" or "pipeline".
        ready: whether it answers.
        reason: why not.
        doing: what it is for, one line.
        classes: names of the first ones.
        others: names of further ones.
        more: how many classes are not named.
        count: of all classes.
        boxes: thresholds of a detector; None for others: a pipeline's depend on two models.
    """

    name: str
    title: str
    version: str
    kind: str
    ready: bool
    reason: str
    doing: str
    classes: tuple[str, ...]
    others: tuple[str, ...]
    more: int
    count: int
    measured: tuple[Measured, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    boxes: Range | None


def panels(models: tuple[Served, ...], wording: Wording) -> tuple[Panel, ...]:
    """One panel for each name: its newest version that answers, else its newest."""
    newest: dict[str, Served] = {}
    for model in models:
        before = newest.get(model.name)
        if before is None or model.state is State.READY or before.state is not State.READY:
            newest[model.name] = model
    return tuple(_panel(model, wording) for model in newest.values())


def _panel(model: Served, wording: Wording) -> Panel:
    card = model.card
    names = tuple(taxon.name(wording.language) for taxon in card.taxa)
    return Panel(
        name=model.name,
        title=card.name,
        version=model.version,
        kind=model.kind,
        ready=model.state is State.READY,
        reason=wording.say(model.reason),
        doing=wording.say(_KINDS[model.kind]),
        classes=names[:_SHOWN],
        others=names[_SHOWN:_NAMED],
        more=max(0, len(names) - _NAMED),
        count=len(names),
        measured=tuple(_measured(metric, wording) for metric in card.metrics),
        rows=tuple(_rows(model, wording)),
        notes=tuple(wording.say(note) for note in card.notes),
        boxes=boxes_from(card) if model.kind == "detect" else None,
    )


def _measured(metric: Metric, wording: Wording) -> Measured:
    say = wording.say
    share = metric.name in _SHARES
    interval = ""
    if share and metric.low is not None and metric.high is not None:
        interval = wording.interval(metric.low, metric.high)
    return Measured(
        say(_MEASURED.get(metric.name, metric.name)),
        wording.percent(metric.value) if share else wording.decimal(metric.value),
        interval,
        _basis(metric, wording),
    )


def _basis(metric: Metric, wording: Wording) -> str:
    say = wording.say
    on = metric.data or metric.split
    data = say(on) if on else ""
    if metric.n is None:
        return data
    text = for_count(metric.n, noted("{n} photo"), noted("{n} photos"))
    count = say(text).format(n=wording.count(metric.n))
    return f"{count}, {data}" if data else count


def _rows(model: Served, wording: Wording) -> list[Row]:
    say, card = wording.say, model.card
    rows = [
        Row(say("Version"), model.version),
        Row(say("Also called"), ", ".join(model.aliases)),
        Row(say("Classes"), wording.count(len(card.classes))),
        Row(say("Input"), f"{card.input.width} × {card.input.height} {say('pixels')}"),
        *_training(card, say),
        *_promise(card, wording),
        Row(say("Licence"), card.licence or say("not stated by its maker")),
        Row(say("Made with"), f"{card.created_with}, {card.created_at:%Y-%m-%d}"),
        Row(say("Fingerprint of the file"), model.sha256[:16], code=True),
    ]
    return [row for row in rows if row.value]


def _training(card: Card, say: Say) -> list[Row]:
    """What it learnt from, as far as the card tells."""
    source = card.recipe.get("source")
    data = source.get("data") if isinstance(source, dict) else None
    split = card.split
    backbone = card.backbone
    return [
        Row(say("Trained on"), _set(str(data), say) if data else say("not stated in its card")),
        Row(say("Photos divided"), say(_DIVIDED.get(split.by, split.by)) if split else ""),
        Row(say("Backbone"), f"{backbone.name} ({backbone.licence or '?'})" if backbone else ""),
    ]


def _set(name: str, say: Say) -> str:
    return say("the set “{name}”").format(name=shortened(name, 80))


def _promise(card: Card, wording: Wording) -> list[Row]:
    """From where on an answer counts."""
    say, limits = wording.say, card.thresholds
    if card.task is Task.DETECT or not limits.unsure:
        return []
    text = wording.percent(limits.unsure, 0)
    if limits.precision is not None:
        aim = say("chosen so that {share} of such answers are right")
        text += f"{NO_BREAK_SPACE}({aim.format(share=wording.percent(limits.precision, 0))})"
    return [Row(say("Sure from"), text)]


def boxes_from(card: Card) -> Range:
    """The thresholds that boxes of a model can have."""
    least = kept_from(card)
    try:
        return Range(least, least_of(card, None))
    except UsageError:
        return Range(least, least)
