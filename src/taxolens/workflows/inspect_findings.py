"""Everything that an inspection found, for the page, the figures and the table of problems."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from taxolens.core.records import Failure, Image
from taxolens.data.faults import Fault
from taxolens.data.looks import Looks
from taxolens.data.statistics import Counts, Imbalance
from taxolens.data.timeline import Timeline
from taxolens.formats.source import BoxProblem
from taxolens.probe.background import Background
from taxolens.recipes.inspect import InspectRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.inspect_alike import Alike
from taxolens.workflows.inspect_study import Study, Suspect
from taxolens.workflows.inspect_twins import Twins


@dataclass(frozen=True, slots=True)
class Findings:
    """What an inspection found. Rows are numbers of photos that could be read.

    Attributes:
        name: of the data.
        images: the n photos that could be read.
        failures: the others.
        labels: classes of whole photos, sorted.
        truth: int64 [n], class of each photo; -1 where it has none.
        counts: photos per class of whole photos, and per group or site.
        shown: photos that show each class in a box, where boxes alone say what photos show.
        counts_of_boxes: boxes per class, where the source has boxes.
        looks: size, light, sharpness and mean photos; rows as `images`.
        faults: photos that hardly show anything, and boxes that are odd; `index` is a row.
        box_problems: boxes that could not be read.
        twins: groups of copies, the harmful ones first.
        divided: the data bring a split of their own.
        background: None where there is nothing to tell apart.
        study: None where no backbone was asked for, or there is nothing to tell apart.
        alike: groups of photos that nothing tells apart by name; None where they are studied, no backbone was
            asked for, or they are few.
        backbone: its name.
        hints: what a reader of the study should know of the backbone.
        notes: what was said on the way.
        seconds: how long each stage took.
    """

    recipe: InspectRecipe
    name: str
    made: datetime
    images: tuple[Image, ...]
    failures: tuple[Failure, ...]
    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    counts: Counts
    shown: Counts | None
    imbalance: Imbalance
    counts_of_boxes: Counts | None
    looks: Looks
    faults: tuple[Fault, ...]
    box_problems: tuple[BoxProblem, ...]
    twins: tuple[Twins, ...]
    divided: bool
    timeline: Timeline | None
    background: Background | None
    study: Study | None
    alike: Alike | None
    backbone: str | None
    hints: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]

    @property
    def read(self) -> int:
        """How many photos could be read."""
        return len(self.images)

    @property
    def labelled(self) -> bool:
        """Whether anything says what the photos show: labels of whole photos, or boxes."""
        return bool(self.labels) or self.counts_of_boxes is not None

    @property
    def of_classes(self) -> Counts:
        """Photos per class: of those that show it in a box, where boxes alone say what photos show."""
        return self.counts if self.shown is None else self.shown

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """Photos whose label is in doubt, the likeliest mistakes first."""
        return self.study.suspects if self.study else ()

    @property
    def hues(self) -> tuple[int, ...]:
        """The mark of each class: the largest have the marks that are easiest to tell apart."""
        ranks = np.empty(len(self.counts.totals), dtype=np.int64)
        ranks[np.argsort(-np.asarray(self.counts.totals), kind="stable")] = np.arange(len(ranks))
        return tuple(ranks.tolist())

    def outlook(self, wording: Wording) -> tuple[str, ...]:
        """Whether this can be learnt, from how many photos and what to collect next, in the reader's words.

        The first sentence says it in short; nothing where nothing was studied.
        """
        if self.study is None:
            return ()
        percent = partial(wording.percent, digits=0)
        return tuple(
            one.told(wording.say, count=wording.count, percent=percent) for one in self.study.feasibility.told
        )

    def verdict(self, wording: Wording) -> str:
        """The outlook in one sentence; empty where nothing was studied."""
        return next(iter(self.outlook(wording)), "")

    def next_steps(self, wording: Wording) -> tuple[tuple[str, str], ...]:
        """What to type next, (purpose, command)."""
        say, data = wording.say, shlex.quote(str(self.recipe.source.data))
        steps = [
            (say("Divide, clean and balance the photos"), f"taxolens prepare {data} --out prepared"),
            (say("Teach a model"), f"taxolens train {data} --out run"),
        ]
        if self.shown is not None:
            line = f"taxolens train {data} --method detect --out run"
            steps = [
                (
                    say("Divide the photos, or cut large ones into tiles"),
                    f"taxolens prepare {data} --out prepared",
                ),
                (say("Teach a detector"), line),
            ]
        if not self.labelled:
            line = f"taxolens identify {data} --model MODEL --out results.csv"
            steps = [(say("Let a model that knows such photos name them"), line)]
        if self.recipe.table is None:
            line = f"taxolens inspect {data} --list problems.csv"
            steps.insert(0, (say("Have all problems as a table, to work through them"), line))
        return tuple(steps)
