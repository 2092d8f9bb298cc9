"""How well networks learn real photos, and what augmentation, a teacher and pruning change.

python -m benchmarks.training [--tables ways,folds,changes,teacher,unnamed,inherited,smaller] [--place DIR]

A run that is there is not trained again, so that a stopped benchmark goes on; delete the place to begin anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from benchmarks.accuracy import fold_tables, judged, pooled, read_predictions
from benchmarks.sets import MOBILENET, unpacked
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.paired import compare_paired
from taxolens.evaluation.result import Interval

TAXOLENS = Path(sys.executable).with_name("taxolens")
FINETUNE = ("--method", "finetune", *MOBILENET)
SCRATCH = ("--method", "scratch", "--backbone")
FIFTH = ("--split", "64/16/20")
MOST = (
    "--split",
    "75/5/20",
)  # little validation: nothing is chosen by it but the best epoch and the temperature
AS_DRAWN = (
    *(
        *SCRATCH,
        "small_cnn",
        *FIFTH,
        "--epochs",
        "50",
        "--patience",
        "5",
        "--augment",
        "none",
        "--batch",
        "32",
    ),
    *("--optimizer", "adam", "--rate", "0.001", "--schedule", "constant", "--weight-decay", "0"),
    *("--label-smoothing", "0", "--mean", "0,0,0", "--std", "1,1,1"),
)
OUR_WAY = (
    *SCRATCH,
    "small_cnn",
    *FIFTH,
    "--epochs",
    "50",
    "--augment",
    "light",
    "--batch",
    "64",
    "--dropout",
    "0.3",
)
TAUGHT_ON = "leaves8"
TEACHER = (*FINETUNE, *FIFTH, "--epochs", "10", "--size", "160")
WAYS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "small_cnn as drawn": ("cifar10", "drawn", AS_DRAWN),
    "small_cnn, our recipe": ("cifar10", "small-recipe", OUR_WAY),
    "fast_cnn, 16 epochs": (
        "cifar10",
        "fast",
        (*SCRATCH, "fast_cnn", *MOST, "--epochs", "16", "--batch", "64", "--augment", "light"),
    ),
    "MobileNetV2 fine-tuned at 80 pixels": (
        "cifar10",
        "finetuned",
        (*FINETUNE, *MOST, "--size", "80", "--epochs", "4", "--head-epochs", "5", "--augment", "light"),
    ),
    "MobileNetV2 fine-tuned at 160 pixels": ("leaves8", "teacher-0", TEACHER),
    "MobileNetV2 fine-tuned, rate 1e-4": (
        "dogs3",
        "dogs-finetuned",
        (*FINETUNE, *FIFTH, "--epochs", "6", "--rate", "1e-4"),
    ),
}

FOLDS_BY: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "head on MobileNetV2": (1, MOBILENET),
    "MobileNetV2 fine-tuned at 320 pixels": (
        3,
        (*FINETUNE, "--size", "320", "--epochs", "12", "--ema", "0.98"),
    ),
}
"""One in how many runs of the fold for validation is used for it, and how to train. A head learns from
those photos too in the end; a network does not, so it gets most of them to learn from."""

SEEDS = (0, 1, 2)
CHANGED = (*SCRATCH, "small_cnn", *FIFTH, "--epochs", "10", "--batch", "64", "--dropout", "0.3")
CHANGES: Mapping[str, tuple[str, ...]] = {
    "none": ("--augment", "none"),
    "light": ("--augment", "light"),
    "light, mixup 0.2": ("--augment", "light", "--mixup", "0.2"),
    "light, cutmix 1": ("--augment", "light", "--cutmix", "1"),
}
PUPILS: Mapping[str, tuple[str, ...]] = {
    "pupil alone": ("--distill-weight", "0"),
    "pupil with teacher": ("--distill-weight", "0.7"),
}
HALVED_ON = "leaves8"
FEW = ("--split", "34/16/50")
WHOLE = (*FINETUNE, *FEW, "--numbers", "fp32", "--epochs", "12", "--size", "160")
HALF = (*FINETUNE, *FEW, "--numbers", "fp32", "--epochs", "40", "--size", "80")
HALVED: Mapping[str, tuple[str, ...]] = {
    "pupil alone": (),
    "pupil with teacher": ("--distill-weight", "0.9", "--distill-hints", "3"),
}
NAMED, CHECKED = 8, 5
"""Photos of each class that somebody has named to learn from, and to choose the best epoch by."""
HANDFUL = (*FINETUNE, "--numbers", "fp32", "--epochs", "30", "--batch", "16", "--size", "240")
SMALL_HANDFUL = (*HANDFUL[:-1], "112")
SMALL_TAUGHT = (*FINETUNE, "--numbers", "fp32", "--epochs", "12", "--size", "112", "--distill-weight", "0.9")
QUARTER = ("--speedup", "4", "--epochs", "16", "--at-most-lost", "100")
SHRINKING = ("--speedup", "2", "--epochs", "12", "--at-most-lost", "100")


@dataclass(frozen=True)
class Bench:
    """Trains below a folder; what is there is not trained again."""

    place: Path

    def run(self, name: str, data: Path, options: tuple[str, ...], seed: int = 0) -> Path:
        """The run folder `name`, with the seconds that it took beside it."""
        run, clock = self.place / "training" / name, self.place / "training" / f"{name}.seconds"
        if not (run / "metrics.json").is_file():
            began = time.monotonic()
            asked = [
                str(TAXOLENS),
                "train",
                str(data),
                "--out",
                str(run),
                "--no-saliency",
                "--quiet",
                "--seed",
                str(seed),
            ]
            subprocess.run([*asked, *options], check=True)
            clock.write_text(f"{time.monotonic() - began:.0f}")
        return run

    def shrink(self, name: str, original: Path, data: Path, options: tuple[str, ...]) -> Path:
        """The run folder `name` of a pruned network."""
        run = self.place / "training" / name
        if not (run / "metrics.json").is_file():
            asked = [str(TAXOLENS), "shrink", str(original), str(data), "--out", str(run)]
            subprocess.run([*asked, "--no-saliency", "--quiet", *options], check=True)
        return run

    def seconds(self, run: Path) -> str:
        """What a run took."""
        return run.with_name(f"{run.name}.seconds").read_text()


def ways(bench: Bench) -> Iterator[str]:
    """One run each, by accuracy on the photos held back."""
    yield "| photos | way | n | accuracy (95 % interval) | epochs, best | minutes | million multiplications |"
    yield "|" + "---|" * 7
    for way, (photos, name, options) in WAYS.items():
        run = bench.run(name, unpacked(photos, bench.place), options)
        result, told = judged(read_predictions(run)), figures(run)["network"]
        one = result.accuracy
        yield (
            f"| {photos} | {way} | {result.n} | {one.value:.3f} ({one.low:.3f}-{one.high:.3f}) "
            f"| {told['epochs']}, {told['best_epoch']} | {float(bench.seconds(run)) / 60:.1f} "
            f"| {told['multiplications'] / 1e6:.1f} |"
        )


def in_folds(bench: Bench) -> Iterator[str]:
    """The camera trap in five folds of whole runs of frames, the ways paired photo by photo."""
    yield "| way | n | accuracy | macro-F1 (95 % interval) | macro-F1 less the first's (95 % interval), p |"
    yield "|" + "---|" * 5
    data = unpacked("cameratrap", bench.place)
    first: Answers | None = None
    for way, (validating, options) in FOLDS_BY.items():
        tables = list(fold_tables(data, bench.place, validating=validating))
        runs = [bench.run(f"{way.replace(' ', '-')}-{table.stem}", table, options) for table in tables]
        answers = pooled([read_predictions(run) for run in runs])
        first = first or answers
        result, pair = judged(answers), compare_paired(first, answers)
        f1, more = result.macro_f1, pair.macro_f1
        yield (
            f"| {way} | {result.n} | {result.accuracy.value:.3f} | {f1.value:.3f} ({f1.low:.3f}-{f1.high:.3f}) "
            f"| {more.value:+.3f} ({more.low:+.3f} to {more.high:+.3f}), {pair.p:.2g} |"
        )


def changes(bench: Bench) -> Iterator[str]:
    """With and without augmentation, mixup and cutmix: three seeds, each with a split of its own."""
    yield "| cifar10, small_cnn, 10 epochs | accuracy of three seeds | mean (deviation) |\n|---|---|---|"
    data = unpacked("cifar10", bench.place)
    for way, options in CHANGES.items():
        stem = way.replace(" ", "-").replace(",", "")
        runs = [bench.run(f"change-{stem}-{seed}", data, (*CHANGED, *options), seed) for seed in SEEDS]
        yield f"| {way} | {three([accuracy(run) for run in runs])} |"


def taught(bench: Bench) -> Iterator[str]:
    """The same network at half the side, a quarter of the teacher's work: with the teacher and alone."""
    data = unpacked(HALVED_ON, bench.place)
    runs: dict[str, list[Path]] = {"teacher": [], **{way: [] for way in HALVED}}
    for seed in SEEDS:
        teacher = bench.run(f"whole-{seed}", data, WHOLE, seed)
        runs["teacher"].append(teacher)
        for way, options in HALVED.items():
            shown = ("--distill-from", str(teacher), *options) if options else ()
            name = f"half-{way.replace(' ', '-')}-{seed}"
            runs[way].append(bench.run(name, data, (*HALF, *shown), seed))
    yield from beside_teacher(HALVED_ON, runs)


