"""What a process that trains a detector is asked, as a file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from taxolens.storage.atomic import written_whole

ORDER = "order.json"
SHOWN = "shown.npy"
"""Photos as the network sees them, on which the library tells what it finds."""
GRAPH = "graph.onnx"
TOLD = "told.npz"
FACTS = "facts.json"
"""These three are what the process leaves, beside its weights."""
NARROWED = "narrowed.json"
"""Multiplications before and after channels were taken out."""
_CALM, _CALM_SHARE, _SETTLING_SHARE = 10, 5, 6
EPOCHS = "epochs.jsonl"
LAST, BEST = "last.kept", "best.kept"
"""Checkpoints as they were after a whole epoch; those that a library is writing may be torn by a stop."""


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that the process needs to know.

    Attributes:
        folder: where it works, and where it goes on after a stop.
        photos: see `core.detection_trainer.DetectionRequest`.
        weights: to start from; None: nothing learnt.
        teacher: weights of a larger network to learn from too.
        teacher_weight: share of what it says in what is learnt from, 0..1.
        keep: share of the multiplications that is to be left of the network before it learns; None: all of it.
        device: "cpu", or "0" for the first graphics card.
        patience: epochs without a better one after which to stop; 0: never.
        least: score from which on boxes are told.
    """

    folder: Path
    photos: Path
    labels: tuple[str, ...]
    family: str
    size: str
    side: int
    epochs: int
    batch: int
    rate: float | None
    frozen: bool
    mosaic: float
    mixup: float
    cutmix: float
    patience: int
    seed: int
    device: str
    weights: Path | None
    teacher: Path | None
    teacher_weight: float = 0.7
    keep: float | None = None
    least: float = 0.05

    @property
    def calm(self) -> int:
        """How many epochs at the end show pictures as they are, unmixed, so that boxes become exact.

        All of a short training: a network that has learnt before and sees few epochs does better without mosaics.
        """
        return min(self.epochs, max(_CALM, self.epochs // _CALM_SHARE))

    @property
    def settling(self) -> int:
        """How many epochs at the end learn at the least rate: a sixth of the training."""
        return max(1, self.epochs // _SETTLING_SHARE)

    def write(self) -> Path:
        """Writes it into its folder, and says where."""
        file = self.folder / ORDER
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        document = {name: str(one) if isinstance(one, Path) else one for name, one in values.items()}
        with written_whole(file) as out:
            out.write(json.dumps(document, indent=2).encode())
        return file

    @classmethod
    def read(cls, file: Path) -> Order:
        """The order in a file that `write` made."""
        values = json.loads(file.read_text(encoding="utf-8"))
        for name in ("folder", "photos", "weights", "teacher"):
            values[name] = Path(values[name]) if values[name] is not None else None
        return cls(**{**values, "labels": tuple(values["labels"])})
