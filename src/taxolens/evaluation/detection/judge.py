"""From found boxes to everything that a report says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taxolens.core.errors import DataError
from taxolens.evaluation.bootstrap import Limits
from taxolens.evaluation.calibration import reliability_of
from taxolens.evaluation.detection.answers import BoxAnswers, Scene, gathered, ranked, usual_limit
from taxolens.evaluation.detection.coco import RECALLS, SIZES, CocoFigures, coco_figures, mean_known
from taxolens.evaluation.detection.confusion import confusion_with_background, counting, with_strangers
from taxolens.evaluation.detection.errors import BACKGROUND, Verdicts, error_results, verdicts
from taxolens.evaluation.detection.examples import false_finds, misses
from taxolens.evaluation.detection.matching import NONE, Overlaps, matched, overlaps
from taxolens.evaluation.detection.resampling import Resampling
from taxolens.evaluation.detection.result import (
    BoxClassResult,
    CurvePoint,
    DetectionResult,
    SizeResult,
    WorkingPoint,
)
from taxolens.evaluation.detection.working import best_f1, point_at, precise_from
from taxolens.evaluation.limits import mean_limits, wilson
from taxolens.evaluation.result import Interval

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

_NAN = float("nan")


def judge_scenes(
    scenes: Sequence[Scene],
    labels: Sequence[str],
    *,
    score: float | None = None,
    overlap: float = 0.5,
    precision: float = 0.95,
    limit: int | None = None,
    seed: int = 0,
) -> DetectionResult:
    """Judges a detector by the boxes that it found in photos; see `judge_boxes`.

    Args:
        labels: the classes; boxes of others are left out.
    """
    return judge_boxes(
        gathered(scenes, labels), score=score, overlap=overlap, precision=precision, limit=limit, seed=seed
    )


def judge_boxes(
    answers: BoxAnswers,
    *,
    score: float | None = None,
    overlap: float = 0.5,
    precision: float = 0.95,
    limit: int | None = None,
    seed: int = 0,
) -> DetectionResult:
    """Judges a detector by its boxes.

    Intervals are those of the bootstrap by group where groups are known, else by photo, and never narrower than
    Wilson's, which takes each true (or found) box as one trial.

    Args:
        score: boxes below it do not count at the working point; None: the score with the best F1 of all classes.
        overlap: least intersection over union of a right box at the working point, 0.1..1.
        precision: asked of the boxes, 0..1, for `DetectionResult.precise`.
        limit: boxes of one class judged in one photo; None: `usual_limit`.
        seed: of the resampling.

    Raises:
        DataError: there is no true box.
    """
    if not len(answers.truth):
        raise DataError("No photo has a box of a class that is judged. Name data with boxes.")
    limit = limit or usual_limit(answers.truth)
    matches = _matches(ranked(answers, limit), overlap)
    cut, support = matches.answers, len(answers.truth)
    best = best_f1(cut.score, matches.right, support)
    least = score if score is not None else (best.score if best else 0.0)
    work = cut.score >= least
    draws = Resampling(cut, seed=seed)
    result = _figures(matches, work, draws)
    return replace(
        result,
        left_out=len(answers.found) - len(cut.found),
        limit=limit,
        overlap=overlap,
        work=point_at(cut.score, matches.right, support, least),
        chosen=score is None,
        precise=precise_from(cut.score, matches.right, support, precision),
        asked=precision,
    )


@dataclass(frozen=True, slots=True)
class _Matches:
    """Boxes and what they stand for.

    Attributes:
        pairs: whatever their classes, overlapping by `BACKGROUND` or more.
        coco: all that COCO asks.
        given: int64 [f], true box of the same class at the overlap of the working point.
        said: what each found box is.
    """

    answers: BoxAnswers
    pairs: Overlaps
    coco: CocoFigures
    given: Whole
    said: Verdicts
    overlap: float

    @property
    def right(self) -> Flags:
        """[f]."""
        return np.asarray(self.given != NONE)


def _matches(answers: BoxAnswers, overlap: float) -> _Matches:
    pairs = overlaps(answers.truth, answers.found, BACKGROUND)
    own = pairs.at(answers.found.label[pairs.found] == answers.truth.label[pairs.truth])
    rivals = answers.found.label * max(answers.n, 1) + answers.found.image
    nothing = np.zeros((1, len(answers.truth)), dtype=bool)
    given = matched(own, rivals, np.array([overlap]), nothing)[0, 0].astype(np.int64)
    return _Matches(
        answers,
        pairs,
        coco_figures(answers, own.at(own.iou >= 0.5)),
        given,
        verdicts(answers, pairs, given, overlap),
        overlap,
    )


def _figures(matches: _Matches, work: Flags, draws: Resampling) -> DetectionResult:
    """Everything but the working point itself."""
    answers, coco = matches.answers, matches.coco
    lies_on = with_strangers(answers, matches.pairs, matches.given, work, matches.overlap)
    precision, recall = _shares(matches, work, draws)
    drawn = draws.average_precision(coco.right)
    ap50, support = coco.by_class[0, 0], coco.support[0]
    classes = tuple(
        _class(
            matches,
            work,
            number,
            ap50=_interval(ap50[number], drawn.classes, number, support[number]),
            precision=precision[number],
            recall=recall[number],
        )
        for number in range(len(answers.labels))
    )
    nowhere = WorkingPoint(0.0, _NAN, _NAN, _NAN)
    return DetectionResult(
        labels=answers.labels,
        n=answers.n,
        groups=None if answers.groups is None else len(np.unique(answers.groups)),
        true=len(answers.truth),
        found=len(answers.found),
        left_out=0,
        limit=0,
        overlap=matches.overlap,
        map50=_mean_interval(ap50, support, drawn.mean),
        map50_95=_mean_interval(coco.by_class[0].mean(axis=0), support, drawn.mean_of_all),
        work=nowhere,
        precision=precision[-1],
        recall=recall[-1],
        chosen=True,
        precise=None,
        asked=0.0,
        curve=_mean_curve(coco),
        classes=classes,
        sizes=tuple(_size(matches, work, draws, number) for number in range(1, len(SIZES))),
        confusion=tuple(tuple(row) for row in confusion_with_background(answers, lies_on, work).tolist()),
        errors=error_results(answers, matches.said, matches.given, work),
        counting=counting(answers, work),
        calibration=reliability_of(answers.score, matches.right),
        misses=misses(answers, matches.pairs, lies_on, work),
        false_finds=false_finds(answers, matches.said, work),
    )


def _class(
    matches: _Matches, work: Flags, number: int, *, ap50: Interval, precision: Interval, recall: Interval
) -> BoxClassResult:
    answers, coco = matches.answers, matches.coco
    own = answers.found.label == number
    support = int(coco.support[0, number])
    hits, found = int((own & work & matches.right).sum()), int((own & work).sum())
    return BoxClassResult(
        label=answers.labels[number],
        ap50=ap50,
        ap50_95=float(coco.by_class[0, :, number].mean()),
        precision=precision,
        recall=recall,
        f1=2 * hits / (found + support) if found + support else _NAN,
        best=best_f1(answers.score[own], matches.right[own], support) if support else None,
        support=support,
        found=found,
        curve=_curve(coco.precision[0, 0, number], coco.score[number]) if support else (),
    )


def _shares(
    matches: _Matches, work: Flags, draws: Resampling
) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Precision and recall of each class, and in the last place of all together."""
    answers = matches.answers
    c = len(answers.labels)
    hits = _with_total(answers.found.label[work & matches.right], c)
    found = _with_total(answers.found.label[work], c)
    true = _with_total(answers.truth.label, c)
    limits = draws.shares(matches.right, work)
    return _ratio(hits, found, limits[0]), _ratio(hits, true, limits[1])


