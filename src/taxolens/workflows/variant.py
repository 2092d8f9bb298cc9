"""A model file to a faster one that answers as well: the page to read first.

the original's answers -> smaller inputs, whole numbers, rivals -> their answers -> speed in turns -> gate -> file
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taxolens.core.errors import ModelError, UsageError
from taxolens.core.progress import Progress, Silent
from taxolens.core.texts import Say, plain
from taxolens.evaluation.gate import GateRule
from taxolens.inference.decision import least_of
from taxolens.inference.detector import DetectorPredictor
from taxolens.inference.predictor import Predictor
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import ModelFile, check_task, model_from_bytes, read_model
from taxolens.modelfile.write import place
from taxolens.recipes.variant import VariantRecipe
from taxolens.report.wording import Wording
from taxolens.storage.atomic import written_whole
from taxolens.workflows.compare_speed import measure_speeds
from taxolens.workflows.judging import check_places
from taxolens.workflows.listener import Listener
from taxolens.workflows.run_folder import MODEL, json_text
from taxolens.workflows.variant_bench import Bench, ClassBench
from taxolens.workflows.variant_boxes import BoxBench
from taxolens.workflows.variant_candidates import recarded, variants_of
from taxolens.workflows.variant_card import card_of_variant
from taxolens.workflows.variant_facts import Candidate, Judged, Refused, VariantFacts, Way, chosen_of
from taxolens.workflows.variant_page import variant_page
from taxolens.workflows.variant_photos import VariantPhotos, variant_photos
from taxolens.workflows.variant_words import told_choice

_POINTS = 100


@dataclass(frozen=True, slots=True)
class VariantSummary:
    """What was written.

    Attributes:
        facts: every way that was tried.
        out: the model file.
        page: where the table and picture are.
        unread: how many photos could not be read.
    """

    facts: VariantFacts
    out: Path
    page: Path
    unread: int

    def lines(self, wording: Wording) -> tuple[str, ...]:
        """The outcome in a few sentences."""
        say = wording.say
        return (
            told_choice(self.facts, wording),
            say("The report: {report}").format(report=self.page),
            self._told_file(say),
        )

    def _told_file(self, say: Say) -> str:
        if self.facts.chosen is self.facts.original:
            return say("The original, unchanged: {model}").format(model=self.out)
        return say("The model, one file: {model}").format(model=self.out)


def make_variant(
    recipe: VariantRecipe, *, home: Path, progress: Progress | None = None, say: Say = plain
) -> VariantSummary:
    """Writes the fastest variant that may take the original's place; the original where none may.

    Raises:
        UsageError: a place that cannot be written, or a recipe that cannot be meant.
        DataError: photos that the model cannot be judged on.
        ModelError: a model that cannot be used, or a rival of other classes.
        OutputError: a file cannot be written.
    """
    listener = Listener(progress or Silent())
    rule = GateRule(recipe.at_most_lost / _POINTS, recipe.at_worst_lost / _POINTS, recipe.least_faster)
    file = recipe.model / MODEL if recipe.model.is_dir() else recipe.model
    _check_free(recipe, file)
    model = read_model(file)
    rivals = _rivals(recipe.rivals, model)
    photos = variant_photos(recipe, file.parent, model.card, home=home, progress=listener, say=say)
    bench, original = _asked_first(recipe, model, photos, rule, listener, say)
    tried = tuple(variants_of(original, rivals, bench, smaller=recipe.smaller, integers=recipe.integers))
    facts = _judged(recipe, bench, original, tried)
    _write(recipe, facts, tuple(listener.notes), say)
    unread = len(photos.failures) + len(photos.judged) - facts.n
    return VariantSummary(facts, recipe.out, recipe.page, unread)


def _asked_first(
    recipe: VariantRecipe,
    model: ModelFile,
    photos: VariantPhotos,
    rule: GateRule,
    listener: Listener,
    say: Say,
) -> tuple[Bench, Candidate]:
    """The bench for a model of its kind, with the photos that it could read, and its own answers."""
    if model.card.task is Task.DETECT:
        score = least_of(model.card, None)
        return BoxBench(recipe, photos, rule, score, listener, say).ask_original(model)
    check_task(model.card, Task.CLASSIFY, model.path)
    megapixels = recipe.source.max_megapixels
    return ClassBench(photos, rule, megapixels, recipe.workers, listener, say).ask_original(model)


def _check_free(recipe: VariantRecipe, file: Path) -> None:
    check_places((recipe.out, recipe.page, recipe.json), read=(file, recipe.source.data, *recipe.rivals))
    # A page that nobody named may be another one's report.
    for there in (recipe.out,) if recipe.report else (recipe.out, recipe.page):
        if there.exists() and not recipe.overwrite:
            raise UsageError("{out} is there already. Name another file, or add --overwrite.", out=there)


def _rivals(paths: Sequence[Path], original: ModelFile) -> tuple[tuple[Way, ModelFile], ...]:
    """Other models that may take the original's place, by the names of their files."""
    found = []
    for path in paths:
        file = path / MODEL if path.is_dir() else path
        model = read_model(file, task=original.card.task)
        if model.card.labels != original.card.labels:
            raise ModelError(
                "{model} does not name the {n} classes of the original, in their order. Name a model that was "
                "made from it.",
                model=file,
                n=len(original.card.labels),
            )
        found.append((Way(path.name if path.is_dir() else path.stem), model))
    return tuple(found)


def _judged(
    recipe: VariantRecipe, bench: Bench, original: Candidate, tried: Sequence[Candidate | Refused]
) -> VariantFacts:
    """Speeds in turns, and the verdicts."""
    made = [one for one in tried if isinstance(one, Candidate)]
    speeds = measure_speeds(
        [_predictor(one.model) for one in (original, *made)],
        [image.path for image in bench.photos.judged],
        most=recipe.timed,
        max_megapixels=recipe.source.max_megapixels,
        progress=bench.progress,
        say=bench.say,
    )
    first = Judged(original, speeds[0], None)
    variants = tuple(
        Judged(
            one,
            speed,
            bench.verdict(original, one, speed.alone.value / first.rate),
        )
        for one, speed in zip(made, speeds[1:], strict=True)
    )
    return VariantFacts(
        data=recipe.source.data.name,
        n=original.answers.n,
        calibrated=len(bench.photos.calibrating),
        original=first,
        variants=variants,
        refused=tuple(one for one in tried if isinstance(one, Refused)),
        chosen=chosen_of(first, variants, unproven=recipe.unproven),
    )


def _predictor(model: ModelFile) -> Predictor | DetectorPredictor:
    return DetectorPredictor(model) if model.card.task is Task.DETECT else Predictor(model)


def _write(recipe: VariantRecipe, facts: VariantFacts, notes: tuple[str, ...], say: Say) -> None:
    """The model last: where it lies, the rest does."""
    with written_whole(recipe.page) as file:
        file.write(variant_page(recipe, facts, notes, say=say).encode())
    if recipe.json:
        with written_whole(recipe.json) as file:
            file.write(json_text(facts.document()).encode())
    place(_bytes(recipe, facts), recipe.out)


def _bytes(recipe: VariantRecipe, facts: VariantFacts) -> bytes:
    """The file of the chosen model; the original's own bytes where that is it."""
    found = facts.chosen.candidate
    if facts.chosen is facts.original:
        return found.model.graph
    data = recarded(found.model, card_of_variant(recipe, facts))
    model_from_bytes(data, recipe.out)
    return data
