"""Plain values as TOML."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.recipes.toml import toml_text

texts = st.text(st.characters(codec="utf-8"))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
values = st.recursive(
    st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=6))
def test_what_is_written_is_read_back(document: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(document)) == document


def test_what_is_not_known_is_left_out_and_tables_have_names() -> None:
    text = toml_text(
        {"size": None, "step": [{"name": "clahe", "clip": 2.0}], "split": {"train": 70.0}, "n": 1}
    )
    assert text == 'n = 1\n\n[split]\ntrain = 70.0\n\n[[step]]\nname = "clahe"\nclip = 2.0\n'


def test_half_a_sign_is_replaced_for_no_file_can_hold_it() -> None:
    assert tomllib.loads(toml_text({"a": "x\udc80"})) == {"a": "x?"}


def test_other_values_are_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        toml_text({"a": {1}})
