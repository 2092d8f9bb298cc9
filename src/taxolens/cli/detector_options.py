"""Options of the training of detectors; fields of `DetectorRecipe`. What networks have too is named as there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from taxolens.cli.option_table import Option, under
from taxolens.cli.words import say
from taxolens.core.errors import UsageError

_SHARED = {
    "backbone.name": "detector.name",
    "backbone.weights": "detector.weights",
    "network.distill.teacher": "detector.teacher",
    "network.distill.weight": "detector.teacher_weight",
    **{
        f"network.{name}": f"detector.{name}"
        for name in ("epochs", "size", "batch", "rate", "mixup", "cutmix", "patience", "device")
    },
}
"""Options of other methods that detectors heed as well: where they go."""

_UNHEEDED = ("backbone.", "network.", "fit", "views", "class_weight", "coverage", "saliency")
_OPTIONS = (
    Option(
        "--mosaic",
        "mosaic",
        say("Share of training pictures put together from four (1)."),
        float,
        "0..1",
    ),
    Option("--frozen", "frozen", say("The backbone keeps what it knows; neck and head learn."), bool),
)
DETECTOR = tuple(
    dataclasses.replace(option, panel=say("Detectors (--method detect)"))
    for option in under("detector", _OPTIONS)
)


def check_no_detector(given: Mapping[str, Any]) -> None:
    """Refuses for other methods what only a detector heeds.

    Raises:
        UsageError: such an option is among what was typed.
    """
    for option in DETECTOR:
        if option.field in given:
            raise UsageError(
                "{option} is for detectors. Leave it out, or add --method detect.", option=option.flags
            )


def for_detector(given: Mapping[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """What was typed, with what detectors share with networks where it belongs.

    Args:
        given: field to value.
        options: all that can be typed.

    Raises:
        UsageError: an option that no detector heeds.
    """
    kept = {_SHARED.get(field, field): value for field, value in given.items() if value is not None}
    for option in options:
        if option.field in kept and option.field not in _SHARED and option.field.startswith(_UNHEEDED):
            raise UsageError("{option} is not for detectors. Leave it out.", option=option.flags)
    return kept
