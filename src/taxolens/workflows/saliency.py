"""What an answer hangs on: how much less a model believes it where a part of the photo is covered.

Occlusion (Zeiler and Fergus 2014) asks the model file itself, so it works for every model and needs no gradients.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from taxolens.core.errors import ImageError
from taxolens.core.progress import Progress
from taxolens.core.records import Image
from taxolens.core.texts import Say
from taxolens.data.crops import looked_at
from taxolens.evaluation.result import ClassificationResult, Mistake
from taxolens.execution.local import ordered_map
from taxolens.inference.predictor import threads_for
from taxolens.inference.session import Session
from taxolens.inference.tensor import to_probabilities, to_tensor
from taxolens.modelfile.read import ModelFile
from taxolens.recipes.train import TrainRecipe
from taxolens.workflows.model_facts import LookFacts

CELLS = 7
"""Cells along a side; a cover is two by two of them."""
_EACH = 4
_SECONDS = 8.0
_SIDE, _QUALITY = 224, 80
_DARKEST = 0.2
_LEAST = 1e-7

Pixels = NDArray[np.uint8]


class Occlusion:
    """A model that is asked about covered photos."""

    def __init__(self, model: ModelFile) -> None:
        self._card = model.card
        self._session = Session(model.graph, output=model.card.output.tensor)

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """float32 [c] of a photo as the model takes it."""
        answer = self._session(to_tensor(pixels, self._card.input))
        return to_probabilities(answer, self._card.output.decoder)

    def heat(self, pixels: Pixels, label: int, *, workers: int) -> NDArray[np.float64]:
        """By how much the log odds of a class fall where a cell is covered, float64 [CELLS, CELLS]."""
        whole = _log_odds(self.probabilities(pixels)[label])
        seen = ordered_map(
            lambda covered: _log_odds(self.probabilities(covered)[label]),
            _covered(pixels),
            workers=workers,
            window=2 * workers,
        )
        falls = iter([whole - one for one in seen])
        total, count = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
        for row in range(CELLS - 1):
            for column in range(CELLS - 1):
                total[row : row + 2, column : column + 2] += next(falls)
                count[row : row + 2, column : column + 2] += 1
        return total / count


def looks_of(
    recipe: TrainRecipe,
    model: ModelFile,
    result: ClassificationResult,
    images: Sequence[Image],
    *,
    progress: Progress,
    say: Say,
) -> tuple[LookFacts, ...]:
    """A few wrong and right answers with what they hang on; fewer where the model is slow, none if not asked for."""
    if not recipe.saliency:
        return ()
    occlusion = Occlusion(model)
    known = {image.name: image for image in images}
    chosen = _chosen(result)
    workers = threads_for(recipe.workers)
    found: list[LookFacts] = []
    until = time.monotonic() + _SECONDS
    for answer in progress.track(chosen, what=say("Covering parts of photos"), total=len(chosen)):
        began = time.monotonic()
        jpeg = _look(occlusion, answer, model, known, recipe.source.max_megapixels, workers)
        if jpeg is not None:
            found.append(LookFacts(answer, jpeg))
        now = time.monotonic()
        if now + (now - began) > until:
            break
    return tuple(found)


def spotlit(pixels: Pixels, heat: NDArray[np.float64]) -> Pixels:
    """The photo, dark where covering it changes nothing.

    Args:
        heat: any shape; what lies below nought counts as nought.
    """
    light = heat.clip(0, None)
    if light.max() <= _LEAST:
        return pixels
    small = Pillow.fromarray((light / light.max()).astype(np.float32))
    height, width = pixels.shape[:2]
    wide = np.asarray(small.resize((width, height), Pillow.Resampling.BICUBIC)).clip(0, 1)
    return np.asarray(pixels * (_DARKEST + (1 - _DARKEST) * wide[..., None])).astype(np.uint8)


def _look(
    occlusion: Occlusion,
    answer: Mistake,
    model: ModelFile,
    known: Mapping[str, Image],
    max_megapixels: float,
    workers: int,
) -> bytes | None:
    images = [known[answer.name]] if answer.name in known else []
    seen = looked_at(images, np.asarray, model.card.preprocess, workers=1, max_megapixels=max_megapixels)
    pixels = next(seen, None)
    if pixels is None or isinstance(pixels, ImageError):
        return None
    heat = occlusion.heat(pixels, model.card.labels.index(answer.predicted), workers=workers)
    shown = Pillow.fromarray(pixels).resize((_SIDE, _SIDE), Pillow.Resampling.BICUBIC)
    file = BytesIO()
    Pillow.fromarray(spotlit(np.asarray(shown), heat)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _chosen(result: ClassificationResult) -> list[Mistake]:
    """The surest errors and some of the right answers, in turn, so that a slow model shows both."""
    wrong = list(result.errors[:_EACH])
    right = [answer for answer in result.sample if answer.truth == answer.predicted][:_EACH]
    pairs = [answer for pair in zip(wrong, right, strict=False) for answer in pair]
    return pairs + wrong[len(right) :] + right[len(wrong) :]


def _covered(pixels: Pixels) -> Iterator[Pixels]:
    """The photo with one cover after the other, row by row, in its own mean colour."""
    height, width = pixels.shape[:2]
    colour = pixels.reshape(-1, 3).mean(0).round().astype(np.uint8)
    rows = np.linspace(0, height, CELLS + 1).round().astype(int)
    columns = np.linspace(0, width, CELLS + 1).round().astype(int)
    for row in range(CELLS - 1):
        for column in range(CELLS - 1):
            covered = pixels.copy()
            covered[rows[row] : rows[row + 2], columns[column] : columns[column + 2]] = colour
            yield covered


def _log_odds(probability: float) -> float:
    known = min(max(float(probability), _LEAST), 1 - _LEAST)
    return float(np.log(known / (1 - known)))
