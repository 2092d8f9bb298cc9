"""A sentence about data that is put into the reader's language, and its numbers into their hand, later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from taxolens.core.texts import Say, plain

Value = str | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English template and what stands in it.

    Attributes:
        template: English, with named fields in braces; also the key for its translation.
        fields: a whole number is a count, a float a share 0..1, a tuple a list of class names.
    """

    template: str
    fields: Mapping[str, Value] = field(default_factory=dict)

    def told(
        self,
        say: Say = plain,
        *,
        count: Callable[[int], str] = "{:,}".format,
        percent: Callable[[float], str] = "{:.0%}".format,
    ) -> str:
        """The sentence as it is read.

        Args:
            say: the reader's language.
            count: writes whole numbers.
            percent: writes shares.
        """
        return say(self.template).format(
            **{name: _written(value, count, percent) for name, value in self.fields.items()}
        )


def _written(value: Value, count: Callable[[int], str], percent: Callable[[float], str]) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return percent(value)
    return count(value) if isinstance(value, int) else value
