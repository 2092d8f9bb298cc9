"""The unlearnt branch: a dictionary of whitened patches (Coates, Ng and Lee 2011; Coates and Ng 2012)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FLOOR = 10 / 255**2  # keeps flat patches from being blown up
WHITENING = 0.1


def sample_patches(pictures: Tensor, size: int, each: int, generator: torch.Generator) -> Tensor:
    """Random patches [n * each, 3 * size * size] of pictures [n, 3, h, w]."""
    n, _, height, width = pictures.shape
    found = []
    for _ in range(each):
        top = int(torch.randint(height - size + 1, (1,), generator=generator))
        left = int(torch.randint(width - size + 1, (1,), generator=generator))
        found.append(pictures[:, :, top : top + size, left : left + size].reshape(n, -1))
    return torch.cat(found)


def level(patches: Tensor) -> Tensor:
    """Remove each patch's mean and divide by its contrast."""
    patches = patches - patches.mean(1, keepdim=True)
    return patches / torch.sqrt(patches.square().mean(1, keepdim=True) + FLOOR)


def whitener(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and ZCA matrix of levelled patches."""
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((patches - mean).T))
    return mean, vectors @ torch.diag((values.clamp(min=0) + WHITENING).rsqrt()) @ vectors.T


def spherical_kmeans(patches: Tensor, atoms: int, rounds: int, generator: torch.Generator) -> Tensor:
    """Unit atoms [atoms, d] to which patches are close, either sign (Coates and Ng 2012)."""
    found = F.normalize(torch.randn(atoms, patches.shape[1], generator=generator))
    for _ in range(rounds):
        moved = found.clone()
        for chunk in torch.split(patches, 20000):
            likeness = chunk @ found.T
            best = likeness.abs().argmax(1)
            strength = likeness.gather(1, best[:, None])
            moved.index_add_(0, best, strength * chunk)
        found = F.normalize(moved)
    return found


class Dictionary(nn.Module):
    """Responses of whitened, contrast-normalised patches to every atom."""

    def __init__(self, atoms: int, size: int, stride: int) -> None:
        super().__init__()
        self.size, self.stride = size, stride
        self.weight = nn.Parameter(torch.zeros(atoms, 3, size, size), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(atoms, 1, 1), requires_grad=False)

    def learn(self, pictures: Tensor, *, each: int = 20, rounds: int = 10, seed: int = 0) -> None:
        """Learn whitening and atoms from pictures [n, 3, h, w], 0..1."""
        generator = torch.Generator().manual_seed(seed)
        patches = level(sample_patches(pictures, self.size, each, generator))
        mean, zca = whitener(patches)
        atoms = spherical_kmeans((patches - mean) @ zca, len(self.weight), rounds, generator)
        weight = atoms @ zca
        bias = -weight @ mean
        weight = weight - weight.mean(1, keepdim=True)
        self.weight.copy_(weight.reshape(self.weight.shape))
        self.bias.copy_(bias[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Likeness [n, atoms, (h - size) // stride + 1, (w - size) // stride + 1] for pictures in 0..1."""
        mean = F.avg_pool2d(x.mean(1, keepdim=True), self.size, self.stride)
        square = F.avg_pool2d(x.square().mean(1, keepdim=True), self.size, self.stride)
        contrast = torch.sqrt((square - mean.square()).clamp(min=0) + FLOOR)
        raw = F.conv2d(x, self.weight, stride=self.stride)
        return raw / contrast + self.bias
