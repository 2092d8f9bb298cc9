"""What is said on the way, and what of it a report repeats."""

from __future__ import annotations

from taxolens.core.progress import Passing, Silent
from taxolens.workflows.listener import Listener


class _Screen(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_a_line_of_the_moment_is_said_and_not_kept_for_the_report() -> None:
    screen = _Screen()
    listener = Listener(screen)
    listener.note("Too few photos.")
    listener.note(Passing("Epoch 1 of 40: loss 1.076"))
    listener.note("Too few photos.")
    assert screen.said == ["Too few photos.", "Epoch 1 of 40: loss 1.076", "Too few photos."]
    assert listener.notes == ["Too few photos."]
