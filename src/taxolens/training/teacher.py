"""A model file that teaches: what it says of the photos that another network is learning from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import torch
from torch.nn import functional

from taxolens.core.errors import UsageError
from taxolens.execution.local import default_workers
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.recipes.network import DistillRecipe

_LEAST = 1e-8


class Teacher:
    """A classifier run by onnxruntime.

    Args:
        labels: the pupil's classes; the teacher must know them all.

    Raises:
        ModelError: the file cannot be used.
        UsageError: it does not know all classes.
    """

    def __init__(self, recipe: DistillRecipe, labels: Sequence[str]) -> None:
        model = read_model(recipe.teacher, task=Task.CLASSIFY)
        unknown = [label for label in labels if label not in model.card.labels]
        if unknown:
            raise UsageError(
                "The teacher {file} does not know {labels}. Choose one that was taught on the same classes.",
                file=recipe.teacher,
                labels=", ".join(unknown[:5]),
            )
        self._columns = [model.card.labels.index(label) for label in labels]
        self._temperature = model.card.temperature or 1.0
        rule = model.card.preprocess
        self._size, self._bgr = (rule.height, rule.width), rule.order == "bgr"
        options = ort.SessionOptions()
        options.intra_op_num_threads = default_workers()
        self._session = ort.InferenceSession(model.graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [b, c], in the pupil's order of classes; the card's temperature is taken out again.

        Args:
            pixels: float32 [b, 3, h, w], RGB in 0..255.
        """
        if pixels.shape[2:] != self._size:
            pixels = functional.interpolate(
                pixels, self._size, mode="bilinear", antialias=True, align_corners=False
            )
        image = pixels.clamp(0, 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        (said,) = self._session.run(
            None, {self._input: np.ascontiguousarray(image[..., ::-1] if self._bgr else image)}
        )
        believed = torch.from_numpy(said[:, self._columns]).clamp_min(_LEAST)
        return believed.log() * self._temperature
