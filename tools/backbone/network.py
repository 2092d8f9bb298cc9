"""The whole network: two patch dictionaries, a colour book and the learnt trunk, all pooled."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.backbone.dictionary import Dictionary
from tools.backbone.trunk import Trunk

SIDE = 96
HALF = SIDE // 2  # side of the picture in which the dictionary of forms and the colour book look
PATCH = 6
FORMS, FORM_STRIDE = 128, 2  # atoms of the dictionary on the half-size picture
GRAINS, GRAIN_STRIDE = 80, 3  # atoms of the dictionary on the full picture
COLOURS = 192
COLOUR_SHARPNESS = 200.0
THRESHOLD = 0.5


def chroma(x: Tensor) -> Tensor:
    """Lightness and two colour differences that barely change with the light's strength."""
    total = x.sum(1, keepdim=True) + 0.1
    red, green, blue = x[:, :1], x[:, 1:2], x[:, 2:]
    first, second = (red - green) / total, (red + green - 2 * blue) / total
    return torch.cat([torch.sqrt(total / 3), 1.5 * first, 0.88 * second], 1)


def kmeans(points: Tensor, count: int, rounds: int, seed: int) -> Tensor:
    """Centres [count, d] of points [n, d]."""
    generator = torch.Generator().manual_seed(seed)
    centres = points[torch.randperm(len(points), generator=generator)[:count]]
    for _ in range(rounds):
        nearest = torch.cdist(points, centres).argmin(1)
        sizes = torch.zeros(count).index_add_(0, nearest, torch.ones(len(points)))
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        centres = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp(min=1), centres)
    return centres


class ColourBook(nn.Module):
    """A soft histogram over colours that generated pictures contain."""

    def __init__(self) -> None:
        super().__init__()
        self.nearness = nn.Linear(3, COLOURS)

    def learn(self, pictures: Tensor) -> None:
        """Choose the colours from pictures [n, 3, h, w], 0..1."""
        points = chroma(F.avg_pool2d(pictures, 4)).permute(0, 2, 3, 1).reshape(-1, 3)
        some = torch.randperm(len(points), generator=torch.Generator().manual_seed(1))[:40000]
        centres = kmeans(points[some], COLOURS, 20, 0)
        self.nearness.weight.data.copy_(2 * COLOUR_SHARPNESS * centres)
        self.nearness.bias.data.copy_(-COLOUR_SHARPNESS * centres.square().sum(1))

    def forward(self, x: Tensor) -> Tensor:
        """Square roots of shares [n, COLOURS]."""
        points = chroma(x).flatten(2).transpose(1, 2)
        return torch.sqrt(torch.softmax(self.nearness(points), 2).mean(1) + 1e-6)


def quarters(x: Tensor) -> Tensor:
    """Means over a 2x2 grid, [n, 4 * channels]."""
    side = x.shape[-1]
    half = (side + 1) // 2
    return F.avg_pool2d(x, half, side - half).flatten(1)


def spread(x: Tensor) -> Tensor:
    """Standard deviations over the map, [n, channels]: what texture leaves behind."""
    mean = x.mean((2, 3), keepdim=True)
    return torch.sqrt((x - mean).square().mean((2, 3)) + 1e-6)


class Network(nn.Module):
    """uint8 photos [n, SIDE, SIDE, 3] to embeddings [n, d], the same for a photo and its mirror image."""

    def __init__(self) -> None:
        super().__init__()
        self.forms = Dictionary(FORMS, PATCH, FORM_STRIDE)
        self.grains = Dictionary(GRAINS, PATCH, GRAIN_STRIDE)
        self.colours = ColourBook()
        self.trunk = Trunk()

    def learn(self, pictures: Tensor) -> None:
        """Fill the unlearnt branches from pictures [n, 3, 64, 64]; the trunk is taught elsewhere."""
        small = F.interpolate(pictures, size=(HALF, HALF), mode="bilinear", antialias=True)
        self.forms.learn(small)
        self.grains.learn(pictures)
        self.colours.learn(pictures)

    def forward(self, image: Tensor) -> Tensor:
        """Embeddings float32 [n, d]."""
        x = image.permute(0, 3, 1, 2).float() / 255
        small = F.avg_pool2d(x, SIDE // HALF)
        both = self._looks(x, small) + self._looks(x.flip(3), small.flip(3))
        return torch.cat([both, self.colours(small[:, :, ::2, ::2])], 1)

    def _looks(self, x: Tensor, small: Tensor) -> Tensor:
        forms = F.relu(self.forms(small) - THRESHOLD)
        grains = F.relu(self.grains(x) - THRESHOLD)
        found = [torch.sqrt(quarters(forms) + 1e-6), torch.sqrt(grains.mean((2, 3)) + 1e-6), spread(grains)]
        for features in self.trunk(x * 2 - 1)[1:]:
            found += [quarters(features), spread(features)]
        return torch.cat(found, 1)
