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
from safetensors.torch import save
from torch import nn

from taxolens.core.errors import TrainingFailed, UsageError
from taxolens.core.progress import Passing, Progress
from taxolens.core.texts import Say, noted
from taxolens.core.trainer import Epoch, NetworkInput, TrainedNetwork, TrainingRequest
from taxolens.formats.weights import WeightsCard
from taxolens.imaging.operations.policy import policy
from taxolens.models.fast_cnn import FastCnn
from taxolens.models.network import Network, build_network, settled_network
from taxolens.recipes.network import NetworkRecipe, Precision
from taxolens.training.batches import Lesson
from taxolens.training.checkpoint import load_checkpoint, save_checkpoint
from taxolens.training.graph import compare, exported
from taxolens.training.guide import Guide
from taxolens.training.head import head_of, reads_features, teach_any_head, teach_head
from taxolens.training.loop import Loop
from taxolens.training.normalise import Normalised
from taxolens.training.optimizer import freeze, usual_decay, usual_rate
from taxolens.training.precision import device_of
from taxolens.training.progress import NETWORK, Course, told
from taxolens.training.teacher import open_teacher
from taxolens.training.team import ALONE, Team
from taxolens.training.verdict import logits_of, validated

CHECKPOINT = "checkpoint.safetensors"
_STOPPED = noted("Validation became no better: stopped early.")
_EPOCH = noted("Epoch {number} of {total}")
_TOGETHER = noted("{n} processes share the photos of every step.")
_BFLOAT = noted(
    "Computed in bfloat16, which was measured to be faster here. With --numbers fp32, the same command gives the "
    "very same network each time."
)
_EXAMPLES = 24
_COMPARED = 8
_TOLD = 64
_WHITENED = 2000
_NO_MEMORY = ("not enough memory", "can't allocate memory")
_ALONE = "more than 1 value per channel"


class NetworkTrainer:
    """The trainer of both methods: `finetune` brings weights, `scratch` does not.

    Args:
        pretrained: whether a network begins with weights that have learnt something.
        team: the processes that train together.
    """

    def __init__(self, *, pretrained: bool, team: Team = ALONE) -> None:
        self._pretrained, self._team = pretrained, team

    def in_team(self, team: Team) -> NetworkTrainer:
        """The same, which shares its steps out to other processes."""
        return NetworkTrainer(pretrained=self._pretrained, team=team)

    def input_of(self, settings: NetworkRecipe, labels: Sequence[str]) -> NetworkInput:
        """See `core.trainer.Trainer`."""
        if not self._pretrained and (settings.weights or settings.unfreeze):
            raise UsageError(
                "From scratch, a network begins without weights and all of it learns. "
                "Leave out --weights and --unfreeze, or choose --method finetune."
            )
        device_of(settings)
        policy(settings.augment)
        network = build_network(settings, labels, pretrained=self._pretrained)
        check_size(network)
        if settings.distill:
            open_teacher(settings.distill, labels, torch.device("cpu"))
        return network.input

    def settled(self, settings: NetworkRecipe) -> NetworkRecipe:
        """See `core.trainer.Trainer`."""
        rate = usual_rate(settings, pretrained=self._pretrained)
        return replace(settled_network(settings), rate=rate, weight_decay=usual_decay(settings))

    def rehearse(
        self, request: TrainingRequest[NetworkRecipe], *, progress: Progress, say: Say
    ) -> tuple[Epoch, ...]:
        """See `core.trainer.Trainer`."""
        with self._at_work(request):
            return Training(request, self._pretrained, progress, say, self._team).rehearse()

    def train(
        self, request: TrainingRequest[NetworkRecipe], *, progress: Progress, say: Say
    ) -> TrainedNetwork:
        """See `core.trainer.Trainer`."""
        with self._at_work(request):
            return Training(request, self._pretrained, progress, say, self._team).run()

    @contextmanager
    def _at_work(self, request: TrainingRequest[NetworkRecipe]) -> Iterator[None]:
        with (
            told_when_it_cannot_go_on(request.settings),
            self._team.at_work(request, self._pretrained),
        ):
            yield


