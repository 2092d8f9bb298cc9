from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from taxolens.workflows.inspect_document import plain_values


class Verdict(StrEnum):
    EASY = "easy"


@dataclass(frozen=True)
class Figures:
    share: float
    counts: np.ndarray
    verdict: Verdict


def test_arrays_and_dataclasses_become_what_json_knows() -> None:
    given = {1: Figures(0.12345678, np.array([[1, 2]]), Verdict.EASY), "place": Path("a/b")}
    written = json.dumps(plain_values(given), allow_nan=False)
    assert json.loads(written) == {
        "1": {"share": 0.123457, "counts": [[1, 2]], "verdict": "easy"},
        "place": "a/b",
    }


def test_a_figure_that_does_not_exist_is_null() -> None:
    assert plain_values([float("nan"), np.float32("inf"), np.int64(3), True, None]) == [
        None,
        None,
        3,
        True,
        None,
    ]
