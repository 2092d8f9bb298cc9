"""Faster variants of a model, made one after the other, each with its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import onnx

from taxolens.core.errors import TaxolensError
from taxolens.export.correction import corrected, noise_of
from taxolens.export.fold import folded
from taxolens.export.integers import integers_here
from taxolens.export.quantise import layers_of, named, quantised
from taxolens.export.resized import resized
from taxolens.modelfile.card import LEAST_SIDE, Card, Task
from taxolens.modelfile.read import ModelFile, model_from_bytes
from taxolens.modelfile.write import model_bytes
from taxolens.workflows.variant_bench import Bench, loses, samples_for
from taxolens.workflows.variant_facts import Candidate, Refused, Way

_SMALLER = (6 / 7, 5 / 7, 4 / 7, 3 / 7)  # 224 becomes 192, 160, 128, 96
_STEP, _STRIDE = 8, 32  # of classifiers, and of detectors, whose coarsest cells are 32 pixels wide
_FLOATS = (0, 1, 2, 4, 8)
_LOOKED_AT = 16  # photos that tell which layers lose most


def variants_of(
    original: Candidate, bases: Sequence[tuple[Way, ModelFile]], bench: Bench, *, smaller: int, integers: bool
) -> Iterator[Candidate | Refused]:
    """Everything that can be made of the original and of other models that may take its place.

    Args:
        original: with its answers.
        bases: other models of the same classes.
        smaller: how many smaller inputs to try; a smaller one than one that loses too much is not.
        integers: also make whole numbers of each that loses little.
    """
    for way, model in ((original.way, original.model), *bases):
        yield from _of_base(way, model, original, bench, smaller=smaller, integers=integers)


def _of_base(
    way: Way, model: ModelFile, original: Candidate, bench: Bench, *, smaller: int, integers: bool
) -> Iterator[Candidate | Refused]:
    for side in (None, *_sides(model.card)[:smaller]):
        floats = original if model is original.model and side is None else None
        if floats is None:
            found = _tried(replace(way, side=side), model, original, bench)
            yield found
            if isinstance(found, Refused) or loses(bench, original, found):
                return
            floats = found
        if integers:
            yield _integers(floats, original, bench)


def _tried(way: Way, model: ModelFile, original: Candidate, bench: Bench) -> Candidate | Refused:
    """A float variant with its answers."""
    try:
        made = _at_side(way, model, original) if way.side else model
    except TaxolensError:
        return Refused(
            way, bench.say("The network cannot take photos of this size: it is tied to that of the original.")
        )
    try:
        return bench.ask(way, made, original)
    except TaxolensError as error:
        return Refused(way, error.told(bench.say))


def _at_side(way: Way, model: ModelFile, original: Candidate) -> ModelFile:
    width, height = way.side or (0, 0)
    card = model.card
    if card.input.multiple is not None:  # the graph takes any size: the card alone says which
        return _model(onnx.load_from_string(model.graph), _card(card, way, original), model)
    graph = resized(model.graph, height=height, width=width, layout=card.input.layout)
    return _model(folded(graph.SerializeToString()), _card(card, way, original), model)


def _integers(floats: Candidate, original: Candidate, bench: Bench) -> Candidate | Refused:
    """In whole numbers, with as many of the worst layers kept float as it takes to lose little."""
    way, kinds = replace(floats.way, integers=integers_here().name), integers_here()
    try:
        network = named(folded(floats.model.graph))
        tail = bench.kept_float(network)
        if not {one.name for one in layers_of(network)}.difference(tail):
            return Refused(way, bench.say("It has no layers that multiply with weights."))
        samples = samples_for(bench, floats.model.card)
        first = corrected(
            network, quantised(network, samples, kinds, keep=tail, operators=bench.operators), samples
        )
        worst = [one.layer for one in noise_of(network, first, samples[:_LOOKED_AT])]
        found = _asked(way, first, floats, original, bench)
        for keep in _FLOATS[1:]:
            if not loses(bench, original, found) or keep >= len(layers_of(network)):
                break
            graph = corrected(
                network,
                quantised(network, samples, kinds, keep=(*tail, *worst[:keep]), operators=bench.operators),
                samples,
            )
            found = _asked(replace(way, floats=keep), graph, floats, original, bench)
        return found
    except TaxolensError as error:
        return Refused(way, error.told(bench.say))
    # The quantiser's refusals of odd graphs have no base of their own; a way that fails is one way less.
    except Exception as error:
        return Refused(way, str(error).splitlines()[0] if str(error) else type(error).__name__)


def _asked(
    way: Way, graph: onnx.ModelProto, floats: Candidate, original: Candidate, bench: Bench
) -> Candidate:
    model = _model(graph, _card(floats.model.card, way, original), floats.model)
    return bench.ask(way, model, original)


def _card(card: Card, way: Way, original: Candidate) -> Card:
    given = card.input.changed(width=way.side[0], height=way.side[1]) if way.side else card.input
    return card.model_copy(
        update={"input": given, "variant_of": original.model.sha256, "metrics": (), "notes": ()}
    )


def _model(graph: onnx.ModelProto, card: Card, of: ModelFile) -> ModelFile:
    return model_from_bytes(model_bytes(graph, card), of.path)


def _sides(card: Card) -> list[tuple[int, int]]:
    """Smaller inputs of the same shape, in whole steps."""
    width, height = card.input.width, card.input.height
    step = card.input.multiple or (_STRIDE if card.task is Task.DETECT else _STEP)
    found = [
        tuple(max(1, round(side * share / step)) * step for side in (width, height)) for share in _SMALLER
    ]
    return [
        (wide, high)
        for wide, high in dict.fromkeys(found)
        if wide < width and high < height and min(wide, high) >= LEAST_SIDE
    ]


def recarded(model: ModelFile, card: Card) -> bytes:
    """The same network with another card."""
    return model_bytes(onnx.load_from_string(model.graph), card)
