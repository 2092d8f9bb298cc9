"""The learnt branch: a plain small convolutional network whose stages are all pooled."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (32, 64, 96, 160)


class Block(nn.Module):
    """A 3x3 convolution, normalised; with a shortcut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Features [n, outputs, h / stride, w / stride]."""
        y = self.norm(self.conv(x))
        return F.relu(x + y if self.shortcut else y)


class Trunk(nn.Module):
    """Four stages, each half the size of the one before."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.width = widths[-1]
        inputs, stages = 3, []
        for depth, width in enumerate(widths):
            first = Block(inputs, width, kernel=3 if depth else 5, stride=2)
            rest = [Block(width, width) for _ in range(1 if depth < 2 else 2)]
            stages.append(nn.Sequential(first, *rest))
            inputs = width
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps of every stage for pictures [n, 3, s, s] in -1..1."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Pupil(nn.Module):
    """The trunk with the classifier of generated categories that teaches it."""

    def __init__(self, trunk: Trunk, categories: int) -> None:
        super().__init__()
        self.trunk: Trunk = trunk
        self.classifier = nn.Linear(2 * trunk.width, categories)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [n, categories]."""
        last = self.trunk(x)[-1]
        logits: Tensor = self.classifier(torch.cat([last.mean((2, 3)), last.amax((2, 3))], 1))
        return logits
