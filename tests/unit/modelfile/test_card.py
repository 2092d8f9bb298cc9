"""A card survives the way through JSON, and nonsense does not become one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.errors import ModelError, UsageError
from taxolens.core.taxonomy import Role, Taxon
from taxolens.imaging.preprocess import Fit, Preprocess
from taxolens.modelfile.card import (
    Card,
    CardClass,
    CardInput,
    CardOutput,
    CardTile,
    Conformal,
    Metric,
    Task,
    Thresholds,
)

words = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs")), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0, 1)
some_class = st.builds(
    CardClass,
    id=words,
    names=st.dictionaries(st.sampled_from(["en", "fr", "de"]), words),
    scientific=st.none() | words,
    gbif_id=st.none() | st.integers(0, 10**9),
    role=st.none() | st.sampled_from(list(Role)),
)
some_input = st.builds(
    CardInput,
    width=st.integers(8, 4096),
    height=st.integers(8, 4096),
    order=st.sampled_from(["rgb", "bgr"]),
    fit=st.sampled_from(list(Fit)),
    crop_fraction=st.floats(0.01, 1),
    mean=st.tuples(numbers, numbers, numbers),
    std=st.tuples(*[st.floats(1e-6, 1e6)] * 3),
)
some_card = st.builds(
    Card,
    name=words,
    task=st.sampled_from(list(Task)),
    classes=st.lists(some_class, min_size=1, max_size=5, unique_by=lambda one: one.id).map(tuple),
    input=some_input,
    output=st.builds(CardOutput, decoder=words, tensor=words, size=st.none() | st.integers(1, 100)),
    thresholds=st.builds(Thresholds, unsure=shares, precision=st.none() | shares),
    temperature=st.floats(1e-3, 1e3),
    conformal=st.none() | st.builds(Conformal, coverage=shares, quantile=shares),
    metrics=st.lists(st.builds(Metric, name=words, value=numbers), max_size=3).map(tuple),
    recipe=st.dictionaries(
        words, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words, max_size=3
    ),
    licence=st.none() | words,
    created_at=st.datetimes(timezones=st.just(UTC)),
)


@given(some_card)
def test_a_card_comes_back_from_its_json_as_it_was(card: Card) -> None:
    again = Card.from_json(card.to_json())
    assert again == card
    assert again.to_json() == card.to_json()


def minimal(**changes: Any) -> dict[str, Any]:
    card = {
        "name": "traps",
        "task": "classify",
        "classes": [{"id": "wren"}, {"id": "owl"}],
        "input": {"width": 224, "height": 160, "fit": "crop"},
        "output": {"decoder": "probabilities", "tensor": "probabilities"},
    }
    return {**card, **changes}


def test_a_card_tells_labels_taxa_and_rule_in_the_words_of_the_field() -> None:
    owl = {"id": "owl", "names": {"fr": "chouette"}, "scientific": "Strix aluco", "gbif_id": 5, "role": None}
    card = Card.from_json(json.dumps(minimal(classes=[{"id": "void", "role": "blank"}, owl])))
    assert card.labels == ("void", "owl")
    assert card.taxa[1] == Taxon("owl", {"fr": "chouette"}, "Strix aluco", None, 5)
    assert card.taxa[0].role is Role.BLANK
    assert card.preprocess == Preprocess(224, 160, Fit.CROP)


def test_a_class_is_made_of_a_taxon_and_gives_it_back() -> None:
    taxon = Taxon("owl", {"en": "tawny owl"}, "Strix aluco", "species", 2497491, None)
    assert CardClass.of(taxon).taxon == taxon


def test_keys_of_later_versions_are_tolerated_and_dropped() -> None:
    card = Card.from_json(json.dumps(minimal(mood="good", input={"width": 64, "height": 64, "gamma": 2})))
    assert "mood" not in card.to_json()
    assert "gamma" not in card.to_json()


def test_a_card_of_a_later_format_asks_for_an_update() -> None:
    with pytest.raises(ModelError, match="newer Taxolens"):
        Card.from_json(json.dumps(minimal(schema_version=2)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"input": {"width": 4, "height": 224}}, "input.width"),
        ({"input": {"width": 224, "height": 5000}}, "input.height"),
        ({"input": {"width": 224, "height": 224, "std": [1, 0, 1]}}, "input.std"),
        ({"input": {"width": 224, "height": 224, "fit": "stretch"}}, "input.fit"),
        ({"temperature": 0}, "temperature"),
        ({"thresholds": {"unsure": 1.5}}, "thresholds.unsure"),
        ({"conformal": {"method": "magic", "coverage": 0.9, "quantile": 0.1}}, "conformal.method"),
        ({"variant_of": "abc"}, "variant_of"),
        ({"task": "dance"}, "task"),
        ({"classes": [{"id": "wren"}, {"id": "wren"}]}, "twice"),
        ({"classes": []}, "no classes"),
        ({"metrics": [{"name": "accuracy", "value": float("nan")}]}, "metrics"),
        ({"classes": [{"id": str(number)} for number in range(20_001)]}, "classes"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelError, match=named):
        Card.from_json(json.dumps(minimal(**change)))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '"card"', b"\xff\xfe"])
def test_what_is_no_card_is_a_model_error(text: str | bytes) -> None:
    with pytest.raises(ModelError):
        Card.from_json(text)


def test_a_changed_card_is_checked_too() -> None:
    card = Card.from_json(json.dumps(minimal(created_at=datetime(2026, 1, 2, tzinfo=UTC).isoformat())))
    assert card.changed(name="other").name == "other"
    assert card.changed(name="other").created_at == card.created_at
    with pytest.raises(UsageError, match="temperature"):
        card.changed(temperature=-1)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\n", "\x7f", "\x9b", "\u202e", "\u2066"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: {"name": text},
        lambda text: {"licence": text},
        lambda text: {"notes": [text]},
        lambda text: {"classes": [{"id": text}]},
        lambda text: {"classes": [{"id": "owl", "names": {"en": text}}]},
        lambda text: {"classes": [{"id": "owl", "scientific": text}]},
    ],
)
def test_a_card_that_could_command_a_terminal_is_refused(
    change: Callable[[str], dict[str, Any]], character: str
) -> None:
    with pytest.raises(ModelError, match="control characters") as caught:
        Card.from_json(json.dumps(minimal(**change(f"a{character}b"))))
    assert str(caught.value).isprintable()


def test_a_label_with_control_characters_is_named_where_the_card_is_made() -> None:
    with pytest.raises(UsageError, match=r"id: 'owl.x1b\[2J' holds control characters"):
        CardClass.of(Taxon("owl\x1b[2J", {}))


@pytest.mark.parametrize(
    ("part", "fields", "named"),
    [
        (CardInput, {"width": 4, "height": 64}, "width"),
        (CardInput, {"width": 64, "height": 64, "std": (0, 0, 0)}, "std"),
        (Card, {"licence": "x" * 1100}, "licence"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence_to_who_gave_it(
    part: type[Any], fields: dict[str, object], named: str
) -> None:
    usual = minimal() if part is Card else {}
    with pytest.raises(UsageError, match=f"cannot hold this {named}.*: ") as caught:
        part.made(**{**usual, **fields})
    assert "\n" not in str(caught.value)


def a_detector(tile: object) -> Card:
    return Card.made(
        name="traps",
        task=Task.DETECT,
        classes=(CardClass(id="insect"),),
        input=CardInput.made(width=416, height=416, tile=tile),
        output=CardOutput(decoder="yolox", tensor="boxes"),
    )


@given(st.integers(32, 65_500), st.floats(0, 0.5), st.booleans())
def test_how_a_detector_cuts_photos_survives_the_way_through_json(
    side: int, overlap: float, whole: bool
) -> None:
    card = a_detector(CardTile(side=side, overlap=overlap, whole=whole))
    assert Card.from_json(card.to_json()) == card
    assert card.input.tile is not None and card.input.tile.tiling.side == side


@pytest.mark.parametrize("tile", [{"side": 10}, {"side": 512, "overlap": 0.7}, {"overlap": 0.2}])
def test_tiles_that_cannot_be_meant_are_refused(tile: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="tile"):
        a_detector(tile)


def test_tiles_are_for_detectors() -> None:
    with pytest.raises(UsageError, match="for detectors"):
        a_detector(CardTile(side=512)).changed(task=Task.CLASSIFY)
