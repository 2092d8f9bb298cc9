"""The page about several models on the same photos."""

from __future__ import annotations

from taxolens.core.texts import Say
from taxolens.evaluation.result import Interval
from taxolens.evaluation.rivals import Finding, Rivalry
from taxolens.report.dots import Dot, dot_chart
from taxolens.report.gallery import Budget, Thumbnails
from taxolens.report.page import Block, Pair, Section
from taxolens.report.page import Page as ReportPage
from taxolens.report.panels import Notice, Tone
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.tradeoff import Spot, tradeoff_chart
from taxolens.report.wording import Wording
from taxolens.workflows.compare_curves import curves_section
from taxolens.workflows.compare_facts import Compared, Comparison
from taxolens.workflows.compare_gallery import differing_section
from taxolens.workflows.compare_words import (
    points_range,
    signed_points,
    told_choice,
    told_finding,
    told_p,
)

_TONES = {Finding.BETTER: Tone.GOOD, Finding.WORSE: Tone.CAREFUL, Finding.NO_DIFFERENCE: Tone.PLAIN}
_MOST_FAILURES = 100


def comparison_page(found: Comparison, thumbnails: Thumbnails, *, say: Say, language: str) -> str:
    """One self-contained HTML page.

    Args:
        thumbnails: gives a small JPEG of an image by its name; None where there is none.
        language: code for `lang` and for the way numbers are written; `say` speaks it.
    """
    wording = Wording(say, language)
    sections = (
        _verdict_section(found, wording),
        _figures_section(found, wording),
        _speed_section(found, wording),
        _pairs_section(found, wording),
        curves_section(found, wording),
        differing_section(found, thumbnails, Budget(), wording),
        _classes_section(found, wording),
        _photos_section(found, wording),
    )
    groups = found.models[0].result.groups
    meta = [
        say("Models: {n}").format(n=wording.count(len(found.models))),
        say("Photos: {n}").format(n=wording.count(found.n)),
        say("Classes: {n}").format(n=wording.count(found.classes.common)),
        say("Data: {name}").format(name=found.data),
    ]
    if groups is not None:
        meta.append(say("Independent groups among them: {n}").format(n=wording.count(groups)))
    page = ReportPage(
        title=" · ".join(found.names)
        if len(found.models) < 4
        else say("{n} models").format(n=len(found.models)),
        lead=_lead(found, wording),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Report of a comparison"),
        meta=tuple(meta),
    )
    return page.html(wording)


def _lead(found: Comparison, wording: Wording) -> str:
    """Which to choose; without speeds, what the comparison shows."""
    chosen = told_choice(found, wording)
    return " ".join(chosen[:1]) or told_finding(found.rivalries[0], found.names, wording)


def _verdict_section(found: Comparison, wording: Wording) -> Section:
    say = wording.say
    blocks: list[Block] = [
        Notice(told_finding(one, found.names, wording), _TONES[one.finding]) for one in found.rivalries
    ]
    more = told_choice(found, wording)[1:]
    blocks += [Notice(text) for text in more]
    if found.notes:
        blocks.append(Notice(say("Worth knowing"), Tone.CAREFUL, found.notes))
    text = say(
        "A difference counts as shown when it would come about by luck in fewer than one of twenty such tests, "
        "all comparisons of this page taken together, and its interval leaves out zero."
    )
    return Section("verdict", say("What is shown"), text, tuple(blocks))


def _figures_section(found: Comparison, wording: Wording) -> Section:
    say = wording.say

    def chart(title: str, reading: str, figures: list[Interval]) -> Block:
        dots = [
            Dot(model.name, figure.value, figure.low, figure.high, place)
            for place, (model, figure) in enumerate(zip(found.models, figures, strict=True))
        ]
        return dot_chart(
            dots,
            wording,
            title=title,
            reading=reading,
            x_title=title,
            write=wording.percent,
            floor=0.0,
            ceiling=1.0,
        )

    reading = say("The line is the 95% interval: the longer it is, the less is known.")
    charts = (
        chart(say("Accuracy"), reading, [model.result.accuracy for model in found.models]),
        chart(
            say("Class mean (macro F1)"),
            say("Rare classes count as much as common ones; low when some classes are often missed."),
            [model.result.macro_f1 for model in found.models],
        ),
    )
    return Section("figures", say("Figures"), blocks=(Pair(charts), _model_table(found, wording)))


