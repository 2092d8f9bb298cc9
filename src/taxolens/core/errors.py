"""Everything that can go wrong, as one tree.

    TaxolensError              exit 1   the work failed
    |-- UsageError             exit 2   wrong use: an argument, an option, a path
    |   |-- DataError                   photos or labels that cannot be used as asked
    |   |-- ModelError                  a model file that cannot be used as asked
    |   `-- MissingExtra                an optional part is not installed
    |-- OutputError            exit 1   results cannot be written (rights, disk full)
    |-- ParityError            exit 1   two ways that must agree do not
    |-- NetworkError           exit 1   a download that did not arrive
    |-- TrainingFailed         exit 1   learning went astray: no numbers any more, no memory left
    `-- ImageError             (never leaves a run: it becomes a Failure)

A message is an English template with named fields, which is also its key for translation:
it says what is wrong, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Callable


class TaxolensError(Exception):
    """Base of all errors that a user may meet.

    Args:
        template: English sentence with named fields in braces.
        fields: values for the template.
    """

    exit_code = 1

    def __init__(self, template: str, **fields: object) -> None:
        self.template = template
        self.fields = fields
        super().__init__(template, fields)

    def __str__(self) -> str:
        return self.told()

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.template, self.fields))

    def told(self, say: Callable[[str], str] | None = None) -> str:
        """The whole sentence, translated by `say` where given."""
        template = say(self.template) if say else self.template
        return template.format(**self.fields) if self.fields else template


def _rebuild(kind: type[TaxolensError], template: str, fields: dict[str, object]) -> TaxolensError:
    return kind(template, **fields)


class UsageError(TaxolensError):
    """Wrong use: an argument, an option or a path that cannot be meant."""

    exit_code = 2


class DataError(UsageError):
    """Photos or labels that cannot be used as asked."""


class ModelError(UsageError):
    """A model file that cannot be used as asked."""


class MissingExtra(UsageError):
    """An optional part of Taxolens is not installed."""


class OutputError(TaxolensError):
    """Results cannot be written."""


class ParityError(TaxolensError):
    """Two computations that must agree do not."""


class NetworkError(TaxolensError):
    """Something could not be fetched."""


class TrainingFailed(TaxolensError):
    """Learning went astray; what was learnt before is kept."""


class ImageError(TaxolensError):
    """One image that cannot be read; `code` names the kind of fault."""

    def __init__(self, code: str, template: str, **fields: object) -> None:
        self.code = code
        super().__init__(template, **fields)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_image, (self.code, self.template, self.fields))


def _rebuild_image(code: str, template: str, fields: dict[str, object]) -> ImageError:
    return ImageError(code, template, **fields)
