"""Steps as people write them, right and wrong."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import MissingExtra, UsageError
from taxolens.imaging.operations import registry
from taxolens.imaging.operations.parameter import Kind
from taxolens.imaging.operations.registry import make_step, operations, parse_step


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("clane", "There is no step called clane. Choose clahe."),
        ("rotat:angle=3", "There is no step called rotat. Choose rotate."),
        ("clahe:clipp=2", "clahe has no parameter called clipp. Choose clip."),
        ("mirror:angle=2", "mirror has no parameters. Leave angle out."),
        ("clahe:clip=99", "clahe: clip is a number from 0.1 to 40, not 99."),
        ("clahe:clip=nan", "clahe: clip is a number from 0.1 to 40, not nan."),
        ("clahe:tiles=2.5", "clahe: tiles is a whole number from 1 to 64, not 2.5."),
        ("clahe:tiles=many", "clahe: tiles is a whole number from 1 to 64, not many."),
        ("channel:of=ultraviolet", "channel: of is one of red, green, blue, hue,"),
        ("rotate:expand=perhaps", "rotate: expand is yes or no, not perhaps."),
        ("letterbox:colour=grass", "letterbox: colour is a colour such as #72a03c, not grass."),
        ("clahe:clip", "The step clahe:clip cannot be read. Write NAME:PARAMETER=VALUE"),
        ("", "The step '' cannot be read. Write NAME:PARAMETER=VALUE"),
        (":clip=2", "The step :clip=2 cannot be read."),
        ("clahe:clip=2,clip=3", "clahe: clip is given twice."),
    ],
)
def test_a_wrong_step_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_step(text)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"clip": True}, "clahe: clip is a number from 0.1 to 40, not True."),
        ({"clip": [2]}, "clahe: clip is a number from 0.1 to 40, not [2]."),
        ({"tiles": None}, "clahe: tiles is a whole number from 1 to 64, not None."),
        ({"of": 3}, "clahe: of is one of lightness, channels, not 3."),
    ],
)
def test_a_value_of_the_wrong_type_in_a_recipe_is_told(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        make_step("clahe", values)
    assert str(error.value) == sentence


def test_a_step_is_read_as_it_is_written() -> None:
    step = parse_step(" clahe: clip=3.5 , tiles=4 ")
    assert step.values == {"clip": 3.5, "tiles": 4, "of": "lightness"}
    assert step.text == "clahe:clip=3.5,tiles=4,of=lightness"
    assert make_step("rotate", {"expand": False, "colour": [1, 2, 255]}).text.endswith("colour=#0102ff")


@pytest.mark.parametrize("name", operations())
@given(data=st.data())
def test_every_step_comes_back_from_its_text_and_from_a_pickle(name: str, data: st.DataObject) -> None:
    values: dict[str, object] = {}
    for each in operations()[name].parameters:
        if each.kind is Kind.FLOAT:
            values[each.name] = round(data.draw(st.floats(each.low, each.high)), 6) or each.low
    step = make_step(name, values)
    assert parse_step(step.text).values == step.values
    assert pickle.loads(pickle.dumps(step)).text == step.text


@pytest.mark.parametrize("name", operations())
def test_every_operation_explains_itself_and_its_defaults_are_allowed(name: str) -> None:
    operation = operations()[name]
    assert operation.help.endswith(".")
    for parameter in operation.parameters:
        assert parameter.help and not parameter.help.endswith(".")
        assert parameter.read(parameter.default, name) == parameter.default


def test_an_operation_of_another_room_is_told_to_need_opencv_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(registry, "_plant", lambda: ())
    operations.cache_clear()
    try:
        with pytest.raises(MissingExtra):
            parse_step("pseudo-landmarks")
        with pytest.raises(UsageError, match="clahe") as error:
            parse_step("clah")
        assert not isinstance(error.value, MissingExtra)
    finally:
        operations.cache_clear()


def test_listing_operations_and_policies_loads_no_opencv() -> None:
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from taxolens.imaging.operations.policy import policies\n"
        "from taxolens.imaging.operations.registry import operations\n"
        "assert len(operations()) > 30 and len(policies()) == 6"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
