"""A model file that teaches: what it says of the photos that another network is learning from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch.nn import functional

from taxolens.core.errors import UsageError
from taxolens.execution.local import default_workers
from taxolens.modelfile.card import Task
from taxolens.modelfile.read import read_model
from taxolens.recipes.network import DistillRecipe

_LEAST = 1e-8
_LOGITS, _BGR = "logits", "bgr"


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
        self._card = model.card
        options = ort.SessionOptions()
        options.intra_op_num_threads = default_workers()
        self._session = ort.InferenceSession(model.graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 [b, c], in the pupil's order of classes; the card's temperature is taken out again.

        Args:
            pixels: float32 [b, 3, h, w], RGB in 0..255.
        """
        (said,) = self._session.run([self._card.output.tensor], {self._input: self._image(pixels)})
        found = torch.from_numpy(np.asarray(said, np.float32).reshape(len(pixels), -1))
        if self._card.output.decoder == _LOGITS:
            return found[:, self._columns]
        return found[:, self._columns].clamp_min(_LEAST).log() * (self._card.temperature or 1.0)

    def _image(self, pixels: torch.Tensor) -> NDArray[np.uint8] | NDArray[np.float32]:
        """The photos as the teacher takes them; its own size, colours, layout and normalisation."""
        rule = self._card.input
        if pixels.shape[2:] != (rule.height, rule.width):
            pixels = functional.interpolate(
                pixels, (rule.height, rule.width), mode="bilinear", antialias=True, align_corners=False
            )
        image = pixels.clamp(0, 255).round()
        if self._card.preprocess.order == _BGR:
            image = image.flip(1)
        if not rule.uint8:
            mean, std = (torch.tensor(three).view(1, 3, 1, 1).to(image) for three in (rule.mean, rule.std))
            image = (image / 255 - mean) / std
        if rule.layout == "nhwc":
            image = image.permute(0, 2, 3, 1)
        return np.ascontiguousarray((image.byte() if rule.uint8 else image.float()).cpu().numpy())
