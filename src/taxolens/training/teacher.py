"""What teaches another network: a model file run by onnxruntime, or a network of PyTorch with its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from taxolens.core.errors import ModelError, UsageError
from taxolens.execution.local import default_workers
from taxolens.formats.weights import WeightsCard, read_weights_card
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.models.network import build_network
from taxolens.recipes.network import DistillRecipe, NetworkRecipe
from taxolens.training.features import Features
from taxolens.training.normalise import Normalised
from taxolens.training.resize import resized

_LEAST = 1e-8
_LOGITS, _BGR = "logits", "bgr"
_ONNX, _WEIGHTS = ".onnx", "weights.safetensors"
_DENSE = ("Gemm", "MatMul")
_AFTERWARDS = ("Softmax", "LogSoftmax", "Div", "Mul", "Add", "Sub", "Identity", "Cast")
"""What may lie between the last dense layer and the answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a teacher says of b photos.

    Attributes:
        logits: float32 [b, c], in the pupil's order of classes.
        seen: float32 [b, d], what it decides by; None where that was not asked for.
    """

    logits: torch.Tensor
    seen: torch.Tensor | None = None


class Teacher(Protocol):
    """A classifier that knows the pupil's classes."""

    def tell(self, pixels: torch.Tensor) -> Told:
        """Looks at photos.

        Args:
            pixels: float32 [b, 3, h, w], RGB in 0..255.
        """
        ...


def open_teacher(recipe: DistillRecipe, labels: Sequence[str], device: torch.device) -> Teacher:
    """The teacher of a recipe.

    A run's network is taken in place of its model file where there is a graphics card, which it can use.

    Args:
        labels: the pupil's classes; the teacher must know them all.

    Raises:
        ModelError: the file cannot be used.
        UsageError: it does not know all classes, or what it sees is asked for and cannot be told.
    """
    file = recipe.teacher
    if file.suffix.lower() != _ONNX:
        return NetworkTeacher(file, labels, hints=recipe.hints > 0, device=device)
    beside = file.with_name(_WEIGHTS)
    card = read_weights_card(beside) if device.type != "cpu" else None
    teacher = ModelTeacher(file, labels, hints=recipe.hints > 0)
    if card is not None and card.classes == teacher.labels:
        return NetworkTeacher(beside, labels, hints=recipe.hints > 0, device=device)
    return teacher


def _columns(known: Sequence[str], labels: Sequence[str], file: Path) -> list[int]:
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise UsageError(
            "The teacher {file} does not know {labels}. Choose one that was taught on the same classes.",
            file=file,
            labels=", ".join(unknown[:5]),
        )
    return [known.index(label) for label in labels]


