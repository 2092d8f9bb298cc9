"""What is known of a request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.server.visit import Visit, preferred, visit_of


def _scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"method": "POST", "path": "/predict", "headers": list(headers)}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9", "fr"),
        ("de, en;q=0.2, fr;q=0.8", "fr"),
        ("de", "en"),
        ("fr;q=0", "en"),
        ("fr;q=nonsense", "en"),
        ("*", "en"),
    ],
)
def test_the_best_language_is_taken(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


@given(st.text(max_size=60))
def test_any_header_leads_to_a_language(accepted: str) -> None:
    assert preferred(accepted) in ("en", "fr")


@pytest.mark.parametrize("given_id", [b"a-7", b"trace:1/2+3=@x"])
def test_a_sane_id_is_kept(given_id: bytes) -> None:
    assert Visit.of(_scope((b"x-request-id", given_id))).id == given_id.decode()


@pytest.mark.parametrize("given_id", [b"", b"a b", b"a\r\nx: y", b"x" * 129, "é".encode()])
def test_another_id_is_replaced(given_id: bytes) -> None:
    made = Visit.of(_scope((b"x-request-id", given_id))).id
    assert made != given_id.decode("latin-1")
    assert len(made) == 16


def test_the_scope_knows_its_visit() -> None:
    scope = _scope((b"content-length", b"12"))
    visit = Visit.of(scope)
    assert visit_of(scope) is visit
    assert visit.announced == 12


@pytest.mark.parametrize("length", [b"", b"-1", b"x", "²".encode()])
def test_a_length_that_is_none_is_not_announced(length: bytes) -> None:
    assert Visit.of(_scope((b"content-length", length))).announced is None
