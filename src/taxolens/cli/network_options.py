"""Options of the methods that train a network, as one table, for the commands that train."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from taxolens.cli.words import say


@dataclass(frozen=True, slots=True)
class NetworkOption:
    """One option and the recipe field that it fills.

    Attributes:
        field: dotted, below `network`.
    """

    flag: str
    field: str
    kind: type
    metavar: str
    help: str


OPTIONS = (
    NetworkOption("--epochs", "epochs", int, "N", say("Passes in which the network learns (12).")),
    NetworkOption("--head-epochs", "head_epochs", int, "N", say("Passes before, for the head alone (30).")),
    NetworkOption("--unfreeze", "unfreeze", str, "N|all", say("How many layers learn, from the head (all).")),
    NetworkOption("--size", "size", int, "PIXELS", say("Side of the network's input.")),
    NetworkOption("--batch", "batch", int, "N", say("Photos in a step (32).")),
    NetworkOption("--accumulate", "accumulate", int, "N", say("Steps before the weights change (1).")),
    NetworkOption("--optimizer", "optimizer", str, "adamw|adam|sgd|rmsprop", say("Who changes the weights.")),
    NetworkOption("--rate", "rate", float, "R", say("Learning rate; what suits the optimizer.")),
    NetworkOption(
        "--schedule", "schedule", str, "cosine|linear|plateau|constant", say("How the rate goes down.")
    ),
    NetworkOption(
        "--weight-decay",
        "weight_decay",
        float,
        "W",
        say("Pull of the weights towards nought; what suits the optimizer."),
    ),
    NetworkOption(
        "--loss",
        "loss",
        str,
        "cross_entropy|focal|class_balanced|logit_adjusted",
        say("What is made small; the last three care for rare classes."),
    ),
    NetworkOption(
        "--label-smoothing", "label_smoothing", float, "0..1", say("Doubt about every label (0.1).")
    ),
    NetworkOption(
        "--norms",
        "norms",
        str,
        "auto|learn|keep",
        say("keep: batch norms keep the statistics of the photos that the network knew before."),
    ),
    NetworkOption(
        "--sampling", "sampling", str, "natural|balanced", say("balanced: shows every class as often.")
    ),
    NetworkOption(
        "--augment",
        "augment",
        str,
        "none|light|standard|strong|randaugment|trivialaugment",
        say("How photos are changed at random (standard)."),
    ),
    NetworkOption("--mixup", "mixup", float, "A", say("Blends photos: alpha of mixup (0).")),
    NetworkOption("--cutmix", "cutmix", float, "A", say("Pastes parts of photos: alpha of cutmix (0).")),
    NetworkOption("--dropout", "dropout", float, "0..1", say("Share of the head's inputs left out.")),
    NetworkOption(
        "--ema", "ema", float, "0..1", say("Keeps a moving average of the weights: its decay (0).")
    ),
    NetworkOption(
        "--patience", "patience", int, "N", say("Stops after N epochs that brought nothing (0: never).")
    ),
    NetworkOption(
        "--numbers", "precision", str, "auto|fp32|bf16", say("Numbers to compute with (auto: measured).")
    ),
    NetworkOption("--device", "device", str, "auto|cpu|cuda", say("Where to compute.")),
    NetworkOption(
        "--distill-from", "distill.teacher", Path, "MODEL", say("Also learns from what this model file says.")
    ),
)
_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_ALL = "all"


def with_network_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of the table; it gets what was given as `network`, field to value."""
    # Resolved here: the annotations are texts that mean something in the command's own file alone.
    plain = inspect.signature(command, eval_str=True)
    panel = say("Networks (--method finetune or scratch)")

    @wraps(command)
    def called(**values: Any) -> None:
        network = {option.field: values.pop(_name(option)) for option in OPTIONS}
        command(**values, network={field: value for field, value in network.items() if value is not None})

    own = [parameter for name, parameter in plain.parameters.items() if name != "network"]
    added = [
        inspect.Parameter(
            _name(option),
            _KEYWORD,
            default=typer.Option(
                None, option.flag, metavar=option.metavar, help=option.help, rich_help_panel=panel
            ),
            annotation=option.kind | None,
        )
        for option in OPTIONS
    ]
    called.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in (*own, *added)}
    return called


def network_fields(network: Mapping[str, Any], seed: int | None) -> dict[str, Any]:
    """What was given, as fields of a recipe of training; all layers are no number of layers."""
    fields = {f"network.{field}": value for field, value in network.items()}
    if fields.get("network.unfreeze") == _ALL:
        fields["network.unfreeze"] = 0
    return {**fields, "network.seed": seed}


def _name(option: NetworkOption) -> str:
    return "network_" + option.flag.strip("-").replace("-", "_")
