"""What can go wrong between a request and its answer, beside bad photos and bad models."""

from __future__ import annotations

from taxolens.core.errors import TaxolensError, UsageError


class Busy(TaxolensError):
    """The queue is full."""


class TooLate(TaxolensError):
    """The deadline of a request passed."""


class WorkerDied(TaxolensError):
    """The process that worked on a request died of it."""


class UnknownModel(UsageError):
    """No model of that name or version is served."""


class NotReady(TaxolensError):
    """The model is known and does not answer now."""
