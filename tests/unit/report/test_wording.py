from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxolens.core.texts import plain
from taxolens.report.wording import Wording, shortened

ENGLISH = Wording(plain, "en")
FRENCH = Wording(plain, "fr-CA")


@pytest.mark.parametrize(
    ("share", "english", "french"),
    [
        (0.9888, "98.9%", "98,9\u202f%"),
        (1.0, "100.0%", "100,0\u202f%"),
        (0.99999, ">99.9%", ">99,9\u202f%"),
        (0.00001, "<0.1%", "<0,1\u202f%"),
        (0.0, "0.0%", "0,0\u202f%"),
        (float("nan"), "–", "–"),
    ],
)
def test_a_share_is_written_as_the_reader_writes_it(share: float, english: str, french: str) -> None:
    assert ENGLISH.percent(share) == english
    assert FRENCH.percent(share) == french


@given(st.floats(0, 1), st.integers(0, 3))
def test_all_and_nothing_are_said_of_nothing_else(share: float, digits: int) -> None:
    text = ENGLISH.percent(share, digits)
    whole = ENGLISH.percent(1.0, digits)
    assert (text == whole) == (share == 1.0)
    assert (text == ENGLISH.percent(0.0, digits)) == (share == 0.0)


def test_thousands_are_grouped_as_the_reader_groups_them() -> None:
    assert ENGLISH.count(1_234_567) == "1,234,567"
    assert FRENCH.count(1_234_567) == "1\u202f234\u202f567"
    assert FRENCH.decimal(1234.5, 1) == "1\u202f234,5"


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    assert ENGLISH.decimal(-0.0001, 2) == "0.00"


def test_an_unknown_language_is_written_as_english() -> None:
    assert Wording(plain, "xx").decimal(1.5, 1) == "1.5"


def test_a_range_bears_its_sign_once() -> None:
    assert ENGLISH.percent_range(0.94, 0.998) == "94.0 to 99.8%"
    assert ENGLISH.interval(float("nan"), 1.0) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.416, "0.42 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (4320, "1 h 12 min"),
        (float("inf"), "–"),
    ],
)
def test_time_is_written_in_the_units_of_its_size(seconds: float, text: str) -> None:
    assert ENGLISH.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == text


@given(st.text(), st.integers(2, 40))
def test_a_shortened_name_fits_and_keeps_its_ends(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        assert "…" in short
