"""What tracks trainings, found by the name of an entry point."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import cast

from taxolens.core.errors import MissingExtra, UsageError
from taxolens.core.tracking import TrackerOpener

TRACKERS = "taxolens.trackers"


def load_tracker(name: str) -> TrackerOpener:
    """The tracker of a name.

    Args:
        name: "csv", "mlflow" or "tensorboard".

    Raises:
        UsageError: nothing tracks under this name.
        MissingExtra: it is known, but not installed.
    """
    offered = entry_points(group=TRACKERS)
    if name not in offered.names:
        raise UsageError(
            "There is no tracker {name}. Choose {known}.", name=name, known=", ".join(sorted(offered.names))
        )
    try:
        return cast(TrackerOpener, offered[name].load())
    except ImportError as error:
        raise MissingExtra(
            "{name} needs an extra ({missing} is missing): pip install 'taxolens[{name}]'",
            name=name,
            missing=error.name or "a library",
        ) from error
