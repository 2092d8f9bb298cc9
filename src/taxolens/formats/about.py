"""What a format may tell of an identification beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from taxolens.core.taxonomy import Role, Taxon, usual_role
from taxolens.formats.deployments import Deployment


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class About:
    """What a format may tell of an identification beside its results.

    Attributes:
        labels: the model's classes in its order; a result may have others (from elsewhere, corrected).
        taxa: what is known of classes; those without a taxon are called as their label.
        model_name: name of the classifier; empty where there was none.
        model_version: its version.
        model_sha256: hash of its file, hexadecimal.
        detector: name and version of what drew the boxes; None where nothing did.
        top_k: how many best labels a table shows, at least 1.
        language: code of the language in which classes are named to people.
        created: when the results came to be; with a zone.
        root: the folder that names are relative to, for formats that need the size of photos; None: unknown.
        deployments: where and when cameras stood; empty: unknown.
        project: what the user says of the project, in the words of Camtrap DP's `datapackage.json`.
    """

    labels: tuple[str, ...] = ()
    taxa: tuple[Taxon, ...] = ()
    model_name: str = ""
    model_version: str = ""
    model_sha256: str = ""
    detector: str | None = None
    top_k: int = 3
    language: str = "en"
    created: datetime = field(default_factory=_now)
    root: Path | None = None
    deployments: tuple[Deployment, ...] = ()
    project: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def classifier(self) -> str:
        """Name and version of the model, as formats write it."""
        return f"{self.model_name} {self.model_version}".strip()

    def names(self) -> Names:
        """What the classes are, by label."""
        return Names(self.taxa)


class Names:
    """What classes are, by label."""

    def __init__(self, taxa: tuple[Taxon, ...]) -> None:
        self._taxa = {taxon.id: taxon for taxon in taxa}

    def __getitem__(self, label: str) -> Taxon:
        """The taxon of a label; one that is unknown has no more than its usual role."""
        known = self._taxa.get(label)
        return known if known is not None else Taxon(label, role=usual_role(label))

    def role(self, label: str) -> Role | None:
        """What a class stands for where it is no organism to be named."""
        return self[label].role
