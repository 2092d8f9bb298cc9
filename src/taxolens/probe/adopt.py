"""Any ONNX network to a backbone file: read, cut, wrapped, compared, described."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx

from taxolens.core.backbone import Triple
from taxolens.core.errors import ModelError
from taxolens.core.texts import noted
from taxolens.modelfile.card import Card, CardInput, CardOutput, Task
from taxolens.modelfile.verify import card_of, verified_graph
from taxolens.modelfile.write import model_bytes
from taxolens.probe.cut import candidates, check_embedding, cut, find_embedding
from taxolens.probe.entrance import Entrance, as_taken, entrance, noise, open_batch, usable_opset
from taxolens.probe.trial import run_once
from taxolens.probe.wrap import EMBEDDING, IMAGE, check_parity, put_before, put_behind, settle_batch

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
_TOKEN_AXES = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a foreign ONNX file; None: as the file says, else the usual.

    Attributes:
        mean: normalisation of pixels in 0..1.
        std: normalisation of pixels in 0..1.
        size: side of the input where the file leaves it open.
        embedding: tensor to use.
        token: position in a token sequence to use; None: their mean.
        licence: of the weights.
    """

    mean: Triple | None = None
    std: Triple | None = None
    size: int | None = None
    embedding: str | None = None
    token: int | None = None
    licence: str | None = None


def adopt(data: bytes, *, name: str, file: Path, reading: Reading) -> bytes:
    """Any ONNX network to a backbone file with its card.

    Args:
        data: the network.
        name: for the card.
        file: where it came from, for errors.
        reading: how to read it.

    Returns:
        The file's bytes, which `read_model` takes.

    Raises:
        ModelError: it cannot serve as a backbone; the message says why.
        ParityError: wrapped and original network differ.
    """
    old = card_of(verified_graph(data, file), file)
    if old is not None and old.task is Task.EMBED and not reading.embedding:
        return data
    model = usable_opset(onnx.load_from_string(data), file)
    door = entrance(model, file, size=reading.size)
    chosen = (
        check_embedding(model, reading.embedding, file) if reading.embedding else find_embedding(model, file)
    )
    part = cut(model, chosen, file)
    open_batch(part, door)
    rule = _input(door, old, reading)
    answer = run_once(part, as_taken(noise(door, 1), door, rule.mean, rule.std), file)
    if answer.ndim == _TOKEN_AXES and not reading.embedding:
        raise _only_sequence(model, file)
    plain = onnx.ModelProto()
    dimension = put_behind(part, answer.shape, reading.token, file)
    plain.CopyFrom(part)
    put_before(part, door, rule.mean, rule.std)
    check_parity(plain, part, door, rule.mean, rule.std, file)
    settle_batch(part, door, file)
    card = Card.made(
        name=name,
        task=Task.EMBED,
        input=rule,
        output=CardOutput.made(decoder=EMBEDDING, tensor=EMBEDDING, size=dimension),
        licence=reading.licence or (old.licence if old else None),
        notes=_notes(door, reading),
    )
    return model_bytes(part, card)


def _input(door: Entrance, old: Card | None, reading: Reading) -> CardInput:
    if old is not None:
        return old.input.changed(
            tensor=IMAGE, width=door.width, height=door.height, uint8=True, layout="nhwc"
        )
    uint8 = door.element == onnx.TensorProto.UINT8
    return CardInput.made(
        tensor=IMAGE,
        width=door.width,
        height=door.height,
        mean=(0.0, 0.0, 0.0) if uint8 else reading.mean or IMAGENET_MEAN,
        std=(1.0, 1.0, 1.0) if uint8 else reading.std or IMAGENET_STD,
    )


def _notes(door: Entrance, reading: Reading) -> tuple[str, ...]:
    notes = []
    if door.element != onnx.TensorProto.UINT8 and (reading.mean is None or reading.std is None):
        notes.append(
            noted("The file does not say how pixels are normalised; ImageNet's mean and deviation are used.")
        )
    if not door.fixed and reading.size is None:
        notes.append(noted("The file does not say how large its input is; 224 x 224 pixels are used."))
    return tuple(notes)


def _only_sequence(model: onnx.ModelProto, file: Path) -> ModelError:
    return ModelError(
        "The network in {file} ends in a sequence, not in one embedding. Name a tensor with --embedding: {names}.",
        file=file,
        names=", ".join(candidates(model)),
    )
