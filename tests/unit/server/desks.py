"""Desks for tests, opened and closed, and models that tell apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from taxolens.modelfile.write import write_model
from taxolens.server.model_desk import ModelDesk
from taxolens.server.options import DeskOptions, NamedFile
from taxolens.server.work import Answer, Named, PhotoWork
from tests.unit.inference.colour_model import SIDE, card, graph, write_photo

Opener = Callable[[DeskOptions], ModelDesk]


@asynccontextmanager
async def opened(opener: Opener, *files: Path | NamedFile, **options: object) -> AsyncIterator[ModelDesk]:
    """A started desk, closed in the end."""
    named = tuple(file if isinstance(file, NamedFile) else NamedFile(file) for file in files)
    desk = opener(DeskOptions(named, **options))  # type: ignore[arg-type]
    try:
        await desk.start()
        yield desk
    finally:
        await desk.close(patience=5)


def write_sharp(path: Path, sharpness: float) -> Path:
    """A model that names colours the surer, the sharper it is; put there in one piece."""
    made = path.with_name("coming.onnx")
    write_model(graph(sharpness=sharpness), card(), made)
    made.replace(path)
    return path


def write_constant(path: Path, values: list[float]) -> Path:
    """A model that gives every photo these for probabilities."""
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["colour"], keepdims=0),
        helper.make_node("Mul", ["colour", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "values"], ["probabilities"]),
    ]
    constants = {
        "axes": np.array([1, 2]),
        "zero": np.float32(0),
        "values": np.array([values], np.float32),
    }
    made = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    write_model(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), card(), path
    )
    return path


def photo(folder: Path, colour: str = "red") -> PhotoWork:
    """A photo of one colour, as work."""
    path = write_photo(folder / f"{colour}.png", colour)
    return PhotoWork(path.read_bytes(), str(path))


def slow_photo(side: int = 8000) -> PhotoWork:
    """A photo that takes a while."""
    from io import BytesIO

    file = BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(file, "PNG", compress_level=1)
    return PhotoWork(file.getvalue(), "slow")


async def ask(desk: ModelDesk, work: PhotoWork, *, deadline: float = 60) -> Answer:
    """What the first model says."""
    return await desk.ask(desk.find(), work, deadline=deadline)


def score(answer: Answer) -> float:
    """How sure a classifier was."""
    assert isinstance(answer.result, Named)
    return answer.result.prediction.score


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 60) -> None:
    """Waits for something to be so."""
    async with asyncio.timeout(seconds):
        while True:
            so = condition()
            if so if isinstance(so, bool) else await so:
                return
            await asyncio.sleep(0.01)
