"""Trains a network from labelled pixels, and goes on where it was stopped.

build -> head on frozen features -> epochs of the whole network -> best weights -> ONNX, proven
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from taxolens.core.errors import TrainingFailed, UsageError
from taxolens.core.progress import Progress
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import Epoch, NetworkInput, TrainedNetwork, TrainingRequest
from taxolens.models.fast_cnn import FastCnn
from taxolens.models.network import build_network
from taxolens.recipes.network import NetworkRecipe
from taxolens.training.batches import Lesson
from taxolens.training.checkpoint import load_checkpoint, save_checkpoint
from taxolens.training.graph import compare, exported
from taxolens.training.head import head_of, teach_head
from taxolens.training.loop import Loop
from taxolens.training.normalise import Normalised
from taxolens.training.optimizer import freeze
from taxolens.training.precision import device_of
from taxolens.training.progress import Course, told
from taxolens.training.teacher import Teacher
from taxolens.training.verdict import judged, logits_of

CHECKPOINT = "checkpoint.safetensors"
PHASE = "network"
_STOPPED = noted("Validation became no better: stopped early.")
_EPOCH = noted("Epoch {number} of {total}")
_EXAMPLES = 24
_COMPARED = 8
_TOLD = 64
_WHITENED = 2000


class NetworkTrainer:
    """The trainer of both methods: `finetune` brings weights, `scratch` does not.

    Args:
        pretrained: whether a timm network begins with weights that have learnt something.
    """

    def __init__(self, *, pretrained: bool) -> None:
        self._pretrained = pretrained

    def input_of(self, settings: NetworkRecipe, labels: Sequence[str]) -> NetworkInput:
        """See `core.trainer.Trainer`."""
        return build_network(settings, max(1, len(labels)), load=False).input

    def train(
        self, request: TrainingRequest[NetworkRecipe], *, progress: Progress, say: Say
    ) -> TrainedNetwork:
        """See `core.trainer.Trainer`."""
        with _told_when_memory_ends(request.settings):
            return Training(request, self._pretrained, progress, say).run()


class Training:
    """One training, from first to last."""

    def __init__(
        self, request: TrainingRequest[NetworkRecipe], pretrained: bool, progress: Progress, say: Say
    ) -> None:
        recipe = request.settings
        self._request, self._recipe, self._progress, self._say = request, recipe, progress, say
        self._file = request.folder / CHECKPOINT
        self._kept = _checkpoint(self._file, request.fingerprint)
        torch.manual_seed(recipe.seed)
        load = pretrained and self._kept is None
        network = build_network(recipe, len(request.labels), load=load)
        self._network = replace(
            network, pretrained=pretrained and network.pretrained | (self._kept is not None)
        )
        self._whole = Normalised(network.module, network.input)
        self._lesson = Lesson(request.pixels, request.truth, request.train, len(request.labels))
        self._course = Course(recipe.patience)

    def run(self) -> TrainedNetwork:
        """Both phases, then the graph."""
        if self._kept is None:
            self._begin()
        freeze(self._network, self._recipe.unfreeze)
        self._whole.to(device_of(self._recipe), memory_format=torch.channels_last)  # type: ignore[call-overload]
        recipe = self._recipe
        teacher = Teacher(recipe.distill, self._request.labels) if recipe.distill else None
        loop = Loop(self._network, self._whole, self._lesson, recipe, teacher)
        if self._kept is not None:
            loop.load(self._kept["loop"])
            self._course.load(self._kept["course"])
        self._learn(loop)
        return self._trained(loop)

    def _begin(self) -> None:
        """What happens once, before the first epoch of the whole network."""
        module, request = self._network.module, self._request
        if isinstance(module, FastCnn):
            some = np.random.default_rng(self._recipe.seed).permutation(request.train)[:_WHITENED]
            pictures = torch.from_numpy(np.stack([request.pixels[row] for row in some.tolist()]))
            module.whiten(self._whole.floats(pictures))
        head = head_of(self._network) if self._network.pretrained and self._recipe.head_epochs else None
        if head is None:
            return
        for epoch in teach_head(head, self._whole, request, progress=self._progress, say=self._say):
            self._course.add(
                epoch, self._whole.state_dict() if epoch.number == self._recipe.head_epochs else {}
            )
        self._course.best = None  # the head alone is where the network begins, not what competes with it

    def _learn(self, loop: Loop) -> None:
        done = sum(epoch.phase == PHASE for epoch in self._course.epochs)
        for number in range(done + 1, self._recipe.epochs + 1):
            if self._course.is_over:
                self._progress.note(self._say(_STOPPED))
                return
            self._epoch(loop, number)

    def _epoch(self, loop: Loop, number: int) -> None:
        began = time.monotonic()
        what = self._say(_EPOCH).format(number=number, total=self._recipe.epochs)
        passed = loop.epoch(number, self._progress.track(loop.batches(number), what=what, total=loop.steps))
        loss, accuracy = self._validated(loop.kept)
        if loss is not None:
            loop.tell(loss)
        epoch = Epoch(
            PHASE,
            len(self._course.epochs) + 1,
            passed.rate,
            passed.loss,
            passed.accuracy,
            loss,
            accuracy,
            time.monotonic() - began,
        )
        self._course.add(epoch, loop.kept.state_dict())
        self._progress.note(told(epoch, self._course.epochs, self._recipe.epochs, self._say))
        state = {
            "fingerprint": self._request.fingerprint,
            "loop": loop.state(),
            "course": self._course.state(),
        }
        save_checkpoint(state, self._file)

    def _validated(self, network: nn.Module) -> tuple[float | None, float | None]:
        request = self._request
        if not len(request.val):
            return None, None
        logits = logits_of(network, request.pixels, request.val, len(request.labels))
        return judged(logits, request.truth[request.val])

    def _trained(self, loop: Loop) -> TrainedNetwork:
        request, wanted = self._request, self._network.input
        if self._course.weights:
            self._whole.load_state_dict(dict(self._course.weights))
        whole = self._whole.cpu().eval()
        graph = exported(whole, wanted.height, wanted.width)
        rows = request.val if len(request.val) else request.train[:_TOLD]
        compare(graph, whole, np.stack([request.pixels[row] for row in rows[:_COMPARED].tolist()]))
        return TrainedNetwork(
            onnx=graph,
            input=wanted,
            told_rows=rows,
            told=logits_of(whole, request.pixels, rows, len(request.labels)),
            epochs=tuple(self._course.epochs),
            best=self._course.best.number if self._course.best else len(self._course.epochs),
            parameters=sum(weights.numel() for weights in whole.network.parameters()),
            multiplications=multiplications(whole, wanted),
            examples=_examples(loop),
        )


def multiplications(whole: Normalised, wanted: NetworkInput) -> int:
    """Multiply-accumulate operations of convolutions and dense layers for one photo."""
    counted = 0

    def count(layer: nn.Module, given: Any, made: torch.Tensor) -> None:
        nonlocal counted
        if isinstance(layer, nn.Conv2d):
            counted += made.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            counted += made.numel() * layer.in_features

    hooks = [layer.register_forward_hook(count) for layer in whole.modules()]
    with torch.no_grad():
        whole(torch.zeros(1, wanted.height, wanted.width, 3, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return counted


def _checkpoint(file: Path, fingerprint: str) -> dict[str, Any] | None:
    kept = load_checkpoint(file)
    if kept is not None and kept.get("fingerprint") != fingerprint:
        raise UsageError(
            "The checkpoint {file} is of another training: other photos, classes or settings. "
            "Begin anew with --restart, or name another folder.",
            file=file,
        )
    return kept


def _examples(loop: Loop) -> NDArray[np.uint8]:
    batch = next(iter(loop.batches(1)), None)
    pixels: NDArray[np.uint8] = (
        batch.pixels[:_EXAMPLES].numpy() if batch else np.empty((0, 1, 1, 3), np.uint8)
    )
    return pixels


@contextmanager
def _told_when_memory_ends(recipe: NetworkRecipe) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        ended = isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in str(error)
        if not ended:
            raise
        raise TrainingFailed(
            "There is not enough memory for steps of {batch} photos. Lower --batch (and raise --accumulate), "
            "or --size. What was learnt so far is kept.",
            batch=recipe.batch,
        ) from error


finetune = NetworkTrainer(pretrained=True)
scratch = NetworkTrainer(pretrained=False)
