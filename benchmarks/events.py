"""Whether the photos of an event, decided together, name its animal better than each photo by itself.

Reads the held-back answers that `python -m benchmarks.accuracy --sets cameratrap` left.

python -m benchmarks.events [--place DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy import BACKBONES, FOLDS, read_predictions
from taxolens.core.taxonomy import usual_role
from taxolens.inference.context import Placed
from taxolens.inference.decision import DecisionRule, decide
from taxolens.inference.events import EventRule, events_of
from taxolens.inference.row import Row, Stamp


@dataclass(frozen=True)
class Visit:
    """One run of consecutive frames: what is in each, what each photo says, what they say together."""

    truth: list[str]
    photos: list[str]
    event: str


def visits(run: Path) -> Iterator[Visit]:
    """The runs of frames of one fold."""
    answers = read_predictions(run)
    groups = answers.groups if answers.groups is not None else np.arange(len(answers.truth))
    rule = DecisionRule(answers.labels, frozenset(label for label in answers.labels if usual_role(label)))
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        rows = [
            Row(Stamp(answers.names[i], 0, 0), scores=answers.probabilities[i].astype(np.float32))
            for i in own
        ]
        (event,) = events_of(
            (Placed(row, None, None, "visit") for row in rows), EventRule(), lambda _: rule, lambda _: None
        ).values()
        photos = [decide("", row.scores, rule).label for row in rows if row.scores is not None]
        yield Visit([answers.labels[answers.truth[i]] for i in own], photos, event.label)


def line(way: str, found: list[Visit]) -> str:
    """Visits of one species with more than one photo: its photos by themselves, and as events."""
    blank = {label for visit in found for label in visit.truth if usual_role(label)}
    of_one = [v for v in found if len(v.truth) > 1 and len(set(v.truth) - blank) == 1]
    photos = [(v, i) for v in of_one for i, truth in enumerate(v.truth) if truth not in blank]
    single = np.mean([v.photos[i] == v.truth[i] for v, i in photos])
    together = np.mean([v.event == v.truth[i] for v, i in photos])
    return f"| {way} | {len(of_one)} | {len(photos)} | {single:.3f} | {together:.3f} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    place = parser.parse_args().place
    print(
        "| way | events | photos with an animal | right by themselves | right as events |\n|---|---|---|---|---|"
    )
    for way in BACKBONES:
        runs = [place / "runs" / f"cameratrap-fold{fold}-{way.split()[0]}" for fold in range(FOLDS)]
        print(line(way, [visit for run in runs for visit in visits(run)]))


if __name__ == "__main__":
    main()