class Training:
    """One training, from first to last."""

    def __init__(
        self,
        request: TrainingRequest[NetworkRecipe],
        pretrained: bool,
        progress: Progress,
        say: Say,
        team: Team = ALONE,
    ) -> None:
        recipe = request.settings
        self._request, self._recipe, self._progress, self._say = request, recipe, progress, say
        self._team, self._file = team, request.folder / CHECKPOINT
        first = team.rank == 0
        self._kept = _checkpoint(self._file, request.fingerprint) if first else None
        torch.manual_seed(recipe.seed)
        load = first and self._kept is None
        self._network = build_network(recipe, request.labels, pretrained=pretrained, load=load)
        self._whole = Normalised(self._network.module, self._network.input)
        self._lesson = Lesson(
            request.pixels, request.truth, request.train, len(request.labels), request.wide, request.unnamed
        )
        self._course = Course(recipe.patience)

    def run(self) -> TrainedNetwork:
        """Both phases, then the graph."""
        return self._trained(self._taught())

    def rehearse(self) -> tuple[Epoch, ...]:
        """Both phases, and how they went."""
        self._taught()
        return tuple(self._course.epochs)

    def assist(self) -> None:
        """The same steps with other photos, in the other processes of a team, as the first one says."""
        loop = self._loop()
        self._team.told(None)  # what all begin with lies there now
        kept = _checkpoint(self._file, self._request.fingerprint)
        if kept is None:
            raise UsageError(
                "The folder {folder} is not the same for all processes. Put --out on a disk that they share.",
                folder=self._request.folder,
            )
        loop.load(kept["loop"])
        while number := self._team.told(0):
            loop.epoch(number, loop.batches(number))
            loss: float | None = self._team.told(None)
            if loss is not None:
                loop.tell(loss)

    def _loop(self) -> Loop:
        recipe = self._recipe
        freeze(self._network, recipe.unfreeze)
        device = self._team.device(device_of(recipe))
        self._whole.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return Loop(self._network, self._whole, self._lesson, recipe, self._guide(), self._team)

    def _guide(self) -> Guide | None:
        recipe, labels = self._recipe, self._request.labels
        if recipe.distill is None:
            return None
        return Guide(recipe.distill, recipe, self._network, self._whole, labels, self._team)

    def _taught(self) -> Loop:
        if self._team.size > 1:
            self._progress.note(self._say(_TOGETHER).format(n=self._team.size))
        if self._kept is None:
            self._begin()
        loop = self._loop()
        if self._kept is None:
            loop.settle()
            self._save(loop)
        else:
            loop.load(self._kept["loop"])
            self._course.load(self._kept["course"])
        if self._recipe.precision is Precision.AUTO and loop.precision is Precision.BF16:
            self._progress.note(self._say(_BFLOAT))
        self._team.told(None)
        self._learn(loop)
        return loop

    def _begin(self) -> None:
        """What happens once, before the first epoch of the whole network."""
        network, request = self._network, self._request
        if isinstance(network.module, FastCnn) and not network.pretrained:
            some = np.random.default_rng(self._recipe.seed).permutation(request.train)[:_WHITENED]
            pictures = torch.from_numpy(np.stack([request.pixels[row] for row in some.tolist()]))
            network.module.whiten(self._whole.floats(pictures))
        if network.pretrained and self._recipe.head_epochs and network.known < len(request.labels):
            self._teach_head()

    def _teach_head(self) -> None:
        """First phase; where the network stands after it competes with every epoch of the second."""
        head = head_of(self._network)
        if head is not None and reads_features(head, self._whole, self._request):
            fresh = self._network.known == 0
            epochs = teach_head(
                head, self._whole, self._request, fresh=fresh, progress=self._progress, say=self._say
            )
        else:
            epochs = teach_any_head(
                self._network,
                self._whole,
                replace(self._lesson, unnamed=self._lesson.unnamed[:0]),
                self._request,
                progress=self._progress,
                say=self._say,
            )
        for epoch in epochs:
            self._course.note(epoch)
        self._course.weigh(self._whole.state_dict())

    def _learn(self, loop: Loop) -> None:
        self._show(loop)
        done = sum(epoch.phase == NETWORK for epoch in self._course.epochs)
        for number in range(done + 1, self._recipe.epochs + 1):
            if self._course.is_over:
                self._progress.note(self._say(_STOPPED))
                break
            if not self._request.on_epoch(number, self._epoch(loop, number)):
                break
        self._team.told(0)

    def _epoch(self, loop: Loop, number: int) -> Epoch:
        began = time.monotonic()
        what = self._say(_EPOCH).format(number=number, total=self._recipe.epochs)
        self._team.told(number)
        passed = loop.epoch(number, self._progress.track(loop.batches(number), what=what, total=loop.steps))
        loss, accuracy = validated(loop.kept, self._request)
        self._team.told(loss)
        if loss is not None:
            loop.tell(loss)
        epoch = Epoch(
            NETWORK,
            len(self._course.epochs) + 1,
            passed.rate,
            passed.loss,
            passed.accuracy,
            loss,
            accuracy,
            time.monotonic() - began,
        )
        self._course.note(epoch)
        self._course.weigh(loop.kept.state_dict())
        self._progress.note(Passing(told(epoch, self._course.epochs, self._recipe.epochs, self._say)))
        self._save(loop)
        self._show(loop)
        return epoch

    def _show(self, loop: Loop) -> None:
        self._request.watch(tuple(self._course.epochs), lambda: loop.examples(_EXAMPLES))

    def _save(self, loop: Loop) -> None:
        state = {
            "fingerprint": self._request.fingerprint,
            "loop": loop.state(),
            "course": self._course.state(),
        }
        save_checkpoint(state, self._file)

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
            weights=weights_file(self._network, self._recipe, request.labels),
            input=wanted,
            told_rows=rows,
            told=logits_of(whole, request.pixels, rows, len(request.labels)),
            epochs=tuple(self._course.epochs),
            best=self._course.best.number if self._course.best else len(self._course.epochs),
            parameters=sum(weights.numel() for weights in whole.network.parameters()),
            multiplications=multiplications(whole, wanted),
            examples=loop.examples(_EXAMPLES),
        )