def _model_table(found: Comparison, wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Model")),
        Column(say("Accuracy"), numeric=True),
        Column("Macro-F1", numeric=True),
        Column(
            say("Log loss"),
            numeric=True,
            explanation=say("Punishes wrong answers that were sure; smaller is better."),
        ),
        Column(
            say("Calibration error (ECE)"),
            numeric=True,
            explanation=say(
                "By how much its scores miss the share that is right, on average; smaller is better."
            ),
        ),
        Column(say("File"), numeric=True),
    )
    rows = tuple(_model_row(model, wording) for model in found.models)
    return Table(say("All models, with 95% intervals"), columns, rows)


def _model_row(model: Compared, wording: Wording) -> Row:
    backbone = model.card.backbone.name if model.card.backbone else ""
    result, scores = model.result, model.scores
    return Row(
        (
            Cell(model.name, detail=backbone),
            _share(result.accuracy, wording),
            _share(result.macro_f1, wording),
            _number(scores.loss, wording, 3),
            _share(scores.ece, wording),
            Cell(wording.megabytes(model.size), model.size),
        )
    )


def _share(figure: Interval, wording: Wording) -> Cell:
    return Cell(wording.percent(figure.value), figure.value, wording.percent_range(figure.low, figure.high))


def _number(figure: Interval, wording: Wording, digits: int) -> Cell:
    reach = wording.say("{low} to {high}").format(
        low=wording.decimal(figure.low, digits), high=wording.decimal(figure.high, digits)
    )
    return Cell(wording.decimal(figure.value, digits), figure.value, reach)


def _rate(figure: Interval, wording: Wording) -> Cell:
    """Photos per second; of hundreds nobody reads the tenths."""
    return _number(figure, wording, 0 if figure.value >= 100 else 1)


def _speed_section(found: Comparison, wording: Wording) -> Section | None:
    choice = found.choice
    if choice is None:
        return None
    say = wording.say
    spots = [
        Spot(
            model.name,
            model.speed.whole.value,
            model.result.accuracy.value,
            model.result.accuracy.low,
            model.result.accuracy.high,
            place in choice.front,
        )
        for place, model in enumerate(found.models)
        if model.speed
    ]
    chart = tradeoff_chart(
        spots,
        wording,
        title=say("Accuracy against speed"),
        reading=say(
            "Higher is more accurate, further right is faster. Larger dots, joined by the line, are those that no "
            "other model beats in one without losing in the other."
        ),
        x_title=say("Photos per second"),
        y_title=say("Accuracy"),
    )
    photos = max(model.speed.photos for model in found.models if model.speed)
    text = say(
        "Measured on this machine on {n} photos, one photo at a time on one thread, the models taking turns; "
        "medians. Other machines differ, and the ratios much less."
    ).format(n=wording.count(photos))
    table = _speed_table(found, choice.front, wording)
    return Section("speed", say("Accuracy and speed"), text, (chart, table))


def _speed_table(found: Comparison, front: tuple[int, ...], wording: Wording) -> Table:
    say = wording.say
    columns = (
        Column(say("Model")),
        Column(
            say("Photos per second"),
            numeric=True,
            explanation=say("On one thread of this machine, with decoding."),
        ),
        Column(say("Network alone"), numeric=True, explanation=say("The same without reading and decoding.")),
        Column(say("Accuracy"), numeric=True),
        Column(
            say("Beaten in both"),
            explanation=say("Another model is more accurate and not slower, or faster and as accurate."),
        ),
    )
    rows = tuple(
        Row(
            (
                Cell(model.name),
                _rate(model.speed.whole, wording),
                _rate(model.speed.alone, wording),
                _share(model.result.accuracy, wording),
                Cell(say("no") if place in front else say("yes")),
            )
        )
        for place, model in enumerate(found.models)
        if model.speed
    )
    return Table(say("Photos per second, with 95% intervals"), columns, rows)


