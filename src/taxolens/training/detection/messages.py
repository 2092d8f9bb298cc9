"""What a process that trains a detector tells while it works: one JSON value a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from taxolens.core.detection_trainer import DetectionEpoch


@dataclass(frozen=True, slots=True)
class Steps:
    """An epoch begins, or one step of it is done.

    Attributes:
        done: 0 at the beginning.
        total: of the epoch.
    """

    epoch: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The training cannot go on, in words of ours.

    Attributes:
        kind: name of the error's class in `core.errors`.
        template: English sentence with named fields.
    """

    kind: str
    template: str
    fields: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Channels were taken out of the network.

    Attributes:
        before: multiplications for one photo.
        after: and now.
    """

    before: int
    after: int


Message = Steps | DetectionEpoch | Refused | Narrowed
_KINDS: Mapping[str, type[Message]] = {
    one.__name__: one for one in (Steps, DetectionEpoch, Refused, Narrowed)
}


def to_line(message: Message) -> str:
    """One line, without its end."""
    return json.dumps([type(message).__name__, asdict(message)])


def from_line(line: str) -> Message | None:
    """The message in a line; None where there is none."""
    try:
        kind, values = json.loads(line)
        return _KINDS[kind](**values)
    except (ValueError, KeyError, TypeError):
        return None
