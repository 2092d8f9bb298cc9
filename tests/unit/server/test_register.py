"""Which version answers, whatever is loaded, fails and goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import UsageError
from taxolens.server.desk import Served, State
from taxolens.server.faults import NotReady, UnknownModel
from taxolens.server.register import Register
from tests.unit.inference.colour_model import card

CARD = card()


def served(name: str, version: str, state: State = State.READY, reason: str = "") -> Served:
    """A version."""
    return Served(name, version, "0" * 64, CARD, "classify", (), (), state, reason)


def register(aliases: Mapping[str, str] | None = None, *, keep: int = 1) -> Register:
    """Two models, each with its first version."""
    made = Register(aliases or {}, keep=keep)
    for name in ("beetles", "ants"):
        made.add(name)
        made.put(served(name, made.number(name)))
    return made


def versions(of: Register) -> list[tuple[str, str, State]]:
    """All that are known."""
    return [(one.name, one.version, one.state) for one in of]


def test_the_model_that_was_named_first_answers_where_none_is_named() -> None:
    assert register().find().name == "beetles"
    assert [one.name for one in register()] == ["ants", "beetles"]


def test_the_newest_that_is_ready_answers_and_the_one_before_goes() -> None:
    known = register()
    coming = served("beetles", known.number("beetles"), State.LOADING)
    assert known.put(coming) == ()
    assert known.find("beetles").version == "1"
    with pytest.raises(NotReady, match="being loaded"):
        known.find("beetles", "2")
    (gone,) = known.put(replace(coming, state=State.READY))
    assert (gone.version, known.find("beetles").version) == ("1", "2")
    with pytest.raises(UnknownModel, match="There is: 2"):
        known.find("beetles", "1")


def test_as_many_versions_stay_as_are_asked_for() -> None:
    known = register(keep=2)
    assert known.put(served("ants", known.number("ants"))) == ()
    assert [one.version for one in known.put(served("ants", known.number("ants")))] == ["1"]
    assert known.find("ants", "2").version == "2"


def test_a_version_that_failed_says_why_until_another_is_ready() -> None:
    known = register()
    known.put(served("ants", known.number("ants"), State.FAILED, "It is damaged."))
    assert known.find("ants").version == "1"
    with pytest.raises(NotReady, match="damaged"):
        known.find("ants", "2")
    known.put(served("ants", known.number("ants"), State.FAILED, "It is absent."))
    assert [version for name, version, _ in versions(known) if name == "ants"] == ["1", "3"]
    known.put(served("ants", known.number("ants")))
    assert [version for name, version, _ in versions(known) if name == "ants"] == ["4"]


def test_an_alias_follows_the_newest_or_holds_one_version() -> None:
    known = register({"champion": "ants", "trusted": "ants:1"})
    assert known.find("ants").aliases == ("champion", "trusted")
    assert known.put(served("ants", known.number("ants"))) == ()
    assert (known.find("champion").version, known.find("trusted").version) == ("2", "1")
    assert known.find("ants").aliases == ("champion",)


def test_names_are_given_once() -> None:
    with pytest.raises(UsageError, match="Two models"):
        register().add("ants")
    with pytest.raises(UsageError, match="Two models"):
        register({"champion": "ants"}).add("champion")
    with pytest.raises(UnknownModel, match="birds"):
        register({"champion": "birds"}).check_aliases()


STEPS = st.lists(st.sampled_from(["loaded", "failed", "retired"]), max_size=12)


@given(steps=STEPS, keep=st.integers(1, 3))
def test_the_newest_ready_version_answers_after_any_history_and_few_are_remembered(
    steps: list[str], keep: int
) -> None:
    known = Register({}, keep=keep)
    known.add("ants")
    ready: list[str] = []
    for step in steps:
        if step == "retired":
            assert [one.version for one in known.retire("ants")] == ready
            ready = []
            continue
        version = known.number("ants")
        known.put(served("ants", version, State.READY if step == "loaded" else State.FAILED))
        if step == "loaded":
            ready = [*ready, version][-keep:]
    if ready:
        assert known.find("ants").version == ready[-1]
    else:
        with pytest.raises(NotReady):
            known.find("ants")
    assert [version for _, version, state in versions(known) if state is State.READY] == ready
    assert len(versions(known)) <= max(len(ready), keep) + keep + 1
