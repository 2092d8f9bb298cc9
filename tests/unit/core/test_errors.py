from __future__ import annotations

import pickle

import pytest

from taxolens.core import errors

KINDS = [
    errors.TaxolensError,
    errors.UsageError,
    errors.DataError,
    errors.ModelError,
    errors.MissingExtra,
    errors.OutputError,
    errors.ParityError,
    errors.NetworkError,
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_its_template_filled_in(kind: type[errors.TaxolensError]) -> None:
    assert str(kind("No photo in {folder}.", folder="card")) == "No photo in card."


def test_a_door_translates_the_template_and_keeps_the_fields() -> None:
    error = errors.UsageError("No photo in {folder}.", folder="card")
    assert (
        error.told({"No photo in {folder}.": "Aucune photo dans {folder}."}.__getitem__)
        == "Aucune photo dans card."
    )


def test_a_sentence_without_fields_may_hold_braces() -> None:
    assert str(errors.UsageError("Write {} for nothing.")) == "Write {} for nothing."


def test_wrong_use_and_failed_work_have_different_exit_codes() -> None:
    assert errors.DataError("x").exit_code == errors.ModelError("x").exit_code == 2
    assert errors.OutputError("x").exit_code == errors.ParityError("x").exit_code == 1


def test_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(errors.ImageError("damaged", "Ends after {n} bytes.", n=3)))
    assert (error.code, str(error)) == ("damaged", "Ends after 3 bytes.")
