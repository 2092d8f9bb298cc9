"""A trained network to a smaller and faster one that is kept only if it pays: the page to read first.

the run's own photos, divided as there -> pruned and taught in steps -> judged and timed beside the original -> run
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from taxolens.core.errors import DataError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.pruner import Pruner
from taxolens.core.records import Part
from taxolens.core.texts import Say, noted, plain
from taxolens.core.trainer import AnyTrainer
from taxolens.evaluation.answers import Answers
from taxolens.evaluation.judge import judge
from taxolens.evaluation.paired import compare_paired
from taxolens.evaluation.result import Interval
from taxolens.export.classifier import as_classifier
from taxolens.inference.predictor import Predictor
from taxolens.modelfile.card import Card
from taxolens.modelfile.write import write_model
from taxolens.recipes.network import DistillRecipe, NetworkRecipe, Norms
from taxolens.recipes.shrink import ShrinkRecipe
from taxolens.recipes.train import TrainRecipe
from taxolens.report.wording import Wording
from taxolens.workflows.compare_speed import measure_speeds
from taxolens.workflows.divided import answers_on
from taxolens.workflows.lesson import load_photos
from taxolens.workflows.listener import Listener
from taxolens.workflows.network_lesson import NetworkLesson, prepare_network_lesson
from taxolens.workflows.network_run import card_of_network, write_network_run
from taxolens.workflows.network_training import Schooled, judged_network, workplace
from taxolens.workflows.networks import resolve_network
from taxolens.workflows.run_folder import MODEL, REPORT, check_free, run_folder
from taxolens.workflows.shrink_facts import Contender, ShrinkFacts
from taxolens.workflows.shrink_original import Original, divided_as_before, read_original
from taxolens.workflows.shrink_steps import Means, shrunk_network
from taxolens.workflows.shrink_words import told_shrink
from taxolens.workflows.shrink_worth import check_worth
from taxolens.workflows.stopwatch import Stopwatch

_METHOD = "finetune"
_CANDIDATE = "candidate.onnx"


@dataclass(frozen=True, slots=True)
class ShrinkSummary:
    """What was left.

    Attributes:
        run: the run folder.
        failures: how many photos could not be read.
    """

    run: Path
    facts: ShrinkFacts
    failures: int

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        say = wording.say
        failed = say("{n} photos could not be read; the report lists them.").format(n=self.failures)
        return (
            told_shrink(self.facts, wording),
            *((failed,) if self.failures else ()),
            say("The report: {report}").format(report=self.run / REPORT),
            say("The model, one file: {model}").format(model=self.run / MODEL),
        )


def shrink(
    recipe: ShrinkRecipe,
    *,
    home: Path,
    trainer: Callable[[str], AnyTrainer],
    pruner: Callable[[], Pruner],
    progress: Progress | None = None,
    say: Say = plain,
) -> ShrinkSummary:
    """Makes a network smaller as the recipe says.

    Args:
        home: the user's Taxolens folder, for caches.
        trainer: gives what trains networks, by the method's name.
        pruner: gives what takes channels out.

    Raises:
        UsageError: a recipe that cannot be meant, no run, or a network that cannot become so small.
        DataError: other photos than those of the run.
        ModelError: a model without weights.
        TrainingFailed: the smaller network is not worth it, and nothing is kept of it; or learning went astray.
        OutputError: the run folder cannot be written.
    """
    listener, watch = Listener(progress or Silent()), Stopwatch()
    original = read_original(recipe.model)
    goal = _goal(recipe, original, home)
    _check(recipe, original)
    teacher, taker = trainer(_METHOD), pruner()
    with workplace(goal) as place:
        means = Means(teacher, taker, place, listener, say)
        lesson = _lesson(original, goal, home, means, watch)
        with watch.stage(noted("Shrinking the network")):
            network = shrunk_network(goal, lesson, recipe.speedup, recipe.steps, means)
        with watch.stage(noted("Judging")):
            schooled = judged_network(goal, lesson, network, listener, say)
            facts = _weighed(recipe, original, schooled, means)
        check_worth(facts, recipe, say)
        run = run_folder(recipe.out, overwrite=recipe.overwrite, data=recipe.data)
        with run as folder, watch.stage(noted("Writing and proving the model")):
            card = _card(schooled, original)
            write_network_run(schooled, folder, dict(watch.seconds), listener, say, card=card, shrunk=facts)
    return ShrinkSummary(recipe.out, facts, len(lesson.failures))


def _lesson(
    original: Original, goal: TrainRecipe, home: Path, means: Means, watch: Stopwatch
) -> NetworkLesson:
    """The photos of the run, decoded and divided as there."""
    data, progress, say = goal.source.data, means.progress, means.say
    wanted = means.trainer.input_of(goal.network, ())
    with watch.stage(noted("Reading the photos")):
        dataset = load_photos(goal, home=home, progress=progress, say=say)
        dataset = divided_as_before(original.folder, dataset, data, progress, say)
    with watch.stage(noted("Looking at the photos")):
        lesson = prepare_network_lesson(
            goal, dataset, wanted, means.place, distill=goal.network.distill, progress=progress, say=say
        )
    _check_classes(original, lesson, data)
    return lesson


def _check(recipe: ShrinkRecipe, original: Original) -> None:
    if recipe.out.resolve() == original.folder.resolve():
        raise UsageError(
            "{out} holds the network that is to be shrunk, which is still needed. Name another folder with --out.",
            out=recipe.out,
        )
    check_free(recipe.out, overwrite=recipe.overwrite, data=recipe.data)


def _goal(recipe: ShrinkRecipe, original: Original, home: Path) -> TrainRecipe:
    """The run's own recipe with a network that goes on from its weights."""
    before = original.recipe
    pixels = recipe.max_megapixels or before.source.max_megapixels
    return replace(
        before,
        source=replace(before.source, data=recipe.data, max_megapixels=pixels),
        out=recipe.out,
        method=_METHOD,
        network=resolve_network(_recovering(recipe, original), _METHOD, home),
        name=recipe.name or before.name,
        taxonomy=None,
        language=recipe.language,
        workers=recipe.workers,
        overwrite=recipe.overwrite,
        restart=recipe.restart,
        saliency=recipe.saliency,
        track=(),
    )


