"""What a larger detector adds to the loss of a smaller one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from taxolens.core.errors import UsageError  # noqa: E402
from taxolens.training.detection.taught import (  # noqa: E402
    boxes_apart,
    columns_of,
    edges_apart,
    total_of,
    yes_or_no_apart,
)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_who_says_the_same_as_the_teacher_has_nothing_to_learn() -> None:
    logits, bins = drawn(2, 5, 3), drawn(2, 5, 4, 16)
    boxes = torch.cat([drawn(2, 5, 2), drawn(2, 5, 2).exp()], -1)
    for apart in (yes_or_no_apart(logits, logits), edges_apart(bins, bins), boxes_apart(boxes, boxes)):
        assert torch.allclose(apart, torch.zeros_like(apart), atol=1e-5)


def test_answers_are_apart_by_the_relative_entropy() -> None:
    theirs, mine = (
        torch.distributions.Bernoulli(logits=drawn(7)),
        torch.distributions.Bernoulli(logits=drawn(7, seed=1)),
    )
    known = torch.distributions.kl_divergence(theirs, mine)
    assert torch.allclose(yes_or_no_apart(mine.logits, theirs.logits), known, atol=1e-5)
    edges = [torch.distributions.Categorical(logits=drawn(2, 3, 4, 16, seed=seed)) for seed in (2, 3)]
    known = torch.distributions.kl_divergence(edges[0], edges[1]).mean(-1)
    assert torch.allclose(edges_apart(edges[1].logits, edges[0].logits), known, atol=1e-5)


def test_boxes_are_apart_by_what_they_do_not_share() -> None:
    mine = torch.tensor([[10.0, 10.0, 4.0, 4.0], [0.0, 0.0, 2.0, 2.0]])
    told = torch.tensor([[12.0, 10.0, 4.0, 4.0], [9.0, 9.0, 2.0, 2.0]])
    assert torch.allclose(boxes_apart(mine, told), torch.tensor([1 - 8 / 24, 1.0]))


def test_following_the_teacher_leads_to_its_answers() -> None:
    told, mine = drawn(1, 20, 2), torch.zeros(1, 20, 2, requires_grad=True)
    descent = torch.optim.SGD([mine], lr=2.0)
    for _ in range(400):
        descent.zero_grad()
        yes_or_no_apart(mine, told).sum().backward()
        descent.step()
    assert torch.allclose(mine.detach(), told, atol=1e-2)


def test_a_photo_in_which_the_teacher_sees_nothing_does_not_count_without_end() -> None:
    assert float(total_of(torch.full((2, 100), 1e-6))) == 1.0


def test_a_teacher_is_asked_for_the_pupils_classes_in_their_order() -> None:
    assert columns_of(("a", "b", "c"), ("c", "a"), "x.pt") == [2, 0]
    with pytest.raises(UsageError, match=r"x\.pt does not know d"):
        columns_of(("a", "b", "c"), ("c", "d"), "x.pt")
