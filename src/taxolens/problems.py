"""What went wrong, as HTTP tells it: a status and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from taxolens.core.errors import (
    ImageError,
    MissingExtra,
    ModelError,
    NetworkError,
    OutputError,
    TaxolensError,
    UsageError,
)
from taxolens.core.texts import Say, plain

Statuses = Mapping[type[TaxolensError], int]

OF_ERRORS: Statuses = MappingProxyType(
    {
        TaxolensError: 500,
        UsageError: 422,
        ModelError: 500,
        MissingExtra: 501,
        OutputError: 507,
        NetworkError: 502,
        ImageError: 422,
    }
)
"""The status of every kind of error; a kind that is not listed has that of the kind it belongs to (RFC 9110)."""

_OF_PHOTOS = MappingProxyType({"not_an_image": 415, "unsupported": 415, "too_large": 413})


class Refused(TaxolensError):
    """A request that is not answered, for a reason that only HTTP knows.

    Args:
        status: of HTTP.
        template: English sentence with named fields in braces.
        retry_after: seconds after which another try may be of use; None: nothing is known of it.
        fields: values for the template.
    """

    def __init__(
        self, status: int, template: str, *, retry_after: int | None = None, **fields: object
    ) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(template, **fields)


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that tells why there is none.

    Attributes:
        status: of HTTP.
        sentence: what is wrong and how to mend it, in the reader's language.
        retry_after: seconds after which another try may be of use.
    """

    status: int
    sentence: str
    retry_after: int | None = None


def problem_of(error: TaxolensError, say: Say = plain, *, also: Statuses | None = None) -> Problem:
    """What HTTP answers to an error.

    Args:
        error: any of the tree.
        say: translates the sentence.
        also: the statuses of a door's own kinds of errors; they go before the general ones.
    """
    if isinstance(error, Refused):
        return Problem(error.status, error.told(say), error.retry_after)
    status = _listed(type(error), {**OF_ERRORS, **(also or {})})
    if isinstance(error, ImageError):
        status = status_of_photo(error.code)
    return Problem(status, error.told(say), 1 if status == 503 else None)


def status_of_photo(code: str) -> int:
    """The status for a photo that cannot be read, by the kind of its fault (see `core.records.Failure`)."""
    return _OF_PHOTOS.get(code, 422)


def _listed(kind: type[TaxolensError], statuses: Statuses) -> int:
    return next(statuses[one] for one in kind.__mro__ if one in statuses)
