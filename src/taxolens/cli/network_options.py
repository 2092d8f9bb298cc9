"""Options of the methods that train a network; fields of `NetworkRecipe`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taxolens.cli.option_table import Option, under
from taxolens.cli.words import say
from taxolens.core.errors import UsageError

_ALL = "all"


def _layers(text: str) -> str | int:
    """All layers are no number of layers."""
    return 0 if text == _ALL else text


_OPTIONS = (
    Option("--epochs", "epochs", say("Passes in which the network learns (12)."), int, "N"),
    Option("--head-epochs", "head_epochs", say("Passes before, for the head alone (30)."), int, "N"),
    Option(
        "--unfreeze",
        "unfreeze",
        say("How many layers learn, from the head (all)."),
        metavar="N|all",
        read=_layers,
    ),
    Option("--size", "size", say("Side of the network's input."), int, "PIXELS"),
    Option("--batch", "batch", say("Photos in a step (32)."), int, "N"),
    Option("--accumulate", "accumulate", say("Steps before the weights change (1)."), int, "N"),
    Option("--optimizer", "optimizer", say("Who changes the weights."), metavar="adamw|adam|sgd|rmsprop"),
    Option("--rate", "rate", say("Learning rate; what suits the optimizer."), float, "R"),
    Option(
        "--schedule", "schedule", say("How the rate goes down."), metavar="cosine|linear|plateau|constant"
    ),
    Option(
        "--weight-decay",
        "weight_decay",
        say("Pull of the weights towards nought; what suits the optimizer."),
        float,
        "W",
    ),
    Option(
        "--loss",
        "loss",
        say("What is made small; the last three care for rare classes."),
        metavar="cross_entropy|focal|class_balanced|logit_adjusted",
    ),
    Option("--label-smoothing", "label_smoothing", say("Doubt about every label (0.1)."), float, "0..1"),
    Option(
        "--norms",
        "norms",
        say("keep: batch norms keep the statistics of the photos that the network knew before."),
        metavar="auto|learn|keep",
    ),
    Option(
        "--sampling", "sampling", say("balanced: shows every class as often."), metavar="natural|balanced"
    ),
    Option(
        "--augment",
        "augment",
        say("How photos are changed at random (standard)."),
        metavar="none|light|standard|strong|randaugment|trivialaugment",
    ),
    Option("--mixup", "mixup", say("Blends photos: alpha of mixup (0)."), float, "A"),
    Option("--cutmix", "cutmix", say("Pastes parts of photos: alpha of cutmix (0)."), float, "A"),
    Option("--dropout", "dropout", say("Share of the head's inputs left out."), float, "0..1"),
    Option("--ema", "ema", say("Keeps a moving average of the weights: its decay (0)."), float, "0..1"),
    Option("--patience", "patience", say("Stops after N epochs that brought nothing (0: never)."), int, "N"),
    Option(
        "--numbers", "precision", say("Numbers to compute with (auto: measured)."), metavar="auto|fp32|bf16"
    ),
    Option("--device", "device", say("Where to compute."), metavar="auto|cpu|cuda"),
    Option(
        "--distill-from",
        "distill.teacher",
        say("Also learns from what this model says: a model file, a run, or a run's weights."),
        Path,
        "MODEL|RUN",
    ),
    Option(
        "--distill-weight",
        "distill.weight",
        say("Share of the teacher in what is learnt from (0.7); the labels have the rest."),
        float,
        "0..1",
    ),
    Option(
        "--distill-temperature", "distill.temperature", say("Softens the teacher's answers (4)."), float, "T"
    ),
    Option(
        "--distill-hints",
        "distill.hints",
        say("Weight of what the teacher sees before it decides (0)."),
        float,
        "W",
    ),
    Option(
        "--distill-photos",
        "distill.photos",
        say("Further photos, which need no names: the teacher says what they show."),
        Path,
        "PHOTOS",
    ),
)
_TEACHER = "network.distill."
NETWORK = tuple(
    dataclasses.replace(option, panel=say("Networks (--method finetune or scratch)"))
    for option in under("network", _OPTIONS)
)


def check_no_network(given: Mapping[str, Any]) -> None:
    """Refuses for a head what only a network heeds: who asks for epochs must not believe to have got them.

    Args:
        given: what was typed, field to value.

    Raises:
        UsageError: an option of networks is among it.
    """
    for option in NETWORK:
        if option.field in given:
            raise UsageError(
                "{option} is for networks, and --method head trains none. Leave it out, or add --method finetune.",
                option=option.flags,
            )


def check_teacher(given: Mapping[str, Any]) -> None:
    """Refuses what is said of a teacher where none is named.

    Raises:
        UsageError: there is none.
    """
    told = [one for one in NETWORK if one.field.startswith(_TEACHER) and one.field in given]
    if told and f"{_TEACHER}teacher" not in given:
        raise UsageError(
            "{option} says how a teacher teaches, and none is named. Name it: --distill-from MODEL",
            option=told[0].flags,
        )


def for_network(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of the backbone, for a method that trains the network itself."""
    kept = "backbone.embedding"
    return {
        f"network.{field.removeprefix('backbone.')}"
        if field.startswith("backbone.") and field != kept
        else field: value
        for field, value in given.items()
    }
