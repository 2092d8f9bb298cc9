from __future__ import annotations

import pytest

from taxolens.core.errors import UsageError
from taxolens.core.registry import Registry


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    formats: Registry[int] = Registry("There is no format called {name}. Choose {known}.")
    formats.add("camtrap-dp", 1)
    formats.add("coco", 2)
    with pytest.raises(UsageError, match="There is no format called cocoa. Choose coco."):
        formats["cocoa"]


def test_a_name_is_taken_only_once() -> None:
    formats: Registry[int] = Registry("There is no format called {name}. Choose {known}.")
    formats.add("coco", 1)
    with pytest.raises(ValueError, match="there already"):
        formats.add("coco", 2)
    assert list(formats) == ["coco"]
