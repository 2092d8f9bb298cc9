"""The page about a search: what was tried, what came of it, what it hangs on."""

from __future__ import annotations

import math

from taxolens.core.records import Part
from taxolens.core.search import Choice, Parameter, Real, Trial, TrialState, Value
from taxolens.core.texts import noted
from taxolens.report.bars import Bar, Bars
from taxolens.report.page import Block, Page, Pair, Section
from taxolens.report.panels import Command, Commands, Fact, Facts, Notice, Tile, Tiles, Tone
from taxolens.report.small import Smalls
from taxolens.report.table import Cell, Column, Row, Table
from taxolens.report.ways import (
    Axis,
    Course,
    Mark,
    Step,
    Way,
    course_chart,
    history_chart,
    parallel_chart,
    slice_of,
)
from taxolens.report.wording import MISSING, Wording
from taxolens.workflows.run_folder import BEST
from taxolens.workflows.tune_facts import Searched

_TOP_SHARE = 5
_MOST_TICKS = 6
_ACCURACY = noted("Validation accuracy")


def tuning_page(found: Searched, wording: Wording) -> str:
    """One self-contained HTML page."""
    say = wording.say
    sections = (
        _outcome(found, wording),
        _history(found, wording),
        _importance(found, wording),
        _parallel(found, wording),
        _slices(found, wording),
        _trials(found, wording),
    )
    page = Page(
        title=say("Search for {name}").format(name=found.name),
        lead=" ".join(found.verdict(wording)),
        sections=tuple(section for section in sections if section is not None),
        eyebrow=say("Report of a search"),
        meta=(
            say("Data: {name}").format(name=found.data),
            say("Network: {name}, {method}").format(name=found.network, method=found.method),
            say("Classes: {n}").format(n=wording.count(found.classes)),
            say("Photos to learn from: {train}, to choose by: {val}").format(
                train=wording.count(found.photos[Part.TRAIN]), val=wording.count(found.photos[Part.VAL])
            ),
        ),
    )
    return page.html(wording)


def _outcome(found: Searched, wording: Wording) -> Section:
    say = wording.say
    complete, pruned = found.count(TrialState.COMPLETE), found.count(TrialState.PRUNED)
    detail = say("{complete} complete, {pruned} stopped early, {failed} failed").format(
        complete=complete, pruned=pruned, failed=found.count(TrialState.FAILED)
    )
    default = found.default.outcome
    tiles = (
        Tile(say("Best trial"), _percent(found.best, wording), _number(found.best, wording)),
        Tile(
            say("Default"),
            wording.percent(default.figure) if default.figure is not None else MISSING,
            _number(found.default, wording),
        ),
        Tile(say("Trials"), wording.count(len(found.trials)), detail),
        Tile(say("Time of all epochs"), wording.duration(found.seconds)),
    )
    blocks: list[Block] = [Tiles(tiles), Notice(found.origin(wording), Tone.CAREFUL)]
    chosen = found.best or found.default
    facts = tuple(
        Fact(name, _told(chosen.values.get(name), wording), mono=True) for name in _by_importance(found)
    )
    line = f"taxolens train {found.data} --out RUN --recipe {BEST}"
    blocks += [Facts(facts), Commands((Command(say("Train with these settings"), line),))]
    return Section("outcome", say("What was found"), blocks=tuple(blocks))


def _history(found: Searched, wording: Wording) -> Section | None:
    say = wording.say
    steps = [
        Step(one.number, _name(one, wording), one.outcome.figure, _mark(one, found))
        for one in found.trials
        if one.outcome.figure is not None
    ]
    if not steps:
        return None
    begun = found.default.outcome.figure
    chart = history_chart(
        steps,
        wording,
        title=say("Accuracy by trial"),
        reading=say("The line is the best so far; the dashes are the default, trial 0."),
        x_title=say("Trial"),
        y_title=say(_ACCURACY),
        begun=begun,
    )
    return Section("history", say("How the search went"), blocks=(Pair((chart, *_courses(found, wording))),))


