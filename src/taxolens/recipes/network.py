"""How a network is trained with PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from taxolens.core.backbone import Triple
from taxolens.core.errors import UsageError
from taxolens.recipes.numbers import check_count, check_within

AUTO = "auto"
_MOST_HINTS = 1000


class Optimizer(StrEnum):
    """Who changes the weights."""

    ADAMW = "adamw"
    ADAM = "adam"
    SGD = "sgd"
    RMSPROP = "rmsprop"


class Schedule(StrEnum):
    """How the learning rate goes down."""

    COSINE = "cosine"
    LINEAR = "linear"
    PLATEAU = "plateau"
    CONSTANT = "constant"


class Loss(StrEnum):
    """What is made small.

    Sources: focal, Lin et al. 2017 (gamma 2); class_balanced, Cui et al. 2019 (effective number of samples,
    beta 0.999); logit_adjusted, Menon et al. 2021 (tau 1).
    """

    CROSS_ENTROPY = "cross_entropy"
    FOCAL = "focal"
    CLASS_BALANCED = "class_balanced"
    LOGIT_ADJUSTED = "logit_adjusted"


class Sampling(StrEnum):
    """Which photos an epoch shows: each once, or every class as often."""

    NATURAL = "natural"
    BALANCED = "balanced"


class Norms(StrEnum):
    """Where batch norms have their statistics from: the new photos, or those that the network learnt from before.

    auto: the old ones for a network that has learnt something, unless there are very many new photos.
    """

    AUTO = "auto"
    LEARN = "learn"
    KEEP = "keep"


class Precision(StrEnum):
    """Numbers to compute with; auto: bfloat16 where the processor has it, and only if it is faster."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class Device(StrEnum):
    """Where to compute; auto: a graphics card where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True)
class DistillRecipe:
    """Learning from a teacher too (Hinton et al. 2015).

    Attributes:
        teacher: a model file that knows the same classes, a run folder, or the weights of a run.
        temperature: softens the teacher's answers.
        weight: share of the teacher in the loss, 0..1; the labels have the rest.
        hints: weight of hints, which come on top: the pupil's features are to point where the teacher's
            embedding points (Romero et al. 2015); 0: none.
        photos: further photos that nobody has named; the teacher says what they show. None: there are none.
    """

    teacher: Path
    temperature: float = 4.0
    weight: float = 0.7
    hints: float = 0.0
    photos: Path | None = None

    def __post_init__(self) -> None:
        check_within("distill-hints", self.hints, 0, _MOST_HINTS)
        if not self.temperature > 0 or not 0 <= self.weight <= 1:
            raise UsageError(
                "A teacher's temperature lies above 0 and its weight from 0 to 1, not {temperature} and {weight}.",
                temperature=self.temperature,
                weight=self.weight,
            )
        if self.photos and not (self.weight or self.hints):
            raise UsageError(
                "Of further photos only the teacher knows what they show, and --distill-weight 0 does not ask it. "
                "Raise it, or leave out --distill-photos."
            )


@dataclass(frozen=True, slots=True)
class NetworkRecipe:
    """Everything that decides what a network learns.

    Attributes:
        name: "timm:NAME", a remembered network, or one of ours (small_cnn, dog_cnn, fast_cnn); "auto": the
            only remembered one (finetune), or fast_cnn (scratch).
        weights: safetensors file to start from (finetune), such as the one that a run leaves.
        arguments: further arguments of the network's builder, as text.
        size: side of the input in pixels; None: the network's own.
        mean: normalisation of pixels in 0..1; None: the network's own.
        std: likewise.
        head_epochs: passes in which only the head learns (finetune).
        epochs: passes in which the network learns.
        unfreeze: how many layers learn in the second phase, counted from the head; 0: all.
        optimizer: who changes the weights.
        rate: learning rate of the last block; None: what suits the optimizer and method.
        head_rate: learning rate of the first phase.
        layer_decay: each block below learns this much slower than the one above it.
        weight_decay: of weights, not of biases and norms; None: what suits the optimizer.
        momentum: of SGD and RMSprop.
        schedule: how the rate goes down in the second phase.
        warmup: share of the second phase in which the rate rises.
        loss: what is made small.
        label_smoothing: 0..1.
        norms: where batch norms have their statistics from.
        sampling: which photos an epoch shows.
        augment: policy of random changes, see `taxolens prepare --help`.
        mixup: alpha of mixup (Zhang et al. 2018); 0: none.
        cutmix: alpha of cutmix (Yun et al. 2019); 0: none.
        ema: decay of the moving average of the weights that is kept; 0: none.
        dropout: of the head, 0..1; None: the network's own.
        patience: epochs without a better validation loss after which to stop; 0: never.
        clip: largest norm of the gradient; 0: any.
        batch: photos in a step.
        accumulate: steps whose gradients are added up before the weights change.
        precision: numbers to compute with.
        device: where to compute.
        seed: same seed, same photos, same machine, same network, where `precision` is not left to be measured.
        distill: a teacher.
    """

    name: str = AUTO
    weights: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    size: int | None = None
    mean: Triple | None = None
    std: Triple | None = None
    head_epochs: int = 30
    epochs: int = 12
    unfreeze: int = 0
    optimizer: Optimizer = Optimizer.ADAMW
    rate: float | None = None
    head_rate: float = 3e-3
    layer_decay: float = 0.8
    weight_decay: float | None = None
    momentum: float = 0.9
    schedule: Schedule = Schedule.COSINE
    warmup: float = 0.1
    loss: Loss = Loss.CROSS_ENTROPY
    label_smoothing: float = 0.1
    norms: Norms = Norms.AUTO
    sampling: Sampling = Sampling.NATURAL
    augment: str = "standard"
    mixup: float = 0.0
    cutmix: float = 0.0
    ema: float = 0.0
    dropout: float | None = None
    patience: int = 0
    clip: float = 1.0
    batch: int = 32
    accumulate: int = 1
    precision: Precision = Precision.AUTO
    device: Device = Device.AUTO
    seed: int = 0
    distill: DistillRecipe | None = None

    def __post_init__(self) -> None:
        for name in ("head_epochs", "epochs", "patience", "seed"):
            check_count(name, getattr(self, name))
        for name, (low, high) in _RANGES.items():
            check_within(name, getattr(self, name), low, high)


_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "size": (8, 2048),
        "unfreeze": (0, 1000),
        "rate": (1e-8, 10),
        "head_rate": (1e-8, 10),
        "layer_decay": (0.01, 1),
        "weight_decay": (0, 1),
        "momentum": (0, 0.9999),
        "warmup": (0, 0.9),
        "label_smoothing": (0, 0.9),
        "mixup": (0, 10),
        "cutmix": (0, 10),
        "ema": (0, 0.99999),
        "dropout": (0, 0.95),
        "clip": (0, 1e6),
        "batch": (1, 4096),
        "accumulate": (1, 1024),
    }
)