def _recovering(recipe: ShrinkRecipe, original: Original) -> NetworkRecipe:
    """How the smaller network learns: photos as the run showed them, everything else as suits a short training."""
    how, before = recipe.recovery, original.recipe.network
    teacher = DistillRecipe(original.folder / MODEL, how.temperature, how.weight, how.hints)
    return NetworkRecipe(
        weights=original.weights,
        head_epochs=0,
        epochs=how.epochs,
        rate=how.rate,
        layer_decay=1.0,
        loss=before.loss,
        label_smoothing=before.label_smoothing,
        norms=Norms.LEARN,
        sampling=before.sampling,
        augment=how.augment or before.augment,
        mixup=before.mixup,
        cutmix=before.cutmix,
        dropout=before.dropout,
        batch=how.batch or before.batch,
        precision=how.precision,
        device=how.device,
        seed=before.seed,
        distill=teacher if how.weight or how.hints else None,
    )


def _check_classes(original: Original, lesson: NetworkLesson, data: Path) -> None:
    if lesson.labels != original.card.classes:
        raise DataError(
            "The photos in {data} do not show the {n} classes that the network names. Name the photos of its run.",
            data=data,
            n=len(original.card.classes),
        )


def _card(schooled: Schooled, original: Original) -> Card:
    """Classes keep the names that the original gives them."""
    card = card_of_network(schooled)
    return card.model_copy(
        update={"classes": original.model.card.classes, "variant_of": original.model.sha256}
    )


def _weighed(
    recipe: ShrinkRecipe,
    original: Original,
    schooled: Schooled,
    means: Means,
) -> ShrinkFacts:
    """Both networks on the photos held back, in turns."""
    lesson, test = schooled.lesson, schooled.lesson.rows(Part.TEST)
    paths = [lesson.images[row].path for row in test.tolist()]
    graph = as_classifier(schooled.network.onnx, schooled.temperature, len(lesson.labels))
    candidate = write_model(graph, _card(schooled, original), means.place / _CANDIDATE)
    rivals = Predictor(original.model), Predictor(candidate)
    megapixels = schooled.recipe.source.max_megapixels
    said = rivals[0].probabilities(paths, workers=recipe.workers, max_megapixels=megapixels)
    answers = answers_on(lesson, test, said.astype(float))
    speeds = measure_speeds(
        rivals, paths, most=recipe.timed, max_megapixels=megapixels, progress=means.progress, say=means.say
    )
    sizes = len(original.model.graph), len(candidate.graph)
    before = means.pruner.multiplications(schooled.recipe.network, lesson.labels)
    counts = before, schooled.network.multiplications or 0
    accuracies = _accuracy(answers, schooled), schooled.result.accuracy
    both = [Contender(*one) for one in zip(counts, sizes, speeds, accuracies, strict=True)]
    paired = compare_paired(answers, schooled.answers, seed=schooled.recipe.split.seed)
    return ShrinkFacts(
        of=original.model.sha256,
        run=original.folder.resolve().name,
        n=len(test),
        original=both[0],
        shrunk=both[1],
        gained=paired.accuracy,
        p=paired.mcnemar,
        at_most_lost=recipe.at_most_lost,
    )


def _accuracy(answers: Answers, schooled: Schooled) -> Interval:
    recipe = schooled.recipe
    return judge(
        answers,
        precision=recipe.precision,
        temperature=None,
        conformal_quantile=None,
        conformal_coverage=None,
        seed=recipe.split.seed,
    ).accuracy