def _courses(found: Searched, wording: Wording) -> tuple[Block, ...]:
    say = wording.say
    courses = [
        Course(_name(one, wording), tuple(sorted(one.curve.items())), _mark(one, found))
        for one in found.trials
        if one.curve
    ]
    if found.epochs < 2 or not courses:
        return ()
    chart = course_chart(
        courses,
        wording,
        title=say("Accuracy by epoch"),
        reading=say("Trials that lagged behind others after as many epochs were stopped early."),
        x_title=say("Epoch"),
        y_title=say(_ACCURACY),
    )
    return (chart,)


def _importance(found: Searched, wording: Wording) -> Section | None:
    say = wording.say
    title = say("What matters")
    if not found.importances:
        text = say("There are too few complete trials to tell which settings matter. Raise --trials.")
        return Section("importance", title, text) if len(found.trials) > 1 else None
    bars = tuple(
        Bar(name, share, wording.percent(share, 0))
        for name, share in sorted(found.importances.items(), key=lambda pair: -pair[1])
    )
    reading = say(
        "Share of the differences between complete trials that a setting explains by itself and with others "
        "(fANOVA). With few trials it is a hint, no more."
    )
    return Section("importance", title, blocks=(Bars(say("Importance"), reading, bars),))


def _parallel(found: Searched, wording: Wording) -> Section | None:
    say = wording.say
    names = _by_importance(found)
    ways = _ways(found, names, wording)
    if len(ways) < 2:
        return None
    chart = parallel_chart(
        [_axis(name, found.space[name], wording) for name in names],
        ways,
        wording,
        title=say("All trials, setting by setting"),
        reading=say("Follow a line from left to right: where good trials run together, the setting matters."),
        figure=say("Accuracy"),
    )
    return Section("parallel", say("Settings side by side"), blocks=(chart,))


def _slices(found: Searched, wording: Wording) -> Section | None:
    say = wording.say
    names = _by_importance(found)
    ways = _ways(found, names, wording)
    if len(ways) < 2:
        return None
    best = found.best or found.default
    smalls = tuple(
        slice_of(
            _axis(name, found.space[name], wording),
            place,
            ways,
            wording,
            value=_told(best.values.get(name), wording),
            reading="",
        )
        for place, name in enumerate(names)
    )
    text = say(
        "Validation accuracy, upwards, against each setting; beneath its name the value of the best trial."
    )
    return Section("slices", say("Setting by setting"), text, (Smalls(say("Setting by setting"), smalls),))


def _trials(found: Searched, wording: Wording) -> Section:
    say = wording.say
    names = _by_importance(found)
    columns = (
        Column(say("Trial"), numeric=True),
        Column(say("State")),
        Column(say(_ACCURACY), numeric=True),
        Column(say("Validation loss"), numeric=True),
        Column(say("Epochs"), numeric=True),
        Column(say("Seconds"), numeric=True),
        *(Column(name, numeric=_is_numeric(found.space[name])) for name in names),
    )
    rows = tuple(_row(one, names, wording) for one in found.trials)
    return Section("trials", say("All trials"), blocks=(Table(say("All trials"), columns, rows, True),))


def _is_numeric(parameter: Parameter) -> bool:
    return not isinstance(parameter, Choice) or not any(isinstance(one, str) for one in parameter.values)


def _row(trial: Trial, names: tuple[str, ...], wording: Wording) -> Row:
    outcome = trial.outcome
    detail = outcome.why or (wording.say("the default") if trial.number == 0 else "")
    cells = (
        Cell(wording.count(trial.number), sort=trial.number),
        Cell(wording.say(outcome.state.value), detail=detail),
        _figure(outcome.figure, wording, percent=True),
        _figure(outcome.loss, wording, percent=False),
        Cell(wording.count(outcome.epochs), sort=outcome.epochs),
        Cell(wording.decimal(outcome.seconds, 1), sort=outcome.seconds),
        *(_cell(trial.values.get(name), wording) for name in names),
    )
    return Row(cells, weak=outcome.state is not TrialState.COMPLETE)