def _pairs_section(found: Comparison, wording: Wording) -> Section:
    say, names = wording.say, found.names
    first = names[found.against]
    columns = (
        Column(say("Model")),
        Column(
            say("Accuracy, points"), numeric=True, explanation=say("Its accuracy less that of the other.")
        ),
        Column(say("Macro-F1, points"), numeric=True),
        Column(say("Both right"), numeric=True),
        Column(say("Only {model}").format(model=first), numeric=True),
        Column(say("Only this one"), numeric=True),
        Column(say("Both wrong"), numeric=True),
        Column(
            say("McNemar test"),
            numeric=True,
            explanation=say("Exact; takes every photo as independent of the others."),
        ),
        Column(
            say("p"),
            numeric=True,
            explanation=say("Adjusted for the number of comparisons (Holm); respects sites or sequences."),
        ),
    )
    rows = tuple(_pair_row(one, names, wording) for one in found.rivalries)
    caption = say("Each model against {model}").format(model=first)
    dots = [
        Dot(
            names[one.second],
            one.paired.accuracy.value,
            one.paired.accuracy.low,
            one.paired.accuracy.high,
            one.second,
        )
        for one in found.rivalries
    ]
    chart = dot_chart(
        dots,
        wording,
        title=say("Difference of accuracy from {model}").format(model=first),
        reading=say("In percentage points, with 95% intervals; right of the dashed line is better."),
        x_title=say("Points"),
        write=lambda value, digits: wording.decimal(100 * value, digits).replace("-", "\N{MINUS SIGN}"),
        zero=True,
    )
    text = say(
        "Both models of a pair are judged on the same photos, so a photo that is hard for both does not blur "
        "the difference."
    )
    return Section("pairs", say("Model against model"), text, (chart, Table(caption, columns, rows)))


def _pair_row(one: Rivalry, names: tuple[str, ...], wording: Wording) -> Row:
    paired, outcomes = one.paired, one.paired.outcomes
    counts = (outcomes.both, outcomes.only_first, outcomes.only_second, outcomes.neither)
    return Row(
        (
            Cell(names[one.second]),
            *(
                Cell(signed_points(figure.value, wording), figure.value, points_range(figure, wording))
                for figure in (paired.accuracy, paired.macro_f1)
            ),
            *(Cell(wording.count(count), count) for count in counts),
            Cell(told_p(paired.mcnemar, wording), paired.mcnemar),
            Cell(told_p(one.p, wording), one.p),
        )
    )


def _classes_section(found: Comparison, wording: Wording) -> Section:
    """F1 of every class, one column for each model."""
    say = wording.say
    columns = (
        Column(say("Class")),
        Column(say("Photos"), numeric=True),
        *(Column(name, numeric=True, explanation="F1") for name in found.names),
    )
    judged = [place for place in range(found.classes.common) if found.models[0].result.classes[place].support]
    rows = []
    for place in judged:
        own = [model.result.classes[place] for model in found.models]
        cells = (Cell(wording.decimal(one.f1.value, 3), one.f1.value) for one in own)
        support = own[0].support
        rows.append(
            Row(
                (Cell(_class_name(found, place, wording)), Cell(wording.count(support), support), *cells),
                weak=support < 20,
            )
        )
    text = say(
        "Balance of what is found and how far the name can be trusted (F1). Greyed classes have few photos."
    )
    table = Table(say("F1 of each class"), columns, tuple(rows), hidden_caption=True)
    return Section("classes", say("Class by class"), text, (table,))


def _class_name(found: Comparison, place: int, wording: Wording) -> str:
    label = found.classes.labels[place]
    names = {taxon.id: taxon.name(wording.language) for taxon in found.models[0].card.taxa}
    return names.get(label, label)


def _photos_section(found: Comparison, wording: Wording) -> Section | None:
    """Photos that could not be read."""
    if not found.failures:
        return None
    say = wording.say
    text = say("Photos that could not be read: {n}. They are in no figure of this page.")
    rows = tuple(
        Row((Cell(failure.name), Cell(say(failure.reason)))) for failure in found.failures[:_MOST_FAILURES]
    )
    table = Table(say("Photos that could not be read"), (Column(say("File")), Column(say("Reason"))), rows)
    told = text.format(n=wording.count(len(found.failures)))
    return Section("data", say("The photos"), blocks=(Notice(told, Tone.CAREFUL), table))