def unnamed(bench: Bench) -> Iterator[str]:
    """Few photos with names and many without: the teacher, and the same network at half the side without and with it."""
    data = unpacked(TAUGHT_ON, bench.place)
    runs: dict[str, list[Path]] = {"teacher": [], "pupil alone": [], "pupil with teacher": []}
    for seed in SEEDS:
        named, others = handful(data, bench.place, seed)
        teacher = bench.run(f"handful-teacher-{seed}", named, HANDFUL, seed)
        shown = ("--distill-from", str(teacher), "--distill-photos", str(others))
        runs["teacher"].append(teacher)
        runs["pupil alone"].append(bench.run(f"handful-alone-{seed}", named, SMALL_HANDFUL, seed))
        runs["pupil with teacher"].append(
            bench.run(f"handful-taught-{seed}", named, (*SMALL_TAUGHT, *shown), seed)
        )
    yield from beside_teacher(f"{TAUGHT_ON}, {NAMED} named photos of each class", runs)


def handful(data: Path, place: Path, seed: int) -> tuple[Path, Path]:
    """Tables: half of the photos held back, a few of each class named; and the rest, whose names are not written."""
    named, others = place / f"handful-{seed}.csv", place / f"handful-{seed}-others.csv"
    rng, rows, rest = np.random.default_rng(seed), [], []
    for folder in sorted(path for path in data.rglob("*") if any(path.glob("*.[jJ][pP][gG]"))):
        photos = sorted(folder.glob("*.[jJ][pP][gG]"))
        mixed = [photos[index] for index in rng.permutation(len(photos))]
        half, last = len(mixed) // 2, len(mixed) // 2 + CHECKED + NAMED
        parts = ["test"] * half + ["val"] * CHECKED + ["train"] * NAMED
        rows += [f"{photo},{photo.parent.name},{part}" for photo, part in zip(mixed, parts, strict=False)]
        rest += [f"{photo},unknown" for photo in mixed[last:]]
    named.write_text("file,label,split\n" + "\n".join(rows) + "\n", encoding="utf-8")
    others.write_text("file,label\n" + "\n".join(rest) + "\n", encoding="utf-8")
    return named, others


