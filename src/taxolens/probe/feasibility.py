"""Can this be learnt, from how many photos, and what to collect next."""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.probe.clusters import Clusters, k_means
from taxolens.probe.crossing import Crossed, cross_validate
from taxolens.probe.curve import Curve, learning_curve
from taxolens.probe.neighbours import Neighbours, leave_one_out
from taxolens.probe.outlook import Evidence, outlook
from taxolens.probe.prospects import Pair, Prospects, Verdict, confused_pairs, prospects, verdict_of
from taxolens.probe.regression import Classes, Floats
from taxolens.probe.sentence import Sentence
from taxolens.probe.separability import separability
from taxolens.probe.space import Embeddings, space_of


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether classes can be learnt.

    Attributes:
        neighbours: each photo named by the photos most like it.
        clusters: groups that form without names.
        crossed: each photo named by a linear model that had not seen it.
        curve: accuracy by how many photos are learnt from.
        prospects: what cross-validation says of each class.
        separability: float64 [c], area under the ROC curve of each class against all others, from the
            cross-validated probabilities: 1 wholly apart, 0.5 not at all; NaN where it could not be judged.
        confused: pairs that will be confused, the largest share first.
        verdict: in a word.
        told: in sentences: what can be learnt, from how many photos, what to collect next.
    """

    neighbours: Neighbours
    clusters: Clusters
    crossed: Crossed
    curve: Curve
    prospects: Prospects
    separability: Floats
    confused: tuple[Pair, ...]
    verdict: Verdict
    told: tuple[Sentence, ...]

    @property
    def accuracy(self) -> float:
        """Share of photos that a linear model names correctly, cross-validated, 0..1."""
        return self.crossed.accuracy.value

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % limits."""
        return self.crossed.accuracy.interval


def study(
    vectors: Embeddings,
    truth: Classes,
    labels: tuple[str, ...],
    *,
    groups: Classes | None = None,
    seed: int = 0,
    crossed: Crossed | None = None,
) -> Feasibility:
    """Studies at most some thousand photos; the caller draws them.

    Args:
        vectors: float32 [n, d].
        truth: int64 [n], 0..len(labels)-1; at least two classes have photos.
        labels: names of the classes.
        groups: int64 [n], photos of one event, site or file: never learnt from and judged by each other.
        crossed: the cross-validation where it has been done already.
    """
    space, classes = space_of(vectors), len(labels)
    seen = crossed or cross_validate(space, truth, classes, groups=groups, seed=seed)
    neighbours = leave_one_out(space, truth, classes, groups=groups)
    curve = learning_curve(space, truth, groups=groups, seed=seed, strength=seen.strength)
    figures, confused = prospects(seen, truth, groups=groups), confused_pairs(seen, truth)
    verdict = verdict_of(seen, figures)
    return Feasibility(
        neighbours=neighbours,
        clusters=k_means(space, truth, classes, seed=seed),
        crossed=seen,
        curve=curve,
        prospects=figures,
        separability=separability(seen, truth),
        confused=confused,
        verdict=verdict,
        told=outlook(Evidence(labels, verdict, seen, neighbours, curve, figures, confused)),
    )
