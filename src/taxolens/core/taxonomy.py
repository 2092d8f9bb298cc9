"""What can be named: taxa, their names in several languages, and the roles that are no taxon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from taxolens.core.texts import noted


class Role(StrEnum):
    """What a class stands for when it is not an organism to be named."""

    BLANK = noted("blank")
    PERSON = noted("person")
    VEHICLE = noted("vehicle")
    OTHER = noted("other")


@dataclass(frozen=True, slots=True)
class Taxon:
    """One class of a model.

    Attributes:
        id: the label as the data set wrote it.
        names: language code -> name for people.
        scientific: scientific name.
        rank: taxonomic rank ("species", "genus", ...).
        gbif_id: key in the GBIF backbone taxonomy.
        role: set where the class is no organism to be named.
        lineage: rank -> name of the taxa above it, as far as they are known ("family" -> "Canidae").
    """

    id: str
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    scientific: str | None = None
    rank: str | None = None
    gbif_id: int | None = None
    role: Role | None = None
    lineage: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def name(self, language: str) -> str:
        """The name in `language`, else in English, else the label itself."""
        return self.names.get(language) or self.names.get("en") or self.id


_ROLE_WORDS: Mapping[str, Role] = MappingProxyType(
    {
        **dict.fromkeys(("blank", "empty", "nothing", "vide", "none", "no animal", "background"), Role.BLANK),
        **dict.fromkeys(("person", "human", "people", "humain", "homo sapiens", "personne"), Role.PERSON),
        **dict.fromkeys(("vehicle", "vehicule", "véhicule"), Role.VEHICLE),
        **dict.fromkeys(("other", "autre", "others", "autres"), Role.OTHER),
    }
)


def usual_role(label: str) -> Role | None:
    """The role that a label usually has: "empty" is a blank, "human" a person.

    A vehicle class called "automobile" in a data set about vehicles must stay a plain class,
    so only words that name the role itself count.
    """
    return _ROLE_WORDS.get(label.strip().lower().replace("_", " ").replace("-", " "))
