"""What is to be said of a detector beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from taxolens.core.records import Failure
from taxolens.workflows.model_facts import FileFacts


@dataclass(frozen=True, slots=True)
class DetectionFacts:
    """Everything that a page says of a detector beside its results; what is not known is left out.

    Attributes:
        name: of the detector, or of the file with its boxes.
        source: the file with its boxes; None where the boxes were found for this page.
        data: name of the photos' source.
        created: when the detector was made.
        photos: how many photos the source holds, readable or not.
        failures: photos that could not be read, by the detector or here.
        notes: sentences that must not be missed, in the reader's language.
        names: label to the name in the reader's language.
        unseen: the photos are known not to be those it learnt from or was chosen by; None where nobody knows.
        file: the model file.
    """

    name: str
    source: str | None = None
    data: str | None = None
    created: datetime | None = None
    photos: int | None = None
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unseen: bool | None = None
    file: FileFacts | None = None

    def name_of(self, label: str) -> str:
        """A class as the reader calls it."""
        return self.names.get(label, label)
