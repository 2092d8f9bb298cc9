"""Boxes of a server that decodes photos itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxolens.client.remote import RemoteGraph
from taxolens.core.errors import ModelError, UsageError
from taxolens.inference.decision import kept_from
from taxolens.inference.decoders.candidates import Candidates, Output
from taxolens.inference.decoders.registry import DECODERS
from taxolens.inference.row import Boxes
from taxolens.inference.suppression import suppress
from taxolens.modelfile.card import Card

_OURS = frozenset({"boxes", "scores", "probabilities"})


def boxes_of(outputs: Mapping[str, NDArray[Any]], graph: RemoteGraph, card: Card) -> Boxes:
    """The boxes of one photo, from ours or from the raw output of a graph.

    A server of another make stretches photos to the input (OpenVINO Model Server), so that a place in the input is the
    same share of the photo.

    Raises:
        ModelError: the outputs are not what the card says.
        UsageError: the model looks at photos tile by tile, which only Taxolens does.
    """
    if outputs.keys() >= _OURS:
        return _ours(outputs, len(card.labels))
    if card.input.tile is not None:
        raise UsageError(
            "The model {name} looks at photos tile by tile. Send tensors of tiles.", name=card.name
        )
    values = graph.one(dict(outputs))
    output = Output(values, card.input.width, card.input.height, len(card.labels))
    found = DECODERS[card.output.decoder].decode(output, least=kept_from(card))
    kept = suppress(found, card.output.overlap)
    return _within(Candidates(found.corners[kept], found.scores[kept]))


def _ours(outputs: Mapping[str, NDArray[Any]], classes: int) -> Boxes:
    """Boxes that are decided already: what they hold goes back to scores, from which the same follows."""
    places = np.asarray(outputs["boxes"], np.float32).reshape(-1, 4)
    sure = np.asarray(outputs["scores"], np.float32).reshape(-1)
    shares = np.asarray(outputs["probabilities"], np.float32)
    if shares.shape != (len(places), classes) or len(sure) != len(places):
        raise ModelError(
            "The server tells {boxes} boxes with probabilities {shape} for the {classes} classes of the card. Give the "
            "card of that very model.",
            boxes=len(places),
            shape=list(shares.shape),
            classes=classes,
        )
    best = shares.max(axis=1, initial=0.0, keepdims=True)
    scale = np.divide(sure[:, None], best, out=np.zeros_like(best), where=best > 0)
    return Boxes(places, (shares * scale).astype(np.float32))


def _within(found: Candidates) -> Boxes:
    corners = found.corners.clip(0.0, 1.0)
    near, far = corners[:, :2], corners[:, 2:]
    inside = ((far - near) > 0).all(axis=1)
    places = np.concatenate([near, far - near], axis=1)[inside].astype(np.float32)
    return Boxes(places, found.scores[inside])