def _figure(value: float | None, wording: Wording, *, percent: bool) -> Cell:
    if value is None:
        return Cell(MISSING, sort=math.nan)
    return Cell(wording.percent(value) if percent else wording.decimal(value, 3), sort=value)


def _cell(value: Value | None, wording: Wording) -> Cell:
    return Cell(_told(value, wording), sort=None if isinstance(value, str | None) else value)


def _ways(found: Searched, names: tuple[str, ...], wording: Wording) -> tuple[Way, ...]:
    """Trials with a figure and a value for each parameter."""
    return tuple(
        Way(
            name=_name(one, wording),
            places=tuple(place_of(found.space[name], one.values[name]) for name in names),
            words=tuple(_told(one.values[name], wording) for name in names),
            figure=one.outcome.figure,
            mark=_mark(one, found),
        )
        for one in found.trials
        if one.outcome.figure is not None and all(name in one.values for name in names)
    )


def _mark(trial: Trial, found: Searched) -> Mark:
    if found.best is not None and trial.number == found.best.number:
        return Mark.BEST
    if trial.outcome.state is not TrialState.COMPLETE:
        return Mark.STOPPED
    complete = [one for one in found.trials if one.outcome.state is TrialState.COMPLETE]
    ranked = sorted(complete, key=lambda one: -(one.outcome.figure or 0.0))
    top = {one.number for one in ranked[: len(ranked) // _TOP_SHARE]}
    return Mark.TOP if trial.number in top else Mark.DONE


def place_of(parameter: Parameter, value: Value) -> float:
    """Where a value lies between the ends of its parameter, 0..1; of choices, in their order."""
    if isinstance(parameter, Choice):
        last = len(parameter.values) - 1
        return parameter.values.index(value) / last if last and value in parameter.values else 0.0
    low, high, at = float(parameter.low), float(parameter.high), float(value)
    if isinstance(parameter, Real) and parameter.log:
        low, high, at = math.log(low), math.log(high), math.log(max(at, parameter.low))
    return min(max((at - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def _axis(name: str, parameter: Parameter, wording: Wording) -> Axis:
    if isinstance(parameter, Choice):
        values: tuple[Value, ...] = parameter.values
    elif isinstance(parameter, Real):
        values = _round_values(parameter)
    else:
        steps = (parameter.high - parameter.low) // parameter.step
        every = max(1, math.ceil(steps / _MOST_TICKS)) * parameter.step
        # From the upper end, which is marked always; so is the lower one.
        marked = {parameter.low, *range(parameter.high, parameter.low + every // 2, -every)}
        values = tuple(sorted(marked))
    return Axis(name, tuple((place_of(parameter, one), _told(one, wording)) for one in values))


def _round_values(parameter: Real) -> tuple[float, ...]:
    """The ends; between them powers of ten, or quarters."""
    low, high = parameter.low, parameter.high
    if not parameter.log:
        return tuple(low + share * (high - low) / 4 for share in range(5))
    first, last = math.floor(math.log10(low)) + 1, math.ceil(math.log10(high))
    inner = [10.0**power for power in range(first, last) if 1.5 * low < 10.0**power < high / 1.5]
    return (low, *inner, high)


def _by_importance(found: Searched) -> tuple[str, ...]:
    return tuple(sorted(found.space, key=lambda name: -found.importances.get(name, 0.0)))


def _told(value: Value | None, wording: Wording) -> str:
    """A value as a recipe writes it, with as many digits as tell it from others."""
    if value is None:
        return MISSING
    if isinstance(value, float):
        text = f"{value:.3g}"
        return text if "e" in text else text.replace(".", wording.convention.point)
    return str(value)


def _name(trial: Trial, wording: Wording) -> str:
    return wording.say("Trial {number}").format(number=trial.number)


def _number(trial: Trial | None, wording: Wording) -> str:
    return _name(trial, wording) if trial else ""


def _percent(trial: Trial | None, wording: Wording) -> str:
    figure = trial.outcome.figure if trial else None
    return wording.percent(figure) if figure is not None else MISSING
