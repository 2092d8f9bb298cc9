"""Make a trained network smaller and faster."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from taxolens.core.errors import UsageError
from taxolens.recipes.network import Device, Precision
from taxolens.recipes.numbers import check_count

_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class RecoveryRecipe:
    """How a network that lost channels learns to do without them; what is None stays as the run had it.

    Attributes:
        epochs: passes after the last step; after each step before it, a quarter as many.
        rate: learning rate; None: what suits the optimizer.
        batch: photos in a step.
        augment: policy of random changes.
        temperature: softens the original's answers.
        weight: share of the original's answers in the loss, 0..1; the labels have the rest. 0: labels alone.
        hints: weight of what the original sees before it decides.
        precision: numbers to compute with.
        device: where to compute.
    """

    epochs: int = 12
    rate: float | None = None
    batch: int | None = None
    augment: str | None = None
    temperature: float = 4.0
    weight: float = 0.7
    hints: float = 0.0
    precision: Precision = Precision.AUTO
    device: Device = Device.AUTO


@dataclass(frozen=True, slots=True)
class ShrinkRecipe:
    """Everything that decides what a smaller network is made of and whether it is kept.

    Attributes:
        model: run folder of a trained network, or its model file or weights in that folder.
        data: the photos of that run.
        out: run folder to write.
        speedup: how many times fewer multiplications are to be left.
        steps: in how many steps channels are taken out, with some learning after each.
        at_most_lost: points of accuracy on the photos held back that may be lost; more, and nothing is kept.
        timed: photos to measure the speed on.
        recovery: how the network learns afterwards.
        name: of the model; None: as before.
        max_megapixels: see `SourceRecipe`; None: as the run had it.
        language: of the report.
        workers: photos worked on at once; 0: one per processor.
        overwrite: replace the run that lies at `out`.
        restart: forget what a stopped attempt left.
        saliency: look, for some photos, at what the answer hangs on.
    """

    model: Path
    data: Path
    out: Path
    speedup: float = 2.0
    steps: int = 2
    at_most_lost: float = 1.0
    timed: int = 100
    recovery: RecoveryRecipe = field(default_factory=RecoveryRecipe)
    name: str | None = None
    max_megapixels: float | None = None
    language: str = "en"
    workers: int = 0
    overwrite: bool = False
    restart: bool = False
    saliency: bool = True

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        if not 1 < self.speedup <= 100:
            raise UsageError(
                "A speed-up lies above 1 and up to 100, not at {value:g}. 2 leaves half of the multiplications.",
                value=self.speedup,
            )
        if not 1 <= self.steps <= _MOST_STEPS or self.timed < 1:
            raise UsageError(
                "Channels are taken out in 1 to {most} steps and timed on 1 photo at least, not {steps} and {timed}.",
                most=_MOST_STEPS,
                steps=self.steps,
                timed=self.timed,
            )
        if not 0 <= self.at_most_lost <= 100:
            raise UsageError(
                "Points of accuracy lie from 0 to 100, not at {value:g}.", value=self.at_most_lost
            )
