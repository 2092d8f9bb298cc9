"""One operation with its values, as a recipe names it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.random import Generator

from taxolens.imaging.operations.operation import Operation, Run
from taxolens.imaging.operations.parameter import Values
from taxolens.imaging.operations.picture import Picture


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done; can be pickled, and is written as text in recipes.

    Attributes:
        operation: what.
        values: how; one for each parameter.
        fitted: what the operation has learnt from photos; None before, and for those that learn nothing.
    """

    operation: Operation
    values: Values
    fitted: Run | None = None

    @property
    def name(self) -> str:
        """Of the operation."""
        return self.operation.name

    @property
    def text(self) -> str:
        """`clahe:clip=2,tiles=8`: all values, so that a later change of defaults changes no result."""
        written = [
            f"{each.name}={each.written(self.values[each.name])}" for each in self.operation.parameters
        ]
        return f"{self.name}:{','.join(written)}" if written else self.name

    @property
    def learns(self) -> bool:
        """Whether it has to be fitted on photos before it can be run."""
        return self.operation.fit is not None and self.fitted is None

    def fit(self, run: Run) -> Step:
        """The same step with what was learnt."""
        return replace(self, fitted=run)

    def run(self, picture: Picture, generator: Generator) -> Picture:
        """The picture after this step.

        Raises:
            MissingExtra: it needs a library that is not installed.
        """
        return (self.fitted or self.operation.run)(picture, self.values, generator)