def inherited(bench: Bench) -> Iterator[str]:
    """A network pruned to a quarter of the teacher's work, with the teacher and alone."""
    data = unpacked(TAUGHT_ON, bench.place)
    teachers = [bench.run(f"teacher-{seed}", data, TEACHER, seed) for seed in SEEDS]
    runs = {"teacher": teachers}
    for way, options in PUPILS.items():
        stem = way.replace(" ", "-")
        runs[way] = [
            bench.shrink(f"quarter-{stem}-{seed}", teacher, data, (*QUARTER, *options))
            for seed, teacher in zip(SEEDS, teachers, strict=True)
        ]
    yield from beside_teacher(TAUGHT_ON, runs)


def beside_teacher(photos: str, runs: Mapping[str, list[Path]]) -> Iterator[str]:
    """Pupils beside their teacher and each other, paired photo by photo.

    Each seed divides the photos anew, so a photo may be held back by several: intervals draw photos, not answers.
    """
    yield (
        f"| {photos} | accuracy of three seeds | mean (deviation) | less the teacher's, points (95 %) "
        "| million multiplications |\n|---|---|---|---|---|"
    )
    answers = {way: by_photo(pooled([read_predictions(run) for run in own])) for way, own in runs.items()}
    for way, own in runs.items():
        cost = figures(own[0])["network"]["multiplications"] / 1e6
        less = compare_paired(answers["teacher"], answers[way]).accuracy
        yield f"| {way} | {three([accuracy(run) for run in own])} | {in_points(less)} | {cost:.0f} |"
    more = compare_paired(answers["pupil alone"], answers["pupil with teacher"])
    known = answers["teacher"]
    yield (
        f"\nWith the teacher less alone: {in_points(more.accuracy)} points, p {more.p:.2g}; {known.n} answers on "
        f"{len(set(known.names))} photos; with the teacher alone right {more.outcomes.only_second}, without it "
        f"alone {more.outcomes.only_first}."
    )