def _with_total(label: Whole, classes: int) -> Floats:
    counts = np.bincount(label, minlength=classes).astype(np.float64)
    return np.append(counts, counts.sum())


def _ratio(part: Floats, whole: Floats, drawn: Limits) -> tuple[Interval, ...]:
    low, high = wilson(part, whole)
    return tuple(
        _outer(part[at] / whole[at], (drawn[0][at], drawn[1][at]), (low[at], high[at]))
        if whole[at]
        else Interval(_NAN, 0.0, 1.0)
        for at in range(len(part))
    )


def _interval(value: float, drawn: Limits, number: int, support: int) -> Interval:
    if not support:
        return Interval(_NAN, 0.0, 1.0)
    low, high = wilson(np.array(value * support), np.array(float(support)))
    mirrored = _mirrored(value, drawn[0][number], drawn[1][number])
    return _outer(value, mirrored, (float(low), float(high)))


def _mean_interval(values: Floats, support: Whole, drawn: Limits) -> Interval:
    known = np.isfinite(values)
    each, trials = values[known], support[known].astype(np.float64)
    low, high = wilson(each * trials, trials)
    mean = mean_known(values)
    return _outer(mean, _mirrored(mean, float(drawn[0]), float(drawn[1])), mean_limits(each, low, high))


def _mirrored(value: float, low: float, high: float) -> tuple[float, float]:
    """Limits of the basic bootstrap (Davison and Hinkley 1997, section 5.2).

    Average precision of few photos is too high on average, for the dips of its curve are filled, and that of draws from
    them is higher still. What the draws are above the figure, the figure is likely above the truth.
    """
    return max(2 * value - high, 0.0), min(2 * value - low, 1.0)


def _outer(value: float, first: tuple[float, float], second: tuple[float, float]) -> Interval:
    """The wider of two intervals, on each side."""
    low, high = min(float(first[0]), float(second[0])), max(float(first[1]), float(second[1]))
    return Interval(float(value), min(low, float(value)), max(high, float(value)))


def _size(matches: _Matches, work: Flags, draws: Resampling, number: int) -> SizeResult:
    name, low, high = SIZES[number]
    area = matches.answers.truth.area
    own = (area >= low) & (area <= high)
    hit = np.zeros(len(area), dtype=bool)
    hit[matches.given[work & matches.right]] = True
    part, whole = np.array([float((own & hit).sum())]), np.array([float(own.sum())])
    limits = draws.recall_of(own, hit)
    coco = matches.coco
    return SizeResult(
        name,
        low,
        high,
        int(own.sum()),
        mean_known(coco.by_class[number]),
        mean_known(coco.recall[number]),
        _ratio(part, whole, (np.atleast_1d(limits[0]), np.atleast_1d(limits[1])))[0],
    )


def _mean_curve(coco: CocoFigures) -> tuple[CurvePoint, ...]:
    known = coco.support[0] > 0
    return _curve(coco.precision[0, 0, known].mean(axis=0), coco.score[known].mean(axis=0))


def _curve(precision: Floats, score: Floats) -> tuple[CurvePoint, ...]:
    rows = zip(RECALLS.tolist(), precision.tolist(), score.tolist(), strict=True)
    return tuple(CurvePoint(*row) for row in rows)