def check_size(network: Network) -> None:
    """Looks at nothing in particular and becomes a graph once, to see before hours of work that both can be done.

    Raises:
        UsageError: the network cannot look at photos of its size, or cannot be written as a model file so.
    """
    wanted = network.input
    whole = Normalised(network.module, wanted).eval()
    try:
        with torch.no_grad():
            whole(torch.zeros(1, wanted.height, wanted.width, 3, dtype=torch.uint8))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise UsageError(
            "{name} cannot look at {side} x {side} pixels: {why}. Choose another --size.",
            name=wanted.name,
            side=wanted.width,
            why=_first_sentence(error),
        ) from error
    try:
        exported(whole, wanted.height, wanted.width)
    except RuntimeError as error:
        raise UsageError(
            "{name} cannot be written as a model file for {side} x {side} pixels: {why}. "
            "Choose another --size or another network.",
            name=wanted.name,
            side=wanted.width,
            why=_first_sentence(error),
        ) from error


def _first_sentence(error: Exception) -> str:
    """Libraries tell long stories; the first sentence is what they are about."""
    lines = str(error).splitlines()
    return lines[0].partition(". ")[0].rstrip(".") if lines else type(error).__name__


def weights_file(network: Network, recipe: NetworkRecipe, labels: Sequence[str]) -> bytes:
    """The network's own tensors as safetensors, with what is needed to go on from them."""
    wanted = network.input
    card = WeightsCard(
        network=recipe.name,
        classes=tuple(labels),
        size=wanted.width,
        mean=wanted.mean,
        std=wanted.std,
        arguments=recipe.arguments,
        licence=wanted.licence,
        shapes=network.shapes,
    )
    # Two names may stand for one memory, which safetensors refuses.
    tensors = {name: one.detach().clone().contiguous() for name, one in network.module.state_dict().items()}
    return save(tensors, metadata=card.metadata())


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


@contextmanager
def told_when_it_cannot_go_on(recipe: NetworkRecipe) -> Iterator[None]:
    """Turns what memory and norms refuse into sentences."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        ended = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not ended and not any(words in str(error) for words in _NO_MEMORY):
            raise
        raise TrainingFailed(
            "There is not enough memory for steps of {batch} photos. Lower --batch (and raise --accumulate), "
            "or --size. What was learnt so far is kept.",
            batch=recipe.batch,
        ) from error
    except ValueError as error:
        if _ALONE not in str(error):
            raise
        raise UsageError(
            "Steps of one photo are too small for this network, which compares the photos of a step. "
            "Raise --batch, or give it more photos."
        ) from error


finetune = NetworkTrainer(pretrained=True)
scratch = NetworkTrainer(pretrained=False)