def by_photo(answers: Answers) -> Answers:
    """The same answers, those on one photo known to belong together."""
    number = {name: place for place, name in enumerate(dict.fromkeys(answers.names))}
    return replace(answers, groups=np.array([number[name] for name in answers.names]))


def in_points(share: Interval) -> str:
    """A difference in percentage points with its interval."""
    return f"{100 * share.value:+.1f} ({100 * share.low:+.1f} to {100 * share.high:+.1f})"


def smaller(bench: Bench) -> Iterator[str]:
    """A fine-tuned network with half of its multiplications, its speed measured beside the original's."""
    yield "| leaves8, MobileNetV2 at 160 pixels | accuracy (95 % interval) | million multiplications | ms |"
    yield "|" + "---|" * 4
    data = unpacked(TAUGHT_ON, bench.place)
    original = bench.run("teacher-0", data, TEACHER, 0)
    small = bench.shrink("shrunk", original, data, SHRINKING)
    told = json.loads((small / "metrics.json").read_text(encoding="utf-8"))["shrunk"]
    for which in ("original", "shrunk"):
        one = told[which]
        accuracy, low, high = one["accuracy"]
        yield (
            f"| {which} | {accuracy:.3f} ({low:.3f}-{high:.3f}) | {one['multiplications'] / 1e6:.0f} "
            f"| {one['milliseconds'][0]:.2f} |"
        )
    points, low, high = (100 * figure for figure in told["accuracy_difference"])
    yield f"| change | {points:+.1f} points ({low:+.1f} to {high:+.1f}) | | {told['faster']:.2f} times as fast |"


def three(values: list[float]) -> str:
    """Figures of several seeds, their mean and deviation."""
    return f"{', '.join(f'{value:.3f}' for value in values)} | {mean(values):.3f} ({stdev(values):.3f})"


def figures(run: Path) -> dict[str, dict[str, float]]:
    """The figures that a run left."""
    document: dict[str, dict[str, float]] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return document


def accuracy(run: Path) -> float:
    """Share of the photos held back that are named rightly."""
    return judged(read_predictions(run)).accuracy.value


TABLES: Mapping[str, Callable[[Bench], Iterator[str]]] = {
    "ways": ways,
    "folds": in_folds,
    "changes": changes,
    "teacher": taught,
    "unnamed": unnamed,
    "inherited": inherited,
    "smaller": smaller,
}


def main() -> None:
    """Prints the tables, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()) / "taxolens-benchmarks")
    options = parser.parse_args()
    (options.place / "training").mkdir(parents=True, exist_ok=True)
    for name in options.tables.split(","):
        for line in TABLES[name](Bench(options.place)):
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
