"""What needs a learning library is found by name, or missed in one sentence."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from taxolens.compose import trainers
from taxolens.core.errors import MissingExtra, UsageError


def offer(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    points = EntryPoints([EntryPoint("timm", target, trainers.BACKBONES)])
    monkeypatch.setattr(trainers, "entry_points", lambda group: points.select(group=group))


def test_a_maker_is_loaded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "math:sqrt")
    assert trainers.load_backbone_maker("timm") is __import__("math").sqrt


def test_a_missing_library_is_answered_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(monkeypatch, "no_such_library:make")
    with pytest.raises(MissingExtra, match=r"no_such_library.*pip install 'taxolens\[train\]'"):
        trainers.load_backbone_maker("timm")


def test_an_unknown_kind_is_answered_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "math:sqrt")
    with pytest.raises(UsageError, match="keras.*timm"):
        trainers.load_backbone_maker("keras")


def test_the_package_itself_offers_timm() -> None:
    pytest.importorskip("torch")
    from taxolens.models.timm_backbone import make_backbone

    assert trainers.load_backbone_maker("timm") is make_backbone
