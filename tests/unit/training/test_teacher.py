"""A teacher's answers, in the pupil's order of classes, from whatever the teacher wants to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

torch = pytest.importorskip("torch")

from taxolens.core.errors import ModelError, UsageError  # noqa: E402
from taxolens.modelfile.card import CardInput, CardOutput  # noqa: E402
from taxolens.modelfile.write import write_model  # noqa: E402
from taxolens.training.teacher import ModelTeacher  # noqa: E402
from tests.unit.inference.colour_model import SIDE, card, write_colour_model  # noqa: E402

RED, GREEN, BLUE = (200.0, 20.0, 20.0), (20.0, 200.0, 20.0), (20.0, 20.0, 200.0)
SHARPNESS = 0.05


def photos(*colours: tuple[float, float, float], side: int = SIDE) -> torch.Tensor:
    return torch.tensor(colours).view(-1, 3, 1, 1).expand(-1, -1, side, side).contiguous()


def told(teacher: ModelTeacher, pixels: torch.Tensor) -> torch.Tensor:
    """Logits without what softmax does not see."""
    logits = teacher.tell(pixels).logits
    return logits - logits.mean(1, keepdim=True)


def test_the_teacher_answers_in_the_pupils_order_of_classes(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "teacher.onnx")
    teacher = ModelTeacher(tmp_path / "teacher.onnx", ("nothing", "red"))
    assert teacher.tell(photos(RED, BLUE)).logits.argmax(1).tolist() == [1, 0]


def test_the_temperature_of_the_card_is_taken_out_again(tmp_path: Path) -> None:
    labels = ("red", "green", "nothing")
    expected = torch.tensor([RED]) * SHARPNESS
    for temperature in (1.0, 2.0):
        file = tmp_path / f"{temperature}.onnx"
        write_colour_model(file, temperature=temperature)
        found = told(ModelTeacher(file, labels), photos(RED))
        assert torch.allclose(found, (expected - expected.mean()) * temperature, atol=1e-3)


def test_photos_of_another_size_are_made_to_fit(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "teacher.onnx")
    teacher = ModelTeacher(tmp_path / "teacher.onnx", ("red", "green", "nothing"))
    small, large = (told(teacher, photos(RED, GREEN, side=side)) for side in (9, 60))
    assert torch.allclose(small, large, atol=1e-3)
    assert small.argmax(1).tolist() == [0, 1]


def test_a_teacher_of_another_maker_sees_what_its_card_says(tmp_path: Path) -> None:
    """Numbers in another layout, normalised and in another order of colours; logits instead of probabilities."""
    nodes = [
        helper.make_node("ReduceMean", ["pixels", "axes"], ["colour"], keepdims=0),
        helper.make_node("Identity", ["colour"], ["logits"]),
    ]
    axes = numpy_helper.from_array(np.array([2, 3], np.int64), "axes")
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3])],
        [axes],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )
    wanted = CardInput(
        width=SIDE,
        height=SIDE,
        tensor="pixels",
        uint8=False,
        layout="nchw",
        order="bgr",
        mean=(0.5, 0.0, 0.0),
        std=(1.0, 1.0, 0.5),
    )
    output = CardOutput(decoder="logits", tensor="logits", size=3)
    write_model(model, card(input=wanted, output=output), tmp_path / "foreign.onnx")
    teacher = ModelTeacher(tmp_path / "foreign.onnx", ("red", "green", "nothing"))
    blue, green, red = 200 / 255 - 0.5, 20 / 255, 20 / 255 / 0.5
    assert torch.allclose(teacher.tell(photos(BLUE)).logits, torch.tensor([[blue, green, red]]), atol=1e-5)
    with pytest.raises(UsageError, match="hints"):
        ModelTeacher(tmp_path / "foreign.onnx", ("red", "green", "nothing"), hints=True)


def test_a_teacher_tells_what_it_decides_by(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "teacher.onnx")
    teacher = ModelTeacher(tmp_path / "teacher.onnx", ("green", "red"), hints=True)
    said = teacher.tell(photos(RED, BLUE))
    assert said.seen is not None and torch.allclose(said.seen, torch.tensor([RED, BLUE]), atol=1e-3)
    assert teacher.tell(photos(BLUE)).logits.shape == (1, 2)


def test_a_teacher_that_does_not_know_a_class_is_refused(tmp_path: Path) -> None:
    write_colour_model(tmp_path / "teacher.onnx")
    with pytest.raises(UsageError, match="does not know violet"):
        ModelTeacher(tmp_path / "teacher.onnx", ("red", "violet"))


def test_a_teacher_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        ModelTeacher(tmp_path / "nobody.onnx", ("red",))