def _fitted(pixels: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Photos in the teacher's own size, in whole grey levels."""
    return resized(pixels, height, width).clamp(0, 255).round()


class ModelTeacher:
    """A model file.

    Args:
        labels: the pupil's classes; the teacher must know them all.
        hints: what it sees before it decides is to be told too.

    Raises:
        ModelError: the file cannot be used.
        UsageError: it does not know all classes, or does not tell what it sees.
    """

    def __init__(self, file: Path, labels: Sequence[str], *, hints: bool = False) -> None:
        model = read_model(file, task=Task.CLASSIFY)
        self.labels = model.card.labels
        self._columns = _columns(model.card.labels, labels, file)
        self._card = model.card
        options = ort.SessionOptions()
        options.intra_op_num_threads = default_workers()
        # Between two looks the same processors teach the pupil.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        graph, self._outputs = model.graph, [model.card.output.tensor]
        if hints:
            graph, embedding = _with_embedding(graph, model.card.output.tensor, file)
            self._outputs.append(embedding)
        self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def tell(self, pixels: torch.Tensor) -> Told:
        """See `Teacher`; the card's temperature is taken out again."""
        said, *seen = self._session.run(self._outputs, {self._input: self._image(pixels)})
        found = torch.from_numpy(np.asarray(said, np.float32).reshape(len(pixels), -1))[:, self._columns]
        if self._card.output.decoder != _LOGITS:
            found = found.clamp_min(_LEAST).log() * (self._card.temperature or 1.0)
        hint = torch.from_numpy(np.asarray(seen[0], np.float32).reshape(len(pixels), -1)) if seen else None
        return Told(found, hint)

    def _image(self, pixels: torch.Tensor) -> NDArray[np.uint8] | NDArray[np.float32]:
        """The photos as the teacher takes them; its own size, colours, layout and normalisation."""
        rule = self._card.input
        image = _fitted(pixels, rule.height, rule.width)
        if self._card.preprocess.order == _BGR:
            image = image.flip(1)
        if not rule.uint8:
            mean, std = (torch.tensor(three).view(1, 3, 1, 1).to(image) for three in (rule.mean, rule.std))
            image = (image / 255 - mean) / std
        if rule.layout == "nhwc":
            image = image.permute(0, 2, 3, 1)
        return np.ascontiguousarray((image.byte() if rule.uint8 else image.float()).cpu().numpy())


def _with_embedding(graph: bytes, answer: str, file: Path) -> tuple[bytes, str]:
    """The graph with its embedding as a further output: what goes into the last dense layer."""
    model = onnx.load_from_string(graph)
    constants = {one.name for one in model.graph.initializer}
    makers = {made: node for node in model.graph.node for made in node.output}
    constants |= {made for made, node in makers.items() if node.op_type == "Constant"}
    node = makers.get(answer)
    while node is not None and node.op_type in _AFTERWARDS:
        node = next((makers[one] for one in node.input if one in makers and one not in constants), None)
    if node is None or node.op_type not in _DENSE or node.input[0] not in makers:
        raise UsageError(
            "The teacher {file} does not decide by an embedding, so it has no hints to give. "
            "Leave out --distill-hints, or choose another teacher.",
            file=file,
        )
    embedding = node.input[0]
    if embedding not in {one.name for one in model.graph.output}:
        model.graph.output.append(helper.make_tensor_value_info(embedding, TensorProto.FLOAT, None))
    return model.SerializeToString(), embedding


class NetworkTeacher:
    """A network with the weights that one of our trainings left.

    Args:
        labels: the pupil's classes; the teacher must know them all.
        hints: what it sees before it decides is to be told too.
        device: to compute on.

    Raises:
        ModelError: the file is no such weights.
        UsageError: it does not know all classes, or does not tell what it sees.
    """

    def __init__(
        self, file: Path, labels: Sequence[str], *, hints: bool = False, device: torch.device
    ) -> None:
        card = read_weights_card(file)
        if card is None:
            raise ModelError(
                "{file} is neither a model file nor the weights of a run, so it cannot teach. "
                "Name a run folder, its model.onnx or its weights.safetensors.",
                file=file,
            )
        self._columns = _columns(card.classes, labels, file)
        network = build_network(_as_taught(card, file), card.classes, pretrained=True)
        self._wanted = network.input
        self._whole = Normalised(network.module, network.input).eval().to(device)
        self._features = Features(network) if hints else None
        if self._features and not self._features.known:
            raise UsageError(
                "The teacher {file} does not decide by an embedding, so it has no hints to give. "
                "Leave out --distill-hints, or choose another teacher.",
                file=file,
            )

    def tell(self, pixels: torch.Tensor) -> Told:
        """See `Teacher`."""
        image = _fitted(pixels, self._wanted.height, self._wanted.width)
        with torch.no_grad():
            floats = self._whole.floats(image.permute(0, 2, 3, 1))
            if self._features is None:
                return Told(self._whole.network(floats).float()[:, self._columns])
            with self._features.watched() as seen:
                logits = self._whole.network(floats).float()
        return Told(logits[:, self._columns], seen[-1])


def _as_taught(card: WeightsCard, file: Path) -> NetworkRecipe:
    return NetworkRecipe(
        card.network,
        weights=file,
        arguments=card.arguments,
        size=card.size,
        mean=card.mean,
        std=card.std,
    )
