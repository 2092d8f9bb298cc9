from __future__ import annotations

import io
import random
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from taxolens.core.records import Failure
from taxolens.core.texts import plain
from taxolens.evaluation.result import (
    Calibration,
    ClassificationResult,
    ClassResult,
    ConformalResult,
    CoveragePoint,
    Interval,
    Mistake,
    ReliabilityBin,
)
from taxolens.recipes.split import SplitBy
from taxolens.workflows.model_facts import (
    AgreementFacts,
    BackboneFacts,
    ClassCounts,
    DuplicateFacts,
    FileFacts,
    HeadFacts,
    ModelFacts,
    NextStep,
    SplitFacts,
)
from taxolens.workflows.model_page import model_page

CHROMIUM = Path("/usr/bin/chromium")
NAN = float("nan")


def around(value: float, n: int) -> Interval:
    if not n:
        return Interval(NAN, NAN, NAN)
    half = 1.96 * (max(value * (1 - value), 0.01) / n) ** 0.5
    return Interval(value, max(value - half, 0.0), min(value + half, 1.0))


def a_calibration(answers: list[Mistake], power: float) -> Calibration:
    bins = []
    for k in range(15):
        low, high = k / 15, (k + 1) / 15
        inside = [a for a in answers if low < a.score**power <= high]
        if inside:
            mean = sum(a.score**power for a in inside) / len(inside)
            right = sum(a.truth == a.predicted for a in inside) / len(inside)
            bins.append(ReliabilityBin(low, high, mean, right, len(inside)))
    n = len(answers) or 1
    return Calibration(sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / n, tuple(bins))


def draw_answers(labels: tuple[str, ...], n: int, error: float, seed: int) -> list[Mistake]:
    chance = random.Random(seed)
    weights = [1 / (1 + i) ** 0.5 for i in range(len(labels))]
    answers = []
    for number in range(n):
        i = chance.choices(range(len(labels)), weights)[0]
        wrong = chance.random() < error
        neighbour = chance.choice([i + 1, i - 1, chance.randrange(len(labels))]) % len(labels)
        j = neighbour if wrong else i
        score = chance.betavariate(3, 2) if wrong else chance.betavariate(12, 1)
        answers.append(Mistake(f"site {number % 7}/IMG_{number:04}.JPG", labels[i], labels[j], score))
    return answers


def coverage_of(answers: list[Mistake]) -> tuple[CoveragePoint, ...]:
    surest = sorted(answers, key=lambda a: -a.score)
    right, points = 0, []
    for rank, answer in enumerate(surest, 1):
        right += answer.truth == answer.predicted
        points.append(CoveragePoint(answer.score, rank / len(surest), right / rank))
    return tuple(reversed(points))


def class_of(label: str, i: int, matrix: list[list[int]]) -> ClassResult:
    support, called, right = sum(matrix[i]), sum(row[i] for row in matrix), matrix[i][i]
    recall = around(right / support if support else NAN, support)
    precision = around(right / called if called else NAN, called)
    f1 = around(2 * right / (support + called) if support + called else NAN, support)
    return ClassResult(label, precision, recall, f1, support)


def a_result(
    labels: tuple[str, ...], n: int = 400, error: float = 0.08, *, seed: int = 0, groups: int | None = 31
) -> ClassificationResult:
    """A result whose figures belong together, from answers drawn by lot."""
    answers = draw_answers(labels, n, error, seed)
    place = {label: i for i, label in enumerate(labels)}
    matrix = [[0] * len(labels) for _ in labels]
    for answer in answers:
        matrix[place[answer.truth]][place[answer.predicted]] += 1
    classes = tuple(class_of(label, i, matrix) for i, label in enumerate(labels))
    points = coverage_of(answers)
    errors = sorted((a for a in answers if a.truth != a.predicted), key=lambda a: -a.score)
    accuracy = 1 - len(errors) / n if n else NAN
    return ClassificationResult(
        labels=labels,
        n=n,
        groups=groups,
        accuracy=around(accuracy, n),
        macro_f1=around(accuracy * 0.97, n),
        top5=around(min(1.0, accuracy + 0.03), n),
        loss=0.213 if n else NAN,
        classes=classes,
        confusion=tuple(map(tuple, matrix)),
        calibration=a_calibration(answers, 1.0),
        before=a_calibration(answers, 0.4),
        coverage=points,
        automatic=next((p for p in points if p.accuracy >= 0.95), None),
        conformal=ConformalResult(0.95, 0.957, 1.31, (1, int(n * 0.75), int(n * 0.15), int(n * 0.05))),
        errors=tuple(errors),
        sample=tuple(answers[:12]),
    )


def full_facts(labels: tuple[str, ...]) -> ModelFacts:
    counts = tuple(ClassCounts(label, 130 - 2 * i % 90, 30, 40) for i, label in enumerate(labels))
    return ModelFacts(
        name="Cameras of the Cévennes",
        created=datetime(2026, 11, 21, 14, 3),
        data="cameras_2026",
        photos=2_412,
        counts=counts,
        split=SplitFacts(SplitBy.SITE, 65, 15, 20, seed=0, units=31),
        duplicates=DuplicateFacts(4, 9, (("fox/IMG_1.JPG", "marten/IMG_1 (copy).JPG"),)),
        failures=(
            Failure(Path("x/a.jpg"), "fox/IMG_0817.JPG", "damaged", "The file is cut off."),
            Failure(Path("x/b.jpg"), "fox/<img src=x onerror=alert(1)>.jpg", "empty", "The file is empty."),
        ),
        notes=("Class marten has photos of a single site; its figures say nothing of other places.",),
        backbone=BackboneFacts("mobilenetv2_100", 1280, "Apache-2.0", "A better backbone can be had."),
        head=HeadFacts(0.316, 1.214, "none"),
        precision=0.95,
        unsure=0.62,
        conformal_quantile=0.714,
        parity=AgreementFacts(362, 1.0, 2.4e-7),
        decode=AgreementFacts(100, 0.99),
        seconds={"backbone": 0.41, "embedding": 83.2, "head": 2.6},
        file=FileFacts("model.onnx", 9_412_345, "3f2a" * 16),
        next_steps=(
            NextStep("Name new photos with this model.", "taxolens identify PHOTOS --model runs/a/model.onnx"),
            NextStep("Judge it on other photos.", "taxolens evaluate runs/a/model.onnx DATA --report page.html"),
        ),
    )


def a_thumbnail(name: str) -> bytes | None:
    """A picture that depends on its name; now and then there is none."""
    chance = random.Random(name)
    if chance.random() < 0.05:
        return None
    small = Image.effect_noise((48, 36), 60).convert("L")
    tint = Image.new("L", (48, 36), chance.randrange(60, 180))
    picture = Image.merge("RGB", (small, tint, Image.new("L", (48, 36), chance.randrange(50, 160))))
    out = io.BytesIO()
    picture.resize((288, 216)).save(out, "JPEG", quality=80)
    return out.getvalue()


def names(count: int) -> tuple[str, ...]:
    genera = ("Vulpes", "Martes", "Meles", "Capreolus", "Sus", "Lepus", "Felis", "Erinaceus")
    return tuple(f"{genera[i % 8]} {'abcdefghij'[i // 8 % 10] * 3}{i // 80 or ''}us" for i in range(count))
